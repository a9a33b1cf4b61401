//! YAML text → [`Value`], and back.
//!
//! Plain scalars are read by the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>): `yes` and
//! `012` are a string and the number 12, `1e-3` is a number. Anchors, aliases and the merge key `<<` are resolved;
//! what they repeat counts each time. One document; tags other than those of the core schema are refused.
//!
//! The parser is `saphyr-parser`, the kept successor of `yaml-rust`: events with places, without `unsafe`.

use std::collections::HashMap;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::text::Text;
use super::{MAX_DEPTH, de::ValueError};
use crate::diagnostic::Diagnostic;
use crate::value::{Entry, Kind, Span, Value};

/// Values that aliases may add in all.
const MAX_REPEATED: usize = 1_000_000;

pub(super) fn read(text: &Text<'_>) -> Result<Value, Diagnostic> {
    let mut reader = Reader {
        text,
        at: (0, 0),
        open: Vec::new(),
        anchors: HashMap::new(),
        repeated: 0,
        document: None,
    };
    for event in Parser::new_from_str(text.as_str()) {
        match event {
            Ok((event, span)) => {
                let (start, end) = (reader.byte(span.start.index()), reader.byte(span.end.index()));
                let span = text.span(start, end.max(start));
                reader
                    .event(event, span)
                    .map_err(|error| error.into_diagnostic(text.source(), "$"))?;
            }
            Err(error) => {
                let at = reader.byte(error.marker().index());
                let info = error.info().to_owned();
                return Err(Diagnostic::new(text.source(), text.span(at, at + 1), info));
            }
        }
    }
    Ok(reader.document.unwrap_or_else(|| Value::new(Kind::Null, text.span(0, 0))))
}

/// What is being read.
struct Reader<'t> {
    text: &'t Text<'t>,
    /// A character's number and its byte: the parser counts the one, places count the other.
    at: (usize, usize),
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    repeated: usize,
    document: Option<Value>,
}

/// A list or dict that is not closed yet.
struct Open {
    anchor: usize,
    span: Span,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    Dict(OpenDict),
}

/// The entries so far.
#[derive(Default)]
struct OpenDict {
    entries: IndexMap<String, (Span, Value)>,
    /// Those that `<<` brings in; the dict's own win.
    merged: IndexMap<String, (Span, Value)>,
    /// The key that waits for its value.
    waiting: Option<Waiting>,
}

enum Waiting {
    Key(String, Span),
    /// `<<` without quotes.
    Merge(Span),
}

impl Reader<'_> {
    /// The byte of a character; events come in order, so the walk goes on from the last one.
    fn byte(&mut self, index: usize) -> usize {
        if index < self.at.0 {
            self.at = (0, 0);
        }
        let rest = &self.text.as_str()[self.at.1..];
        let ahead = rest.char_indices().nth(index - self.at.0).map_or(rest.len(), |(byte, _)| byte);
        self.at = (index, self.at.1 + ahead);
        self.at.1
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), ValueError> {
        let error = |message: &str| Err(ValueError::new(message).with_span(span));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.document.is_some() => {
                error("a second document; a config is one")
            }
            Event::DocumentStart(_) => Ok(()),
            Event::SequenceStart(anchor, _) => self.push(anchor, span, Items::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.push(anchor, span, Items::Dict(OpenDict::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let kind = match open.items {
                    Items::List(values) => Kind::List(values),
                    Items::Dict(dict) => dict.close(),
                };
                let span = Span { end: span.end.max(open.span.end), ..open.span };
                self.put(Value::new(kind, span), open.anchor)
            }
            Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" && self.at_key() => {
                if let Some(Open { items: Items::Dict(dict), .. }) = self.open.last_mut() {
                    dict.waiting = Some(Waiting::Merge(span));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().map(|tag| format!("{}{}", tag.handle, tag.suffix));
                let kind = match tag.as_deref() {
                    None if style == ScalarStyle::Plain => plain(&text),
                    None | Some("tag:yaml.org,2002:str" | "!!str" | "!") => {
                        Ok(Kind::Str(text.into_owned()))
                    }
                    Some(
                        "tag:yaml.org,2002:null"
                        | "tag:yaml.org,2002:bool"
                        | "tag:yaml.org,2002:int",
                    ) => plain(&text),
                    Some("tag:yaml.org,2002:float") => match plain(&text) {
                        Ok(Kind::Int(int)) => Ok(Kind::Float(int as f64)),
                        other => other,
                    },
                    Some(tag) => return error(&format!("the tag {tag} is not read")),
                };
                let kind = kind.map_err(|message| ValueError::new(message).with_span(span))?;
                self.put(Value::new(kind, span), anchor)
            }
            Event::Alias(anchor) => {
                let Some(value) = self.anchors.get(&anchor) else {
                    return error("an alias of what is not closed yet");
                };
                self.repeated += count(value);
                if self.repeated > MAX_REPEATED {
                    return error(&format!("aliases repeat more than {MAX_REPEATED} values"));
                }
                let value = value.clone();
                self.put(value, 0)
            }
        }
    }

    /// Whether the next value is a key.
    fn at_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { items: Items::Dict(dict), .. }) if dict.waiting.is_none())
    }

    fn push(&mut self, anchor: usize, span: Span, items: Items) -> Result<(), ValueError> {
        if self.open.len() == MAX_DEPTH {
            return Err(
                ValueError::new(format!("nested deeper than {MAX_DEPTH} levels")).with_span(span)
            );
        }
        self.open.push(Open { anchor, span, items });
        Ok(())
    }

    /// A whole value: of the list or dict that is open, a key of it, or the document.
    fn put(&mut self, value: Value, anchor: usize) -> Result<(), ValueError> {
        if anchor > 0 {
            self.repeated += count(&value);
            if self.repeated > MAX_REPEATED {
                let message = format!("anchors and aliases repeat more than {MAX_REPEATED} values");
                return Err(ValueError::new(message).with_span(value.span));
            }
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.document = Some(value),
            Some(Items::List(values)) => values.push(value),
            Some(Items::Dict(dict)) => dict.put(value)?,
        }
        Ok(())
    }
}

impl OpenDict {
    fn put(&mut self, value: Value) -> Result<(), ValueError> {
        match self.waiting.take() {
            None => self.waiting = Some(Waiting::Key(key(&value)?, value.span)),
            Some(Waiting::Merge(span)) => self.merge(value, span)?,
            Some(Waiting::Key(key, key_span)) => {
                if self.entries.contains_key(&key) {
                    return Err(
                        ValueError::new(format!("duplicate key '{key}'")).with_span(key_span)
                    );
                }
                self.entries.insert(key, (key_span, value));
            }
        }
        Ok(())
    }

    /// `<<: *base`, or a list of them, of which the first wins.
    fn merge(&mut self, value: Value, span: Span) -> Result<(), ValueError> {
        match value.kind {
            Kind::Dict(entries) => {
                for Entry { key, key_span, value } in entries {
                    self.merged.entry(key).or_insert((key_span, value));
                }
                Ok(())
            }
            Kind::List(items) => items.into_iter().try_for_each(|item| self.merge(item, span)),
            _ => {
                let message =
                    format!("'<<' takes a dict or a list of dicts, found {}", value.kind_name());
                Err(ValueError::new(message).with_span(span))
            }
        }
    }

    fn close(self) -> Kind {
        let mut all = self.merged;
        all.extend(self.entries);
        let entries =
            all.into_iter().map(|(key, (key_span, value))| Entry { key, key_span, value });
        Kind::Dict(entries.collect())
    }
}

/// A key as JSON would have it.
fn key(value: &Value) -> Result<String, ValueError> {
    Ok(match &value.kind {
        Kind::Str(string) => string.clone(),
        Kind::Null => "null".to_owned(),
        Kind::Bool(bool) => bool.to_string(),
        Kind::Int(int) => int.to_string(),
        Kind::Float(float) => float.to_string(),
        Kind::List(_) | Kind::Dict(_) => {
            let message = format!("a key is a plain value, found {}", value.kind_name());
            return Err(ValueError::new(message).with_span(value.span));
        }
    })
}

/// How many values a value is made of.
fn count(value: &Value) -> usize {
    match &value.kind {
        Kind::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Kind::Dict(entries) => 1 + entries.iter().map(|entry| count(&entry.value)).sum::<usize>(),
        _ => 1,
    }
}

/// What a plain scalar says.
fn plain(text: &str) -> Result<Kind, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let negative = text.starts_with('-');
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Null),
        "true" | "True" | "TRUE" => return Ok(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Kind::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Ok(Kind::Float(f64::NAN)),
        _ => {}
    }
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Ok(Kind::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
    }
    let radix = match digits.get(..2) {
        Some("0x") if digits == text => Some((16, &digits[2..])),
        Some("0o") if digits == text => Some((8, &digits[2..])),
        _ => None,
    };
    if let Some((radix, digits)) = radix
        && !digits.is_empty()
        && digits.chars().all(|c| c.is_digit(radix))
    {
        return integer(i128::from_str_radix(digits, radix).ok(), text);
    }
    if !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()) {
        return integer(text.trim_start_matches('+').parse().ok(), text);
    }
    if is_float(digits) {
        return match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Kind::Float(float)),
            _ => Err(format!("found {text}, which is beyond the range of a float")),
        };
    }
    Ok(Kind::Str(text.to_owned()))
}

fn integer(int: Option<i128>, text: &str) -> Result<Kind, String> {
    match int {
        Some(int) if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&int) => {
            Ok(Kind::Int(int))
        }
        _ => {
            Err(format!("the integer {} does not fit into 64 bits", text.get(..40).unwrap_or(text)))
        }
    }
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let numeric = |digits: &str| digits.bytes().all(|c| c.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    numeric(whole)
        && numeric(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && numeric(exponent))
}

/// The value as a YAML document: lists and dicts in block style, those without elements in flow style.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// Characters of a key that needs no `?` before it: the specification allows 1024.
const MAX_IMPLICIT_KEY: usize = 1000;

/// Writes a value where a line has begun, at an indentation.
fn block(value: &Value, indent: usize, out: &mut String) {
    match &value.kind {
        Kind::Dict(entries) if !entries.is_empty() => {
            for (index, Entry { key, value, .. }) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(&" ".repeat(indent));
                }
                let key = scalar(&Kind::Str(key.clone()));
                if key.chars().count() > MAX_IMPLICIT_KEY {
                    out.push_str(&format!("? {key}\n{}:", " ".repeat(indent)));
                } else {
                    out.push_str(&key);
                    out.push(':');
                }
                nested(value, indent, out);
            }
        }
        Kind::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(&" ".repeat(indent));
                }
                out.push('-');
                if is_block(item) {
                    out.push(' ');
                    block(item, indent + 2, out);
                } else {
                    nested(item, indent, out);
                }
            }
        }
        kind => {
            out.push_str(&scalar(kind));
            out.push('\n');
        }
    }
}

/// Writes a value behind a key.
fn nested(value: &Value, indent: usize, out: &mut String) {
    if is_block(value) {
        out.push('\n');
        out.push_str(&" ".repeat(indent + 2));
        block(value, indent + 2, out);
    } else {
        out.push(' ');
        block(value, indent, out);
    }
}

fn is_block(value: &Value) -> bool {
    match &value.kind {
        Kind::Dict(entries) => !entries.is_empty(),
        Kind::List(items) => !items.is_empty(),
        _ => false,
    }
}

fn scalar(kind: &Kind) -> String {
    match kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(bool) => bool.to_string(),
        Kind::Int(int) => int.to_string(),
        Kind::Float(float) => match float {
            float if float.is_nan() => ".nan".to_owned(),
            float if float.is_infinite() => if *float > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
            float => number(*float),
        },
        Kind::Str(text) if is_plain(text) => text.clone(),
        Kind::Str(text) => quoted(text),
        Kind::List(_) => "[]".to_owned(),
        Kind::Dict(_) => "{}".to_owned(),
    }
}

/// With a point and a sign before the exponent: YAML 1.1 reads no other form as a number.
fn number(float: f64) -> String {
    let text = format!("{float:?}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let mantissa =
        if mantissa.contains('.') { mantissa.to_owned() } else { format!("{mantissa}.0") };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}e{sign}{exponent}")
}

/// Whether a string may stand without quotes, and is a string to readers of YAML 1.1, too.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-');
    let old = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(word)
        && !old.contains(&text.to_ascii_lowercase().as_str())
}

/// In double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04X}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
