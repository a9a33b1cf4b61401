//! The tokens of JSON, with their places: what the scanner gives less what JSON does not know.

use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{ParseStringErrorKind, Scanner, ScannerOptions};

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
    text: &'s str,
    /// Where `text` begins in its source.
    offset: usize,
    /// Where the last token ends in `text`.
    end: usize,
}

pub(super) fn span(start: usize, end: usize) -> Span {
    Span::new(start, end)
}

impl<'s> Tokens<'s> {
    pub(super) fn new(text: &'s str, offset: usize) -> Self {
        let options = ScannerOptions {
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        Self {
            scanner: Scanner::new(text, &options),
            text,
            offset,
            end: 0,
        }
    }

    /// Where the last token ends, in the source.
    pub(super) const fn end(&self) -> usize {
        self.offset + self.end
    }

    /// The next token, or `None` at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Lexeme<'s>>> {
        let before = self.end;
        let token = self.scanner.scan();
        let (start, end) = (self.scanner.token_start(), self.scanner.token_end());
        self.check_space(before, start)?;
        let token = match token {
            Ok(None) => return Ok(None),
            Ok(Some(token)) => token,
            Err(error) => return Err(self.refused(&error)),
        };
        self.end = end;
        let text = self.slice(start, end);
        match token {
            Token::String(_) => self.check_string(start, text)?,
            Token::Number(_) => self.check_number(start, end)?,
            Token::Word(_) | Token::CommentLine(_) | Token::CommentBlock(_) => {
                return Err(self.error(start, end, stray(text)));
            }
            _ => {}
        }
        Ok(Some(Lexeme {
            token,
            span: self.span(start, end),
            text,
        }))
    }

    /// The next token, where the text must not end: `expected` is missing.
    pub(super) fn expect(&mut self, expected: &str) -> Result<Lexeme<'s>> {
        let end = self.end;
        self.next()?.ok_or_else(|| {
            self.error(
                end,
                end,
                format!("found the end of the file, expected {expected}"),
            )
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
                let start = open.start as usize - self.offset;
                let line = 1 + self.slice(0, start).matches('\n').count();
                let message = format!(
                    "found the end of the file, expected {expected}: \
                     {container} that begins on line {line} is not closed"
                );
                Err(self.error(end, end, message))
            }
        }
    }

    /// Only the four characters of JSON may stand between tokens.
    fn check_space(&self, start: usize, end: usize) -> Result<()> {
        let space = self.slice(start, end);
        let other = space.find(|c| !matches!(c, ' ' | '\t' | '\n' | '\r'));
        match other.and_then(|at| Some((start + at, space[at..].chars().next()?))) {
            None => Ok(()),
            Some((at, c)) => Err(self.error(
                at,
                at + c.len_utf8(),
                format!(
                    "found the character U+{:04X}; only spaces, tabs and line breaks may stand \
                     between values",
                    u32::from(c)
                ),
            )),
        }
    }

    /// A string may not hold control characters.
    fn check_string(&self, start: usize, text: &str) -> Result<()> {
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
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
        if !self.text[end..].starts_with(goes_on) {
            return Ok(());
        }
        let rest = &self.text[end..];
        let end = end + rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
        Err(self.error(start, end, not_a_number(self.slice(start, end))))
    }

    /// What the scanner refused, in our words.
    #[cold]
    fn refused(&self, error: &ParseError) -> ValueError {
        let range = error.range();
        let text = self.slice(range.start, range.end);
        let message = match error.kind() {
            ParseErrorKind::SingleQuotedStringsNotAllowed => {
                "found a single quote; strings are written in double quotes".to_owned()
            }
            ParseErrorKind::NonFiniteNumbersNotAllowed => not_finite(text),
            ParseErrorKind::BareDecimalPointNumbersNotAllowed
            | ParseErrorKind::UnaryPlusNumbersNotAllowed
            | ParseErrorKind::HexadecimalNumbersNotAllowed
            | ParseErrorKind::ExpectedDigit
            | ParseErrorKind::ExpectedDigitFollowingNegativeSign
            | ParseErrorKind::ExpectedPlusMinusOrDigitInNumberLiteral => {
                let start = self.scanner.token_start();
                let stop = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '+' | '-' | '_'));
                let rest = &self.text[start..];
                let end = start + rest.find(stop).unwrap_or(rest.len());
                let number = self.slice(start, end);
                let inf = number.trim_start_matches(['+', '-']).to_ascii_lowercase();
                let message = match inf.as_str() {
                    "inf" | "infinity" | "nan" => not_finite(number),
                    _ => not_a_number(number),
                };
                return self.error(start, end, message);
            }
            ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
                return self.unterminated();
            }
            ParseErrorKind::String(kind) => {
                let at = range.start;
                let rest = &self.text[at..];
                let len: usize = rest
                    .chars()
                    .take(escape_len(kind))
                    .map(char::len_utf8)
                    .sum();
                let escape = self.slice(at, at + len);
                let escape = escape.split('"').next().unwrap_or_default();
                let message = match kind {
                    ParseStringErrorKind::ExpectedFourHexDigits => {
                        format!("found '{escape}', expected four hex digits after '\\u'")
                    }
                    ParseStringErrorKind::InvalidUnicodeEscapeSequence(_) => {
                        format!("found '{escape}', half of a surrogate pair without the other half")
                    }
                    _ => format!(
                        "found the escape '{}', expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u",
                        &self.text[at..at + len]
                    ),
                };
                return self.error(at, at + len, message);
            }
            _ => stray(text),
        };
        self.error(range.start, range.end, message)
    }

    /// A string that does not end: at its line's end if it holds one, else at its beginning.
    fn unterminated(&self) -> ValueError {
        let start = self.scanner.token_start();
        let rest = &self.text[start..];
        let line = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.error(
            start,
            line,
            "found a string that is not closed, expected '\"'".to_owned(),
        )
    }

    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        span(self.offset + start, self.offset + end)
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
        let message = match self.token {
            Token::String(_) => {
                format!("found the string {}, expected {expected}", shown(self.text))
            }
            Token::Number(_) => {
                format!("found the number {}, expected {expected}", shown(self.text))
            }
            Token::Null | Token::Boolean(_) => format!("found {}, expected {expected}", self.text),
            _ => format!("found '{}', expected {expected}", self.text),
        };
        ValueError::new(message).with_span(self.span)
    }
}

/// The characters of an escape that are shown.
const fn escape_len(kind: &ParseStringErrorKind) -> usize {
    match kind {
        ParseStringErrorKind::ExpectedFourHexDigits
        | ParseStringErrorKind::InvalidUnicodeEscapeSequence(_) => 6,
        _ => 2,
    }
}

/// The message for text that is no token of JSON.
fn stray(text: &str) -> String {
    let expected = match text {
        "NaN" | "nan" | "Infinity" | "inf" => return not_finite(text),
        "True" | "TRUE" => "'true'",
        "False" | "FALSE" => "'false'",
        "None" | "Null" | "NULL" | "undefined" => "'null'",
        _ if text.starts_with("//") || text.starts_with("/*") || text == "#" => {
            return "found a comment; JSON has none".to_owned();
        }
        _ => "a value: a string in double quotes, a number, true, false, null, a list or a dict",
    };
    format!("found '{}', expected {expected}", shown(text))
}

fn not_finite(text: &str) -> String {
    format!("found {text}, but numbers must be finite")
}

fn not_a_number(text: &str) -> String {
    format!(
        "found '{}', which is not a number as JSON writes it",
        shown(text)
    )
}

/// As much of a text as a message shows.
pub(super) fn shown(text: &str) -> String {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}
