/// `text` with every character escaped that a terminal might act on or not show, line ends excepted: what comes out of
/// a file must not move the cursor or change what stands on the screen.
///
/// ```
/// use weight_init::diagnostic::escape_controls;
/// assert_eq!(escape_controls("a\u{1b}[31m\nb\u{200b}"), "a\\u{1b}[31m\nb\\u{200b}");
/// ```
#[must_use]
pub fn escape_controls(text: &str) -> String {
    escape_with(text, |c| c != '\n' && is_unsafe(c), |out, c| out.extend(c.escape_default()))
}

/// The same of a JSON text, by escapes that JSON knows.
///
/// ```
/// use weight_init::diagnostic::escape_json;
/// assert_eq!(escape_json("[\n\"\u{202e}\u{e0041}\"\n]"), "[\n\"\\u202e\\udb40\\udc41\"\n]");
/// ```
#[must_use]
pub fn escape_json(text: &str) -> String {
    escape_with(
        text,
        |c| c != '\n' && is_unsafe(c),
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        },
    )
}

/// `text` as text, or as the value of an attribute in double quotes, of an HTML or SVG document.
///
/// ```
/// use weight_init::diagnostic::escape_markup;
/// assert_eq!(escape_markup("<b title=\"a\">&"), "&lt;b title=&quot;a&quot;&gt;&amp;");
/// ```
#[must_use]
pub fn escape_markup(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // No characters of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
        out
    })
}

/// `text` on one line: as [`escape_controls`], line ends included.
pub(crate) fn escape(text: &str) -> String {
    escape_with(text, is_unsafe, |out, c| out.extend(c.escape_default()))
}

fn escape_with(
    text: &str,
    concerns: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if concerns(c) { escape(&mut out, c) } else { out.push(c) }
    }
    out
}

/// Whether a text is ASCII that is shown as it stands, one column for each byte: then there is nothing to escape.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a terminal may act on the character instead of showing it, or shows nothing: controls (C0, C1), separators of
/// lines and paragraphs, and the characters of Unicode's `Default_Ignorable_Code_Point` (marks that change the direction
/// of text, zero-width characters, variation selectors, tags) and `Interlinear_Annotation`.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
