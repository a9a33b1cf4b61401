//! YAML text → [`Value`], and back.
//!
//! Plain scalars are read by the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>): `yes` and
//! `012` are a string and the number 12, `1e-3` is a number. Anchors, aliases and the merge key `<<` are resolved;
//! what they repeat counts each time. One document; tags other than those of the core schema are refused wherever they
//! stand, and those must fit the value.
//!
//! The parser is `saphyr-parser`, the kept successor of `yaml-rust`: events with places, without `unsafe`.

mod scalar;
mod write;

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use self::scalar::plain;
pub(super) use self::write::write;
use super::meter::{Meter, Outcome, STRIDE};
use super::text::Text;
use super::{MAX_DEPTH, de::ValueError};
use crate::diagnostic::Diagnostic;
use crate::value::{Entry, Kind, Span, Value};

pub(super) fn read(text: &Text<'_>, meter: &Rc<Meter>) -> Result<Value, Diagnostic> {
    let bytes = tokens(text.as_str());
    let whole = |message: String| Diagnostic::of_file(text.source().name(), message);
    meter.take(bytes).map_err(|fault| whole(fault.0))?;
    let mut reader = Reader {
        text,
        meter: Rc::clone(meter),
        places: Places::of(text.as_str()),
        open: Vec::new(),
        anchors: HashMap::new(),
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

/// What the tokens take that the parser keeps, in bytes: a list or dict in brackets may turn out to be a key, so the parser
/// has all tokens of the largest one before it says the first.
fn tokens(text: &str) -> usize {
    let (mut here, mut most, mut depth) = (0_usize, 0, 0_usize);
    let mut before = b'\n';
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let blank = before.is_ascii_whitespace();
        let begins = blank || b"[{,:".contains(&before);
        match byte {
            b'#' if blank => {
                let _ = bytes.find(|byte| matches!(byte, b'\n' | b'\r'));
                before = b'\n';
                continue;
            }
            b'"' | b'\'' if begins => {
                while let Some(inside) = bytes.next().filter(|inside| *inside != byte) {
                    here += 1;
                    if inside == b'\\' && byte == b'"' {
                        bytes.next();
                    }
                }
            }
            b'[' | b'{' if depth > 0 || begins => {
                depth += 1;
                here += TOKEN;
            }
            b']' | b'}' if depth > 0 => {
                depth -= 1;
                here += TOKEN;
            }
            b',' => here += 2 * TOKEN,
            b':' => here += 3 * TOKEN,
            _ => here += 1,
        }
        if depth == 0 {
            most = here.max(most);
            here = 0;
        }
        before = byte;
    }
    here.max(most)
}

/// Bytes of a token, at most.
const TOKEN: usize = 170;

/// What is being read.
struct Reader<'t> {
    text: &'t Text<'t>,
    meter: Rc<Meter>,
    places: Places,
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    document: Option<Value>,
}

/// The bytes of characters: the parser counts the one, places count the other.
struct Places {
    /// The byte of every 64th character; none if every character is a byte.
    marks: Vec<u32>,
}

impl Places {
    const GAP: usize = 64;

    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self { marks: Vec::new() };
        }
        let marks = text.char_indices().step_by(Self::GAP);
        Self { marks: marks.map(|(byte, _)| u32::try_from(byte).unwrap_or(u32::MAX)).collect() }
    }

    fn byte(&self, text: &str, index: usize) -> usize {
        if self.marks.is_empty() {
            return index.min(text.len());
        }
        let Some(mark) = self.marks.get(index / Self::GAP) else { return text.len() };
        let mark = *mark as usize;
        let rest = &text[mark..];
        let ahead = rest.char_indices().nth(index % Self::GAP);
        mark + ahead.map_or(rest.len(), |(byte, _)| byte)
    }
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
    fn byte(&self, index: usize) -> usize {
        self.places.byte(self.text.as_str(), index)
    }

    /// Counts against the limits.
    fn at<T>(&self, span: Span, outcome: Outcome<T>) -> Result<T, ValueError> {
        outcome.map_err(|fault| ValueError::new(fault.0).with_span(span))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), ValueError> {
        let error = |message: &str| Err(ValueError::new(message).with_span(span));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.document.is_some() => {
                error("a second document; a config is one")
            }
            Event::DocumentStart(_) => Ok(()),
            Event::SequenceStart(_, Some(tag)) if !is_plain(&tag, "seq") => refuse(&tag, span),
            Event::MappingStart(_, Some(tag)) if !is_plain(&tag, "map") => refuse(&tag, span),
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
                self.at(span, self.meter.take(size_of::<Entry>() + STRING + text.len()))?;
                let kind = match &tag {
                    None if style == ScalarStyle::Plain => plain(&text),
                    None => Ok(Kind::Str(text.into_owned())),
                    Some(tag) if is_plain(tag, "str") => Ok(Kind::Str(text.into_owned())),
                    Some(tag) => match (plain(&text), core(tag)) {
                        (Ok(Kind::Int(int)), Some("float")) => Ok(Kind::Float(int as f64)),
                        (
                            kind @ (Err(_)
                            | Ok(Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_))),
                            Some(name),
                        ) if kind.as_ref().map_or(true, |kind| name == name_of(kind)) => kind,
                        (_, Some(name @ ("null" | "bool" | "int" | "float"))) => {
                            return error(&format!("the tag !!{name} stands at what is no {name}"));
                        }
                        _ => return refuse(tag, span),
                    },
                };
                let kind = kind.map_err(|message| ValueError::new(message).with_span(span))?;
                self.put(Value::new(kind, span), anchor)
            }
            Event::Alias(anchor) => {
                let Some(value) = self.anchors.get(&anchor) else {
                    return error("an alias of what is not closed yet");
                };
                let value = self.repeat(value, span)?;
                self.put(value, 0)
            }
        }
    }

    /// A copy of a value that an anchor names, or an alias.
    fn repeat(&self, value: &Value, span: Span) -> Result<Value, ValueError> {
        let size = Size::of(value);
        if self.open.len() + size.depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(ValueError::new(message).with_span(span));
        }
        let cost = self.meter.step(size.steps).and_then(|()| self.meter.take(size.bytes));
        if let Err(fault) = cost {
            let message = format!("anchors and aliases repeat more than is allowed: {}", fault.0);
            return Err(ValueError::new(message).with_span(span));
        }
        Ok(value.clone())
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
            let kept = self.repeat(&value, value.span)?;
            self.anchors.insert(anchor, kept);
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

/// What a string, list or dict takes beside what is in it.
const STRING: usize = 32;

/// What a copy of a value takes.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Values that it is made of, and pieces of text.
    steps: usize,
    bytes: usize,
    /// Lists and dicts inside each other.
    depth: usize,
}

impl Size {
    fn of(value: &Value) -> Self {
        let mut size = Self { steps: 1, bytes: size_of::<Entry>() + STRING, depth: 0 };
        match &value.kind {
            Kind::Str(text) => {
                size.steps += text.len() / STRIDE;
                size.bytes += text.len();
            }
            Kind::List(items) => {
                size.depth = 1;
                items.iter().for_each(|item| size.add(item));
            }
            Kind::Dict(entries) => {
                size.depth = 1;
                for Entry { key, value, .. } in entries {
                    size.bytes += key.len() + STRING;
                    size.add(value);
                }
            }
            _ => {}
        }
        size
    }

    fn add(&mut self, inner: &Value) {
        let Self { steps, bytes, depth } = Self::of(inner);
        self.steps += steps;
        self.bytes += bytes;
        self.depth = self.depth.max(1 + depth);
    }
}

/// The name of a tag of the core schema.
fn core(tag: &Tag) -> Option<&str> {
    match &*tag.handle {
        "tag:yaml.org,2002:" | "!!" => Some(&tag.suffix),
        "" => tag.suffix.strip_prefix("tag:yaml.org,2002:"),
        _ => None,
    }
}

/// Whether a tag says no more than the value itself: `!`, or this tag of the core schema.
fn is_plain(tag: &Tag, name: &str) -> bool {
    core(tag) == Some(name) || tag.handle.is_empty() && tag.suffix == "!"
}

fn refuse<T>(tag: &Tag, span: Span) -> Result<T, ValueError> {
    let message = format!("the tag {}{} is not read", tag.handle, tag.suffix);
    Err(ValueError::new(message).with_span(span))
}

/// The tag of a plain value.
const fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool(_) => "bool",
        Kind::Int(_) => "int",
        Kind::Float(_) => "float",
        Kind::Str(_) => "str",
        Kind::List(_) => "seq",
        Kind::Dict(_) => "map",
    }
}
