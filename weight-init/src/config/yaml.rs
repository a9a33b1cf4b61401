//! YAML text → [`Value`], and back.
//!
//! Plain scalars are read by the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>): `yes` and
//! `012` are a string and the number 12, `1e-3` is a number. Anchors, aliases and the merge key `<<` are resolved;
//! what they repeat counts each time. One document; tags other than those of the core schema are refused.
//!
//! The parser is `saphyr-parser`, the kept successor of `yaml-rust`: events with places, without `unsafe`.

mod scalar;
mod write;

use std::collections::HashMap;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle};

use self::scalar::plain;
pub(super) use self::write::write;
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
