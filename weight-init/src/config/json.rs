//! JSON text → [`Value`], strictly as RFC 8259 has it, in one pass.
//!
//! Strict in four more ways: no key may stand twice in a dict, an integer fits into 64 bits, a
//! number is finite after rounding to `f64` (but for `1e9999`, the word for infinity), and nesting stops at
//! [`MAX_DEPTH`]. A UTF-8 byte order
//! mark at the start is skipped. What the values take is counted and bounded by the size of the text: a text of many
//! megabytes that is hardly more than brackets and commas is refused.
//!
//! Tokens come from the scanner of `jsonc-parser`, a crate without dependencies and without `unsafe`
//! that gives the range of each one, keys included. Its options turn the extensions of JSON5 off;
//! what it lets pass even so (comments, bare words, other white space, control characters in
//! strings, numbers that run into a word) is refused here, and a test compares what is accepted
//! with `serde_json`. Of the others, `jiter` gives no places of keys and brings nine crates,
//! `struson` brings thirteen, most of them for macros, and `serde_json` gives no places of values.

mod token;

use std::rc::Rc;
use std::sync::Arc;

use jsonc_parser::tokens::Token;

use self::token::{Lexeme, Tokens};
use super::de::ValueError;
use super::meter::Meter;
use super::text::Text;
use super::{MAX_BYTES, MAX_DEPTH};
use crate::diagnostic::{Diagnostic, Source};
use crate::pool::Pool;
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
    read(&Text::plain(source)?, &Meter::new(source.bytes().len()))
}

/// Reads a text whose placeholders are replaced.
pub(super) fn read(text: &Text<'_>, meter: &Rc<Meter>) -> Result<Value, Diagnostic> {
    let source = text.source();
    let (tokens, meter) = (Tokens::new(text), Rc::clone(meter));
    let mut reader = Reader {
        source,
        tokens,
        meter,
        strings: Pool::default(),
        open: Vec::new(),
        lists: Spare::default(),
        dicts: Spare::default(),
    };
    reader.document().map_err(|error| reader.place(error).into_diagnostic(source, "$"))
}

/// What is being read. The lists and dicts that are open lie on a stack of our own, so that no depth
/// can overflow the machine's.
struct Reader<'s> {
    source: &'s Source,
    tokens: Tokens<'s>,
    meter: Rc<Meter>,
    /// Keys, classes and names stand in a text again and again.
    strings: Pool<str>,
    open: Vec<Open>,
    lists: Spare<Value>,
    dicts: Spare<Entry>,
}

/// A list or dict that is not closed yet.
struct Open {
    /// Its opening bracket.
    span: Span,
    items: Items,
}

enum Items {
    /// The elements so far, and whether the next one has begun.
    List(Vec<Value>, bool),
    /// The entries so far, and the key that waits for its value.
    Dict(Vec<Entry>, Option<(Arc<str>, Span)>),
}

type Result<T, E = ValueError> = std::result::Result<T, E>;

impl<'s> Reader<'s> {
    fn document(&mut self) -> Result<Value> {
        let mut first = self.tokens.expect("a value")?;
        loop {
            // `first` begins a value: of one token, or a list or dict to be filled.
            let mut value = self.begin(first)?;
            first = loop {
                if let Some(value) = value {
                    self.count(&value)?;
                    let Some(open) = self.open.last_mut() else { return self.finish(value) };
                    open.put(value);
                }
                match self.next_item()? {
                    Some(first) => break first,
                    None => value = self.close()?,
                }
            }
        }
    }

    /// Counts what a value takes, but for what is in it.
    fn count(&self, value: &Value) -> Result<()> {
        let more = match &value.kind {
            Kind::List(values) if !values.is_empty() => HEAD,
            Kind::Dict(entries) if !entries.is_empty() => HEAD,
            _ => 0,
        };
        let taken = self.meter.take(size_of::<Value>() + more);
        taken.map_err(|fault| ValueError::new(fault.0).with_span(value.span))
    }

    fn begin(&mut self, first: Lexeme<'s>) -> Result<Option<Value>> {
        let span = self.tokens.span_of(&first);
        let kind = match first.token {
            Token::Null => Kind::Null,
            Token::Boolean(bool) => Kind::Bool(bool),
            Token::Number(text) => number(text).map_err(|error| error.with_span(span))?,
            Token::String(string) => {
                Kind::Str(shared(&mut self.strings, &self.meter, &string, span)?)
            }
            Token::OpenBracket | Token::OpenBrace if self.open.len() == MAX_DEPTH => {
                let message = format!("nested deeper than {MAX_DEPTH} levels");
                return Err(ValueError::new(message).with_span(span));
            }
            Token::OpenBracket => {
                self.open.push(Open { span, items: Items::List(self.lists.take(), false) });
                return Ok(None);
            }
            Token::OpenBrace => {
                self.open.push(Open { span, items: Items::Dict(self.dicts.take(), None) });
                return Ok(None);
            }
            _ => return Err(self.tokens.unexpected(&first, "a value")),
        };
        Ok(Some(Value::new(kind, span)))
    }

    /// The first token of the next value in the innermost list or dict, or `None` at its end.
    fn next_item(&mut self) -> Result<Option<Lexeme<'s>>> {
        let Some(Open { span, items }) = self.open.last_mut() else { return Ok(None) };
        match items {
            Items::List(values, begun) => {
                let mut expected = "a value or ']'";
                if !values.is_empty() {
                    if !self.tokens.goes_on(*span, "a list", b']')? {
                        return Ok(None);
                    }
                    expected = "a value";
                }
                *begun = true;
                let first = self.tokens.inside(*span, "a list", expected)?;
                if !matches!(first.token, Token::CloseBracket) {
                    return Ok(Some(first));
                }
                *begun = false;
                if values.is_empty() {
                    Ok(None)
                } else {
                    Err(self.tokens.unexpected(&first, "a value after the comma"))
                }
            }
            Items::Dict(entries, waiting) => {
                let mut expected = "a key or '}'";
                if !entries.is_empty() {
                    if !self.tokens.goes_on(*span, "a dict", b'}')? {
                        return Ok(None);
                    }
                    expected = "a key";
                }
                let key = self.tokens.inside(*span, "a dict", expected)?;
                let key_span = self.tokens.span_of(&key);
                match key.token {
                    Token::String(name) => {
                        let taken = self.meter.take(size_of::<Entry>() - size_of::<Value>());
                        taken.map_err(|fault| ValueError::new(fault.0).with_span(key_span))?;
                        let name = shared(&mut self.strings, &self.meter, &name, key_span)?;
                        *waiting = Some((name, key_span));
                    }
                    Token::CloseBrace if entries.is_empty() => return Ok(None),
                    Token::CloseBrace => {
                        return Err(self.tokens.unexpected(&key, "a key after the comma"));
                    }
                    _ => return Err(self.tokens.unexpected(&key, "a key in double quotes")),
                }
                if !self.tokens.pass(b':') {
                    let next = self.tokens.inside(*span, "a dict", "':'")?;
                    return Err(self.tokens.unexpected(&next, "':' after the key"));
                }
                self.tokens.inside(*span, "a dict", "a value").map(Some)
            }
        }
    }

    /// Closes the innermost list or dict at the last token.
    fn close(&mut self) -> Result<Option<Value>> {
        if let Some(Open { items: Items::Dict(entries, _), .. }) = self.open.last() {
            self.refuse_duplicates(entries)?;
        }
        Ok(self.open.pop().map(|Open { span, items }| {
            let kind = match items {
                Items::List(values, _) => Kind::List(self.lists.exact(values)),
                Items::Dict(entries, _) => Kind::Dict(self.dicts.exact(entries)),
            };
            Value::new(kind, self.tokens.span_from(span))
        }))
    }

    fn finish(&mut self, value: Value) -> Result<Value> {
        match self.tokens.next()? {
            None => Ok(value),
            Some(more) => Err(self.tokens.unexpected(&more, "the end of the file")),
        }
    }

    /// The error, seen from the whole text.
    #[cold]
    fn place(&self, error: ValueError) -> ValueError {
        self.open.iter().rev().fold(error, |error, open| match &open.items {
            Items::List(values, true) => error.inside(values.len()),
            Items::Dict(_, Some((key, _))) => error.inside(&**key),
            Items::List(_, false) | Items::Dict(_, None) => error,
        })
    }

    /// Finds the first key of the text that stood before, in *n* log *n*.
    fn refuse_duplicates(&self, entries: &[Entry]) -> Result<()> {
        // Equal keys are one string, so that a glance suffices for the few keys that a dict has as a rule.
        let again = |(at, entry): (usize, &Entry)| {
            entries.iter().take(at).any(|other| Arc::ptr_eq(&other.key, &entry.key))
        };
        if entries.len() <= FEW && !entries.iter().enumerate().any(again) {
            return Ok(());
        }
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
                Err(error.inside(&*again.key))
            }
        }
    }
}

impl Open {
    fn put(&mut self, value: Value) {
        match &mut self.items {
            Items::List(values, begun) => {
                values.push(value);
                *begun = false;
            }
            Items::Dict(entries, waiting) => {
                entries.extend(waiting.take().map(|(key, key_span)| Entry {
                    key,
                    key_span,
                    value,
                }));
            }
        }
    }
}

/// Buffers for the items of short lists and dicts, which become vectors of their exact length when they are closed: to cut
/// the buffer itself would leave a hole in memory behind each.
struct Spare<T>(Vec<Vec<T>>);

impl<T> Spare<T> {
    fn take(&mut self) -> Vec<T> {
        self.0.pop().unwrap_or_default()
    }

    /// The items without room for more.
    fn exact(&mut self, mut items: Vec<T>) -> Vec<T> {
        if items.len() > FEW {
            items.shrink_to_fit();
            return items;
        }
        let mut exact = Vec::with_capacity(items.len());
        exact.append(&mut items);
        self.0.push(items);
        exact
    }
}

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The string as the reader holds it; one that was not met before is charged for.
fn shared(strings: &mut Pool<str>, meter: &Meter, text: &str, span: Span) -> Result<Arc<str>> {
    if let Some(known) = strings.known(text) {
        return Ok(known);
    }
    let taken = meter.take(SHARED + text.len());
    taken.map_err(|fault| ValueError::new(fault.0).with_span(span))?;
    Ok(strings.share(text))
}

/// The items of a list or dict that is short.
const FEW: usize = 16;

/// What memory that is taken costs beside what is in it.
const HEAD: usize = 16;

/// What a shared string takes beside its text: its counts, and its place in the table of strings, of which more than half
/// may be free.
const SHARED: usize = 2 * HEAD + 40;

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
        // How infinity is written, which JSON has no word for.
        Ok(float) if matches!(text, "1e9999" | "-1e9999") => Ok(Kind::Float(float)),
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
