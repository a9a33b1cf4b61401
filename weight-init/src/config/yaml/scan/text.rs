//! White space, line ends and what they become.

/// Line ends between words: one becomes a space, more become all but the first.
#[derive(Debug, Default)]
pub(super) struct Fold {
    blanks: String,
    pub(super) first: Option<&'static str>,
    more: String,
}

impl Fold {
    pub(super) fn blank(&mut self, c: char) {
        if self.first.is_none() {
            self.blanks.push(c);
        }
    }

    pub(super) fn line(&mut self, end: &'static str) {
        if self.first.is_some() {
            self.more.push_str(end);
        } else {
            self.blanks.clear();
            self.first = Some(end);
        }
    }

    /// Adds what was gathered to a text.
    pub(super) fn flush(&mut self, out: &mut String) {
        match self.first.take() {
            None => out.push_str(&self.blanks),
            Some("\n") if self.more.is_empty() => out.push(' '),
            Some("\n") => out.push_str(&self.more),
            Some(end) => {
                out.push_str(end);
                out.push_str(&self.more);
            }
        }
        self.blanks.clear();
        self.more.clear();
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

pub(super) fn is_blank_or_break(c: char) -> bool {
    is_blank(c) || is_break(c)
}

/// A character, for messages.
pub(super) fn shown(c: char) -> String {
    if c == '\t' { "a tab".to_owned() } else { format!("{c:?}") }
}
