//! Escapes of half a surrogate pair, which Python's strings may hold and text may not.

use ruff_python_ast::StringFlags;
use ruff_python_ast::str_prefix::AnyStringPrefix;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

/// Where `\ud800` or the like stands in a string, which the parser would replace with U+FFFD without a word.
pub(super) fn find(text: &str, tokens: &Tokens) -> Option<(usize, usize)> {
    tokens.iter().find_map(|token| {
        if !matches!(token.kind(), TokenKind::String | TokenKind::FStringMiddle) {
            return None;
        }
        let flags = token.string_flags()?;
        if flags.is_raw_string() || matches!(flags.prefix(), AnyStringPrefix::Bytes(_)) {
            return None;
        }
        let (start, end) = (token.range().start().to_usize(), token.range().end().to_usize());
        let (from, to) = in_string(text.get(start..end)?)?;
        Some((start + from, start + to))
    })
}

fn in_string(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find('\\') {
        let at = from + found;
        let digits = match text.as_bytes().get(at + 1)? {
            b'u' => 4,
            b'U' => 8,
            // A backslash that is escaped itself is passed with it.
            _ => 0,
        };
        let end = at + 2 + digits;
        if let Some(code) = text.get(at + 2..end)
            && let Ok(code) = u32::from_str_radix(code, 16)
            && (0xd800..0xe000).contains(&code)
        {
            return Some((at, end));
        }
        from = at + 1 + text[at + 1..].chars().next()?.len_utf8();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::in_string;

    #[test]
    fn halves_are_found_and_nothing_else() {
        assert_eq!(in_string(r"'a\ud800'"), Some((2, 8)));
        assert_eq!(in_string(r"'\U0000dfff'"), Some((1, 11)));
        assert_eq!(in_string(r"'\\\udc00'"), Some((3, 9)));
        for text in
            [r"'\\ud800'", r"'\ud7ff'", r"'\ue000'", r"'\U0001f600'", r"'\u'", "'\\", r"'\é\u12'"]
        {
            assert_eq!(in_string(text), None, "{text}");
        }
    }
}
