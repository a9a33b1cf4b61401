//! The tokens of JSON, with their places: what the scanner gives less what JSON does not know.

use std::borrow::Cow;

use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::tokens::Token;
use jsonc_parser::{ParseStringErrorKind, Scanner, ScannerOptions};

use super::super::text::Text;
use super::{Result, ValueError};
use crate::value::Span;

/// A token and where it stands in the text.
pub(super) struct Lexeme<'s> {
    pub(super) token: Token<'s>,
    start: usize,
    end: usize,
}

/// The tokens of a text.
pub(super) struct Tokens<'s> {
    text: &'s Text<'s>,
    chars: &'s str,
    /// Where the last token ends in these.
    end: usize,
}

impl<'s> Tokens<'s> {
    pub(super) fn new(text: &'s Text<'s>) -> Self {
        Self { text, chars: text.as_str(), end: 0 }
    }

    /// Where a token stands in its file.
    pub(super) fn span_of(&self, lexeme: &Lexeme<'_>) -> Span {
        self.span(lexeme.start, lexeme.end)
    }

    /// From the beginning of a token to the end of the last one.
    pub(super) fn span_from(&self, open: Span) -> Span {
        Span { end: self.span(self.end, self.end).end, ..open }
    }

    /// Passes over the next token, if it is this character of JSON's own.
    #[inline]
    pub(super) fn pass(&mut self, byte: u8) -> bool {
        let passed = self.next_byte().filter(|(_, found)| *found == byte);
        if let Some((at, _)) = passed {
            self.end = at + 1;
        }
        passed.is_some()
    }

    /// Passes over the comma behind an item of the list or dict that begins at `open`, or over its end: whether it goes on.
    #[inline]
    pub(super) fn goes_on(&mut self, open: Span, container: &str, close: u8) -> Result<bool> {
        if self.pass(b',') {
            return Ok(true);
        }
        if self.pass(close) {
            return Ok(false);
        }
        let expected = format!("',' or '{}'", char::from(close));
        let next = self.inside(open, container, &expected)?;
        Err(self.unexpected(&next, &expected))
    }

    /// The first byte of the next token, and where it is.
    #[inline]
    fn next_byte(&self) -> Option<(usize, u8)> {
        let rest = self.chars.as_bytes().get(self.end..)?;
        let blank = rest.iter().position(|byte| !is_space(*byte))?;
        Some((self.end + blank, *rest.get(blank)?))
    }

    /// The next token, or `None` at the end of the text.
    ///
    /// What is no token of JSON, but may stand for something else, is a [`Token::Word`]: what
    /// should be there only the reader knows.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Lexeme<'s>>> {
        let lexeme = match self.plain() {
            None => self.scan()?,
            plain => plain,
        };
        if let Some(lexeme) = &lexeme {
            self.end = lexeme.end;
        }
        Ok(lexeme)
    }

    /// The next token, if it is one that needs no scanner, as nearly all are: a character of JSON's own, a
    /// string without escapes, a whole number.
    #[inline]
    fn plain(&self) -> Option<Lexeme<'s>> {
        let (start, first) = self.next_byte()?;
        let rest = self.chars.as_bytes().get(start + 1..)?;
        let token = match first {
            b'{' => Token::OpenBrace,
            b'}' => Token::CloseBrace,
            b'[' => Token::OpenBracket,
            b']' => Token::CloseBracket,
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => {
                let len = rest.iter().position(|&byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
                let end = start + 1 + len;
                let string =
                    self.chars.get(start + 1..end).filter(|_| rest.get(len) == Some(&b'"'))?;
                let token = Token::String(Cow::Borrowed(string));
                return Some(Lexeme { token, start, end: end + 1 });
            }
            b'1'..=b'9' => {
                let len = rest.iter().position(|byte| !byte.is_ascii_digit())?;
                let end = start + 1 + len;
                // Anything else that may belong to a number is for the scanner.
                let ends = matches!(rest.get(len), Some(b',' | b']' | b'}'));
                let digits = self.chars.get(start..end).filter(|_| ends)?;
                return Some(Lexeme { token: Token::Number(digits), start, end });
            }
            _ => return None,
        };
        Some(Lexeme { token, start, end: start + 1 })
    }

    /// The next token by the scanner, which knows all of JSON and more.
    fn scan(&self) -> Result<Option<Lexeme<'s>>> {
        let before = self.end;
        let mut scanner = Scanner::new(self.slice(before, self.chars.len()), &STRICT);
        let token = scanner.scan();
        let (mut start, mut end) = (before + scanner.token_start(), before + scanner.token_end());
        let token = if let Some((at, stray)) = self.stray_space(before, start) {
            (start, end) = (at, at + stray.len());
            Token::Word(stray)
        } else {
            match token {
                Ok(None) => return Ok(None),
                Ok(Some(token)) => token,
                Err(error) => {
                    let range = (before + error.range().start, before + error.range().end);
                    match error.kind() {
                        ParseErrorKind::UnexpectedToken
                        | ParseErrorKind::UnterminatedCommentBlock => {
                            (start, end) = range;
                            Token::Word(self.slice(start, end))
                        }
                        kind => return Err(self.refused(kind, start, range.0)),
                    }
                }
            }
        };
        match token {
            Token::String(_) => self.check_string(start, self.slice(start, end))?,
            Token::Number(_) => self.check_number(start, end)?,
            _ => {}
        }
        Ok(Some(Lexeme { token, start, end }))
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
        if self.chars[end..].starts_with(in_number) { Err(self.no_number(start)) } else { Ok(()) }
    }

    /// The error that what begins at `start` looks like a number and is none.
    fn no_number(&self, start: usize) -> ValueError {
        let rest = &self.chars[start..];
        let text = &rest[..rest.find(|c| !in_number(c)).unwrap_or(rest.len())];
        let message = match text.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str() {
            "inf" | "infinity" | "nan" => not_finite(text),
            _ => format!("found '{}', which is not a number as JSON writes it", shown(text)),
        };
        self.error(start, start + text.len(), message)
    }

    /// What the scanner refused at `at` of the token that begins at `start`, in our words.
    #[cold]
    fn refused(&self, kind: &ParseErrorKind, start: usize, at: usize) -> ValueError {
        use ParseStringErrorKind as InString;

        let characters = |n: usize| {
            let rest = &self.chars[at..];
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
        let rest = &self.chars[start..];
        let line = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.error(start, line, "found a string that is not closed, expected '\"'".to_owned())
    }

    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.chars.get(start..end).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.text.span(start, end)
    }

    #[cold]
    fn error(&self, start: usize, end: usize, message: String) -> ValueError {
        ValueError::new(message).with_span(self.span(start, end))
    }

    /// The error that this token stands where something else should.
    #[cold]
    pub(super) fn unexpected(&self, found: &Lexeme<'_>, expected: &str) -> ValueError {
        let text = shown(self.slice(found.start, found.end));
        let message = match found.token {
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
        ValueError::new(message).with_span(self.span_of(found))
    }
}

/// Without the extensions of JSON5.
const STRICT: ScannerOptions = ScannerOptions {
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Whether a byte is one of JSON's four characters of white space.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
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
