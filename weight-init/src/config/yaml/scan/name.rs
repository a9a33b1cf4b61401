//! Anchors, aliases, tags and directives.

use super::{Scan, Scanner, TokenKind, is_blank, is_blank_or_break, is_break};

impl Scanner<'_> {
    /// `*name`, `&name`.
    pub(super) fn name(&mut self, alias: bool) -> Scan<()> {
        self.save_key()?;
        self.may_be_key = false;
        let start = self.at;
        self.skip(1);
        let name = self.word_of(is_word).to_owned();
        let ends = self.peek().is_none_or(|c| is_blank_or_break(c) || "?:,]}%@`".contains(c));
        if name.is_empty() || !ends {
            let what = if alias { "an alias" } else { "an anchor" };
            return self
                .fault_at(start, format!("{what} has a name of letters, digits, '_' and '-'"));
        }
        self.push(if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) }, start);
        Ok(())
    }

    /// `!local`, `!!str`, `!handle!name`, `!<tag>`.
    pub(super) fn tag(&mut self) -> Scan<()> {
        self.save_key()?;
        self.may_be_key = false;
        let start = self.at;
        self.skip(1);
        let (handle, suffix) = if self.peek() == Some('<') {
            self.skip(1);
            let tag = self.word_of(|c| is_uri(c) || ",[]".contains(c)).to_owned();
            if self.peek() != Some('>') {
                return self.fault_at(start, "a tag in '<' is closed by '>'");
            }
            self.skip(1);
            (String::new(), tag)
        } else {
            let name = self.word_of(is_word).to_owned();
            if self.peek() == Some('!') {
                self.skip(1);
                let suffix = self.word_of(is_uri).to_owned();
                if suffix.is_empty() {
                    return self.fault_at(start, "a tag has a name behind its handle");
                }
                (format!("!{name}!"), suffix)
            } else {
                ("!".to_owned(), format!("{name}{}", self.word_of(is_uri)))
            }
        };
        let comma = self.is_flow() && self.peek() == Some(',');
        if !comma && !self.peek().is_none_or(is_blank_or_break) {
            return self.fault("white space stands behind a tag");
        }
        self.push(TokenKind::Tag(handle, suffix), start);
        Ok(())
    }

    /// `%YAML 1.1`, `%TAG ! prefix`.
    pub(super) fn directive(&mut self) -> Scan<()> {
        self.close_blocks(-1);
        self.drop_key()?;
        self.may_be_key = false;
        let start = self.at;
        let begin = self.at.byte;
        while self.peek().is_some_and(|c| !is_break(c)) {
            self.skip(1);
        }
        let line = &self.text[begin..self.at.byte];
        let words = line.split(is_blank).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.take_while(|word| !word.starts_with('#')).take(4).collect();
        let kind = match words.as_slice() {
            ["%YAML", "1.1" | "1.2"] => TokenKind::Directive(None),
            ["%TAG", handle, prefix] if handle.starts_with('!') => {
                TokenKind::Directive(Some(((*handle).to_owned(), (*prefix).to_owned())))
            }
            _ => {
                return self.fault_at(
                    start,
                    "a directive is '%YAML 1.1', '%YAML 1.2' or '%TAG HANDLE PREFIX'",
                );
            }
        };
        self.push(kind, start);
        Ok(())
    }

    fn word_of(&mut self, belongs: fn(char) -> bool) -> &str {
        let begin = self.at.byte;
        while self.peek().is_some_and(belongs) {
            self.skip(1);
        }
        &self.text[begin..self.at.byte]
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_uri(c: char) -> bool {
    is_word(c) || ";/?:@&=+$.!~*'()%".contains(c)
}
