//! JSON text → [`Value`], strictly as RFC 8259 has it, in one pass.
//!
//! Strict in four more ways: no key may stand twice in a dict, an integer fits into 64 bits, a
//! number is finite after rounding to `f64`, and nesting stops at [`MAX_DEPTH`]. A UTF-8 byte order
//! mark at the start is skipped. Memory is proportional to the input, at worst some fifty bytes for
//! each of its bytes (`0,0,0` is a [`Value`] for every two).
//!
//! Tokens come from the scanner of `jsonc-parser`, a crate without dependencies and without `unsafe`
//! that gives the range of each one, keys included. Its options turn the extensions of JSON5 off;
//! what it lets pass even so (comments, bare words, other white space, control characters in
//! strings, numbers that run into a word) is refused here, and a test compares what is accepted
//! with `serde_json`. Of the others, `jiter` gives no places of keys and brings nine crates,
//! `struson` brings thirteen, most of them for macros, and `serde_json` gives no places of values.

mod token;

use jsonc_parser::tokens::Token;

use self::token::{Lexeme, Tokens, span};
use super::de::ValueError;
use super::{MAX_BYTES, MAX_DEPTH};
use crate::diagnostic::{Diagnostic, Source};
use crate::value::{Entry, Kind, Span, Value};

/// Reads a JSON text.
///
/// # Errors
///
/// At the first place where the text is no JSON as this module reads it, with the path of the value
/// there (`$` is the whole text). A duplicate key is found at the end of its dict.
///
/// # Examples
///
/// ```
/// use weight_init::config::json;
/// use weight_init::diagnostic::Source;
///
/// let source = Source::new("cfg.json", r#"{"seed": 18446744073709551615, "std": [0.5, NaN]}"#);
/// assert_eq!(
///     json::parse(&source).unwrap_err().to_string(),
///     "cfg.json:1:45: at $.std[1]: found NaN, but numbers must be finite"
/// );
/// ```
pub fn parse(source: &Source) -> Result<Value, Diagnostic> {
    if source.bytes().len() > MAX_BYTES {
        let message = format!("larger than {MAX_BYTES} bytes, the most that is read");
        return Err(Diagnostic::of_file(source.name(), message));
    }
    let (text, offset) = source.text()?;
    let mut reader = Reader { source, tokens: Tokens::new(text, offset) };
    reader.document().map_err(|error| error.into_diagnostic(source, "$"))
}

struct Reader<'s> {
    source: &'s Source,
    tokens: Tokens<'s>,
}

type Result<T, E = ValueError> = std::result::Result<T, E>;

impl<'s> Reader<'s> {
    fn document(&mut self) -> Result<Value> {
        let first = self.tokens.expect("a value")?;
        let value = self.value(first, 0)?;
        match self.tokens.next()? {
            None => Ok(value),
            Some(more) => Err(more.unexpected("the end of the file")),
        }
    }

    /// The value that begins with `first`, inside `depth` lists and dicts.
    fn value(&mut self, first: Lexeme<'s>, depth: usize) -> Result<Value> {
        let kind = match first.token {
            Token::Null => Kind::Null,
            Token::Boolean(bool) => Kind::Bool(bool),
            Token::Number(text) => number(text).map_err(|error| error.with_span(first.span))?,
            Token::String(string) => Kind::Str(string.into_owned()),
            Token::OpenBracket | Token::OpenBrace if depth == MAX_DEPTH => {
                let message = format!("nested deeper than {MAX_DEPTH} levels");
                return Err(ValueError::new(message).with_span(first.span));
            }
            Token::OpenBracket => Kind::List(self.list(first.span, depth + 1)?),
            Token::OpenBrace => Kind::Dict(self.dict(first.span, depth + 1)?),
            _ => return Err(first.unexpected("a value")),
        };
        let end = self.tokens.end();
        Ok(Value::new(kind, span(first.span.start as usize, end)))
    }

    fn list(&mut self, open: Span, depth: usize) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        let mut expected = "a value or ']'";
        loop {
            let at = |error: ValueError| error.inside(values.len());
            let first = self.tokens.inside(open, "a list", expected).map_err(at)?;
            match first.token {
                Token::CloseBracket if values.is_empty() => return Ok(values),
                Token::CloseBracket => return Err(first.unexpected("a value after the comma")),
                _ => {}
            }
            let value = self.value(first, depth).map_err(at)?;
            values.push(value);
            let next = self.tokens.inside(open, "a list", "',' or ']'")?;
            match next.token {
                Token::Comma => expected = "a value",
                Token::CloseBracket => break,
                _ => return Err(next.unexpected("',' or ']'")),
            }
        }
        values.shrink_to_fit();
        Ok(values)
    }

    fn dict(&mut self, open: Span, depth: usize) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut expected = "a key or '}'";
        loop {
            let key = self.tokens.inside(open, "a dict", expected)?;
            match key.token {
                Token::CloseBrace if entries.is_empty() => return Ok(entries),
                Token::CloseBrace => return Err(key.unexpected("a key after the comma")),
                _ => {}
            }
            let entry = self.entry(open, key, depth)?;
            entries.push(entry);
            let next = self.tokens.inside(open, "a dict", "',' or '}'")?;
            match next.token {
                Token::Comma => expected = "a key",
                Token::CloseBrace => break,
                _ => return Err(next.unexpected("',' or '}'")),
            }
        }
        self.refuse_duplicates(&entries)?;
        entries.shrink_to_fit();
        Ok(entries)
    }

    fn entry(&mut self, open: Span, key: Lexeme<'s>, depth: usize) -> Result<Entry> {
        let key_span = key.span;
        let Token::String(key) = key.token else {
            return Err(key.unexpected("a key in double quotes"));
        };
        let value = self.entry_value(open, depth).map_err(|error| error.inside(key.as_ref()))?;
        Ok(Entry { key: key.into_owned(), key_span, value })
    }

    fn entry_value(&mut self, open: Span, depth: usize) -> Result<Value> {
        let colon = self.tokens.inside(open, "a dict", "':'")?;
        if colon.token != Token::Colon {
            return Err(colon.unexpected("':' after the key"));
        }
        let first = self.tokens.inside(open, "a dict", "a value")?;
        self.value(first, depth)
    }

    /// Finds the first key of the text that stood before, in *n* log *n*.
    fn refuse_duplicates(&self, entries: &[Entry]) -> Result<()> {
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        sorted.sort_by(|a, b| a.key.cmp(&b.key)); // stable: equal keys keep the order of the file
        let pairs = sorted.windows(2).filter_map(|pair| match pair {
            [first, again] if first.key == again.key => Some((*first, *again)),
            _ => None,
        });
        match pairs.min_by_key(|(_, again)| again.key_span.start) {
            None => Ok(()),
            Some((first, again)) => {
                let message = format!(
                    "duplicate key '{}', already on line {}",
                    token::shown(&again.key),
                    self.source.line(first.key_span.start)
                );
                let error = ValueError::new(message).with_span(again.key_span);
                Err(error.inside(again.key.as_str()))
            }
        }
    }
}

/// The number that a token of JSON's grammar says.
fn number(text: &str) -> Result<Kind> {
    if !text.contains(['.', 'e', 'E']) {
        let int = text.parse::<i64>().map(i128::from);
        return match int.or_else(|_| text.parse::<u64>().map(i128::from)) {
            Ok(int) => Ok(Kind::Int(int)),
            Err(_) => Err(ValueError::new(format!(
                "the integer {} does not fit into 64 bits; write it with '.0' to have it rounded",
                token::shown(text)
            ))),
        };
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Kind::Float(float)),
        _ => Err(ValueError::new(format!(
            "found {}, which is beyond the range of a float, but numbers must be finite",
            token::shown(text)
        ))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
