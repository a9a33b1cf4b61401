//! Scalars of whole lines: `|` and `>`.

use super::{Scan, Scanner, TokenKind, is_blank, is_break};

/// Chomping: the treatment of the line ends at the end of a block scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_> {
    pub(super) fn block_scalar(&mut self, literal: bool) -> Scan<()> {
        self.drop_key()?;
        self.may_be_key = true;
        let start = self.at;
        self.skip(1);
        let (chomp, increment) = self.header()?;
        let mut end = self.at;
        self.skip_line();
        let mut breaks = String::new();
        let mut indent = increment.map_or(0, |increment| self.indent.max(0) + increment);
        self.blank_lines(&mut indent, &mut breaks, &mut end)?;
        let (mut out, mut last) = (String::new(), "");
        let mut after_blank = false;
        while self.at.column as i64 == indent && self.peek().is_some() {
            let blank = self.peek().is_some_and(is_blank);
            // Lines are folded, but for those that begin with white space.
            if !literal && last == "\n" && !after_blank && !blank {
                if breaks.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push_str(last);
            }
            out.push_str(&breaks);
            breaks.clear();
            after_blank = blank;
            let begin = self.at.byte;
            while self.peek().is_some_and(|c| !is_break(c)) {
                self.skip(1);
            }
            out.push_str(&self.text[begin..self.at.byte]);
            end = self.at;
            last = self.skip_line();
            self.blank_lines(&mut indent, &mut breaks, &mut end)?;
        }
        // The last line of a file may have no end, and gets none.
        if chomp != Chomp::Strip {
            out.push_str(last);
        }
        if chomp == Chomp::Keep {
            out.push_str(&breaks);
        }
        let kind = TokenKind::Scalar(out, false);
        self.tokens.push_back(super::Token { kind, start: start.byte, end: end.byte });
        Ok(())
    }

    /// `+` or `-` and the indentation, in either order, and a comment.
    fn header(&mut self) -> Scan<(Chomp, Option<i64>)> {
        let (mut chomp, mut increment) = (None, None);
        while let Some(c) = self.peek() {
            match c {
                '+' if chomp.is_none() => chomp = Some(Chomp::Keep),
                '-' if chomp.is_none() => chomp = Some(Chomp::Strip),
                '1'..='9' if increment.is_none() => increment = c.to_digit(10).map(i64::from),
                '0' if increment.is_none() => {
                    return self.fault("the indentation of a text is 1 to 9");
                }
                _ => break,
            }
            self.skip(1);
        }
        while self.peek().is_some_and(is_blank) {
            self.skip(1);
        }
        if self.peek() == Some('#') {
            while self.peek().is_some_and(|c| !is_break(c)) {
                self.skip(1);
            }
        }
        if self.peek().is_some_and(|c| !is_break(c)) {
            return self.fault("a text of whole lines begins on the next line");
        }
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    /// Skips indentation and lines without more; they tell how deep the text is, if its head does not.
    fn blank_lines(
        &mut self,
        indent: &mut i64,
        breaks: &mut String,
        end: &mut super::Place,
    ) -> Scan<()> {
        let mut most = 0;
        loop {
            let inside = |column: usize| *indent == 0 || (column as i64) < *indent;
            while inside(self.at.column) && self.peek() == Some(' ') {
                self.skip(1);
            }
            most = most.max(self.at.column as i64);
            if inside(self.at.column) && self.peek() == Some('\t') {
                return self.fault("a tab stands in the indentation");
            }
            if !self.peek().is_some_and(is_break) {
                break;
            }
            *end = self.at;
            breaks.push_str(self.skip_line());
        }
        if *indent == 0 {
            *indent = most.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
