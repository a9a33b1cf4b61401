//! Scalars without quotes.

use super::{Fold, Scan, Scanner, TokenKind, is_blank, is_blank_or_break, is_break};

impl Scanner<'_> {
    pub(super) fn plain(&mut self) -> Scan<()> {
        self.save_key()?;
        self.may_be_key = false;
        let (start, mut end) = (self.at, self.at);
        let indent = self.indent + 1;
        let (mut out, mut fold) = (String::new(), Fold::default());
        loop {
            if self.is_document_mark() || self.peek() == Some('#') {
                break;
            }
            let word = self.word()?;
            if !word.is_empty() {
                fold.flush(&mut out);
                out.push_str(word);
                end = self.at;
            }
            if !self.peek().is_some_and(is_blank_or_break) {
                break;
            }
            while let Some(c) = self.peek() {
                if is_blank(c) {
                    let is_indent = fold.first.is_some() && (self.at.column as i64) < indent;
                    if is_indent && c == '\t' {
                        return self.fault("a tab stands in the indentation");
                    }
                    fold.blank(c);
                    self.skip(1);
                } else if is_break(c) {
                    fold.line(self.skip_line());
                } else {
                    break;
                }
            }
            if !self.is_flow() && (self.at.column as i64) < indent {
                break;
            }
        }
        if fold.first.is_some() {
            self.may_be_key = true;
        }
        self.tokens.push_back(super::Token {
            kind: TokenKind::Scalar(out, true),
            start: start.byte,
            end: end.byte,
        });
        Ok(())
    }

    /// The text up to the next white space or the end of the scalar.
    fn word(&mut self) -> Scan<&str> {
        let begin = self.at.byte;
        while let Some(c) = self.peek().filter(|c| !is_blank_or_break(*c)) {
            if c == ':' {
                let next = self.peek_at(1);
                if next.is_none_or(is_blank_or_break) {
                    break;
                }
                if self.is_flow() && next.is_some_and(|next| ",?[]{}".contains(next)) {
                    return self.fault("a ':' may not stand here");
                }
            }
            if self.is_flow() && ",[]{}".contains(c) {
                break;
            }
            self.skip(1);
        }
        Ok(&self.text[begin..self.at.byte])
    }
}
