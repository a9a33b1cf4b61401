//! The tokens of JSON, with their places: what the scanner gives less what JSON does not know.

use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::tokens::Token;
use jsonc_parser::{ParseStringErrorKind, Scanner, ScannerOptions};

use super::super::text::Text;
use super::{Result, ValueError};
use crate::value::Span;

/// A token and its place.
pub(super) struct Lexeme<'s> {
    pub(super) token: Token<'s>,
    pub(super) span: Span,
    text: &'s str,
}

/// The tokens of a text.
pub(super) struct Tokens<'s> {
    scanner: Scanner<'s>,
    text: &'s Text<'s>,
    /// Where the last token ends in `text`.
    end: usize,
}

impl<'s> Tokens<'s> {
    pub(super) fn new(text: &'s Text<'s>) -> Self {
        let options = ScannerOptions {
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        Self { scanner: Scanner::new(text.as_str(), &options), text, end: 0 }
    }

    /// From the beginning of a token to the end of the last one.
    pub(super) fn span_from(&self, open: Span) -> Span {
        Span { end: self.span(self.end, self.end).end, ..open }
    }

    /// The next token, or `None` at the end of the text.
    ///
    /// What is no token of JSON, but may stand for something else, is a [`Token::Word`]: what
    /// should be there only the reader knows.
    pub(super) fn next(&mut self) -> Result<Option<Lexeme<'s>>> {
        let before = self.end;
        let token = self.scanner.scan();
        let (mut start, mut end) = (self.scanner.token_start(), self.scanner.token_end());
        let token = if let Some((at, stray)) = self.stray_space(before, start) {
            (start, end) = (at, at + stray.len());
            Token::Word(stray)
        } else {
            match token {
                Ok(None) => return Ok(None),
                Ok(Some(token)) => token,
                Err(error) => match error.kind() {
                    ParseErrorKind::UnexpectedToken | ParseErrorKind::UnterminatedCommentBlock => {
                        (start, end) = (error.range().start, error.range().end);
                        Token::Word(self.slice(start, end))
                    }
                    kind => return Err(self.refused(kind, error.range().start)),
                },
            }
        };
        self.end = end;
        let text = self.slice(start, end);
        match token {
            Token::String(_) => self.check_string(start, text)?,
            Token::Number(_) => self.check_number(start, end)?,
            _ => {}
        }
        Ok(Some(Lexeme { token, span: self.span(start, end), text }))
    }

    /// The next token, where the text must not end: `expected` is missing.
    pub(super) fn expect(&mut self, expected: &str) -> Result<Lexeme<'s>> {
        let end = self.end;
        self.next()?.ok_or_else(|| {
            self.error(end, end, format!("found the end of the file, expected {expected}"))
        })
    }

    /// The next token inside the list or dict that begins at `open`.
    pub(super) fn inside(
        &mut self,
        open: Span,
        container: &str,
        expected: &str,
    ) -> Result<Lexeme<'s>> {
        let end = self.end;
        match self.next()? {
            Some(lexeme) => Ok(lexeme),
            None => {
                let line = self.text.source().line(open.start);
                let message = format!(
                    "found the end of the file, expected {expected}: \
                     {container} that begins on line {line} is not closed"
                );
                Err(self.error(end, end, message))
            }
        }
    }

    /// The first character between two tokens that is not one of JSON's four, and where it is.
    fn stray_space(&self, start: usize, end: usize) -> Option<(usize, &'s str)> {
        let space = self.slice(start, end);
        if matches!(space, "" | " ") {
            return None;
        }
        let at = space.find(|c| !matches!(c, ' ' | '\t' | '\n' | '\r'))?;
        let len = space[at..].chars().next()?.len_utf8();
        Some((start + at, &space[at..at + len]))
    }

    /// A string may not hold control characters.
    fn check_string(&self, start: usize, text: &str) -> Result<()> {
        if text.bytes().fold(true, |shown, byte| shown & (byte >= b' ')) {
            return Ok(());
        }
        match text.bytes().enumerate().find(|&(_, byte)| byte < b' ') {
            None => Ok(()),
            Some((at, byte)) => {
                let message = match byte {
                    b'\n' | b'\r' => {
                        "found a line break in a string; close it with '\"' or write '\\n'"
                            .to_owned()
                    }
                    b'\t' => "found a tab in a string; write '\\t'".to_owned(),
                    _ => format!(
                        "found the control character U+{byte:04X} in a string; write '\\u{byte:04x}'"
                    ),
                };
                Err(self.error(start + at, start + at + 1, message))
            }
        }
    }

    /// A number may not run into what follows: `01`, `1_000`, `0x1F`.
    fn check_number(&self, start: usize, end: usize) -> Result<()> {
        if self.text.as_str()[end..].starts_with(in_number) {
            Err(self.no_number(start))
        } else {
            Ok(())
        }
    }

    /// The error that what begins at `start` looks like a number and is none.
    fn no_number(&self, start: usize) -> ValueError {
        let rest = &self.text.as_str()[start..];
        let text = &rest[..rest.find(|c| !in_number(c)).unwrap_or(rest.len())];
        let message = match text.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str() {
            "inf" | "infinity" | "nan" => not_finite(text),
            _ => format!("found '{}', which is not a number as JSON writes it", shown(text)),
        };
        self.error(start, start + text.len(), message)
    }

    /// What the scanner refused, in our words.
    #[cold]
    fn refused(&self, kind: &ParseErrorKind, at: usize) -> ValueError {
        use ParseStringErrorKind as InString;

        let start = self.scanner.token_start();
        let characters = |n: usize| {
            let rest = &self.text.as_str()[at..];
            rest.char_indices().nth(n).map_or(rest, |(cut, _)| &rest[..cut])
        };
        let (text, message) = match kind {
            ParseErrorKind::String(InString::UnterminatedStringLiteral) => {
                return self.unterminated(start);
            }
            ParseErrorKind::String(InString::ExpectedFourHexDigits) => {
                let escape = characters(6);
                let escape = &escape[..escape.find('"').unwrap_or(escape.len())];
                (escape, format!("found '{escape}', expected four hex digits after '\\u'"))
            }
            ParseErrorKind::String(InString::InvalidUnicodeEscapeSequence(_)) => {
                let escape = characters(6);
                let half = "half of a surrogate pair without the other half";
                (escape, format!("found '{escape}', {half}"))
            }
            ParseErrorKind::String(_) => {
                let escape = characters(2);
                let allowed = r#"\" \\ \/ \b \f \n \r \t \u"#;
                (escape, format!("found the escape '{escape}', expected one of {allowed}"))
            }
            ParseErrorKind::SingleQuotedStringsNotAllowed => {
                ("'", "found a single quote; strings are written in double quotes".to_owned())
            }
            // All others are about numbers.
            _ => return self.no_number(start),
        };
        self.error(at, at + text.len(), message)
    }

    /// A string that does not end, up to the end of its line.
    fn unterminated(&self, start: usize) -> ValueError {
        let rest = &self.text.as_str()[start..];
        let line = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.error(start, line, "found a string that is not closed, expected '\"'".to_owned())
    }

    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.text.as_str().get(start..end).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.text.span(start, end)
    }

    #[cold]
    fn error(&self, start: usize, end: usize, message: String) -> ValueError {
        ValueError::new(message).with_span(self.span(start, end))
    }
}

impl Lexeme<'_> {
    /// The error that this token stands where something else should.
    #[cold]
    pub(super) fn unexpected(&self, expected: &str) -> ValueError {
        let text = shown(self.text);
        let message = match self.token {
            Token::Word("NaN" | "nan" | "Infinity" | "inf") => not_finite(&text),
            Token::Word("True" | "TRUE") => format!("found '{text}', in JSON it is 'true'"),
            Token::Word("False" | "FALSE") => format!("found '{text}', in JSON it is 'false'"),
            Token::Word("None" | "NULL") => format!("found '{text}', in JSON it is 'null'"),
            Token::Word(word) if word == "#" || word.starts_with("/*") => comment(),
            Token::CommentLine(_) | Token::CommentBlock(_) => comment(),
            Token::Word(word) => match word.chars().next() {
                Some(c) if !c.is_alphanumeric() && !c.is_ascii_graphic() => {
                    format!("found the character U+{:04X}, expected {expected}", u32::from(c))
                }
                _ => format!("found '{text}', expected {expected}"),
            },
            Token::String(_) => format!("found the string {text}, expected {expected}"),
            Token::Number(_) => format!("found the number {text}, expected {expected}"),
            Token::Null | Token::Boolean(_) => format!("found {text}, expected {expected}"),
            _ => format!("found '{text}', expected {expected}"),
        };
        ValueError::new(message).with_span(self.span)
    }
}

/// Whether a number, or what someone took for one, may go on with this character.
fn in_number(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '+' | '-' | '_')
}

fn not_finite(text: &str) -> String {
    format!("found {text}, but numbers must be finite")
}

fn comment() -> String {
    "found a comment; JSON has none".to_owned()
}

/// As much of a text as a message shows.
pub(super) fn shown(text: &str) -> String {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}
