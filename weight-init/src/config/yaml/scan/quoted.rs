//! Scalars in quotes.

use super::{Fold, Scan, Scanner, TokenKind, is_blank, is_blank_or_break, is_break, shown};

impl Scanner<'_> {
    pub(super) fn quoted(&mut self, quote: char) -> Scan<()> {
        self.save_key()?;
        self.may_be_key = false;
        let start = self.at;
        self.skip(1);
        let (mut out, mut fold) = (String::new(), Fold::default());
        loop {
            if self.is_document_mark() {
                return self.fault("a document begins or ends inside of quotes");
            }
            let mut joined = false;
            while let Some(c) = self.peek().filter(|c| !is_blank_or_break(*c)) {
                if c == quote {
                    if quote == '"' || self.peek_at(1) != Some('\'') {
                        break;
                    }
                    out.push('\'');
                    self.skip(2);
                } else if c == '\\' && quote == '"' {
                    if self.peek_at(1).is_some_and(is_break) {
                        self.skip(1);
                        self.skip_line();
                        joined = true;
                        break;
                    }
                    out.push(self.escape()?);
                } else {
                    out.push(c);
                    self.skip(1);
                }
            }
            if joined {
                // The line end is taken out, and with it what the next line begins with.
                fold.first = Some("");
            }
            match self.peek() {
                Some(c) if c == quote && !joined => break,
                None => return self.fault_at(start, "the quote is not closed"),
                _ => {}
            }
            while let Some(c) = self.peek() {
                if is_blank(c) {
                    fold.blank(c);
                    self.skip(1);
                } else if is_break(c) {
                    fold.line(self.skip_line());
                } else {
                    break;
                }
            }
            fold.flush(&mut out);
        }
        self.skip(1);
        self.push(TokenKind::Scalar(out, false), start);
        Ok(())
    }

    /// `\n` and its like.
    fn escape(&mut self) -> Scan<char> {
        let start = self.at;
        self.skip(1);
        let Some(c) = self.peek() else { return self.fault_at(start, "the quote is not closed") };
        self.skip(1);
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let code = self
                .rest()
                .get(..digits)
                .filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
            let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
            let Some(c) = code.and_then(char::from_u32) else {
                return self.fault_at(
                    start,
                    format!("{digits} hexadecimal digits of a character stand behind '\\{c}'"),
                );
            };
            self.skip(digits);
            return Ok(c);
        }
        Ok(match c {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            ' ' | '"' | '/' | '\\' => c,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            c => {
                return self.fault_at(
                    start,
                    format!("there is no escape of {}: a '\\' is written twice", shown(c)),
                );
            }
        })
    }
}
