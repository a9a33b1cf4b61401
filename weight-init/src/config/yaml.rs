//! YAML text → [`Value`], and back.
//!
//! The text is read as PyYAML and libyaml read it, because every framework of this field does: by the rules of YAML 1.1,
//! with their words and numbers. The core schema of YAML 1.2 is a choice of the reader ([`YamlVersion`]); it changes what
//! plain scalars say and nothing else. Anchors, aliases and the merge key `<<` are resolved; what they repeat counts each
//! time. One document; tags other than those of the core schema are refused wherever they stand, and those must fit the
//! value. A key that stands twice is refused, too, where PyYAML takes the last.
//!
//! The parser is of our own: `saphyr-parser` and `yaml-rust` read YAML 1.2 and refuse what PyYAML takes, `unsafe-libyaml` is
//! what its name says and no longer kept, and its safe port answers some texts that are no YAML with a panic.

mod dict;
mod parse;
mod scalar;
mod scan;
mod size;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashMap;
use std::rc::Rc;

use self::dict::OpenDict;
use self::parse::{Event, Node, Parser};
use self::size::{STRING, Size};
pub(super) use self::write::write;
use super::meter::{Meter, Outcome};
use super::text::Text;
use super::{MAX_DEPTH, YamlVersion, de::ValueError};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::help::with_nearest;
use crate::value::{Entry, Kind, Span, Value};

pub(super) fn read(
    text: &Text<'_>,
    meter: &Rc<Meter>,
    version: YamlVersion,
) -> Result<Value, Diagnostic> {
    if let Some((at, c)) = text.as_str().char_indices().find(|(_, c)| !is_printable(*c)) {
        let message = format!("the character {c:?} has no place in YAML");
        return Err(Diagnostic::new(text.source(), text.span(at, at + c.len_utf8()), message));
    }
    let mut reader = Reader {
        meter: Rc::clone(meter),
        version,
        open: Vec::new(),
        anchors: HashMap::new(),
        document: None,
    };
    let mut parser = Parser::new(text.as_str());
    loop {
        match parser.next() {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, (start, end))) => reader
                .event(event, text.span(start, end.max(start)))
                .map_err(|error| error.into_diagnostic(text.source(), "$"))?,
            Err(fault) => {
                let span = text.span(fault.at, fault.at + 1);
                return Err(Diagnostic::new(text.source(), span, fault.message));
            }
        }
    }
    Ok(reader.document.unwrap_or_else(|| Value::new(Kind::Null, text.span(0, 0))))
}

/// Whether a character may stand in a YAML text.
const fn is_printable(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}

/// The state of reading.
struct Reader {
    meter: Rc<Meter>,
    version: YamlVersion,
    open: Vec<Open>,
    anchors: HashMap<String, Option<Value>>,
    document: Option<Value>,
}

/// A list or dict that is not closed yet.
struct Open {
    anchor: Option<String>,
    span: Span,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    Dict(OpenDict),
}

impl Reader {
    /// Counts against the limits.
    fn at<T>(&self, span: Span, outcome: Outcome<T>) -> Result<T, ValueError> {
        outcome.map_err(|fault| ValueError::new(fault.0).with_span(span))
    }

    fn event(&mut self, event: Event, span: Span) -> Result<(), ValueError> {
        let error = |message: String| Err(ValueError::new(message).with_span(span));
        match event {
            Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart if self.document.is_some() => {
                error("a second document; a config is one".to_owned())
            }
            Event::DocumentStart => Ok(()),
            Event::SequenceStart(node) => match node.tag.as_deref() {
                Some(tag) if core(tag) != Some("seq") => refuse(tag, span),
                _ => self.push(node, span, Items::List(Vec::new())),
            },
            Event::MappingStart(node) => match node.tag.as_deref() {
                Some(tag) if core(tag) != Some("map") => refuse(tag, span),
                _ => self.push(node, span, Items::Dict(OpenDict::default())),
            },
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let kind = match open.items {
                    Items::List(mut values) => {
                        values.shrink_to_fit();
                        Kind::List(values)
                    }
                    Items::Dict(dict) => dict.close(),
                };
                let span = Span { end: span.end.max(open.span.end), ..open.span };
                self.put(Value::new(kind, span), open.anchor)
            }
            Event::Scalar(node, text, plain) => {
                let cost = size_of::<Entry>() + STRING + text.len();
                self.at(span, self.meter.take(cost))?;
                if plain
                    && text == "<<"
                    && node.tag.is_none()
                    && let Some(Open { items: Items::Dict(dict), .. }) = self.open.last_mut()
                    && dict.is_at_key()
                {
                    dict.begin_merge(span);
                    return Ok(());
                }
                let kind = match node.tag.as_deref() {
                    None if plain => scalar::plain(&text, self.version).map(Some),
                    None => Ok(Some(Kind::Str(text.into()))),
                    Some(tag) => match core(tag) {
                        Some(name) => scalar::tagged(name, &text, self.version),
                        None => Ok(None),
                    },
                };
                match (kind, &node.tag) {
                    (Err(message), _) => error(message),
                    (Ok(Some(kind)), _) => self.put(Value::new(kind, span), node.anchor),
                    (Ok(None), tag) => refuse(tag.as_deref().unwrap_or_default(), span),
                }
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(Some(value)) => {
                    let value = self.repeat(value, span)?;
                    self.put(value, None)
                }
                Some(None) => error(format!("the alias '{anchor}' stands in what it names")),
                None => {
                    let names = self.anchors.keys().take(MAX_NAMES).map(String::as_str);
                    let near = weight_init_core::nearest(&anchor, names);
                    error(with_nearest(format!("no anchor '{anchor}' stands before"), near))
                }
            },
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

    fn push(&mut self, node: Node, span: Span, items: Items) -> Result<(), ValueError> {
        if self.open.len() == MAX_DEPTH {
            return Err(
                ValueError::new(format!("nested deeper than {MAX_DEPTH} levels")).with_span(span)
            );
        }
        let room = match items {
            Items::List(_) => LIST,
            Items::Dict(_) => DICT,
        };
        self.at(span, self.meter.take(room))?;
        if let Some(anchor) = &node.anchor {
            self.name(anchor, None, span)?;
        }
        self.open.push(Open { anchor: node.anchor, span, items });
        Ok(())
    }

    /// Notes what an anchor names; nothing, while that is open.
    fn name(&mut self, anchor: &str, value: Option<Value>, span: Span) -> Result<(), ValueError> {
        let is_open = matches!(self.anchors.get(anchor), Some(None)) && value.is_some();
        if self.anchors.contains_key(anchor) && !is_open {
            let message = format!("the anchor '{anchor}' stands twice");
            return Err(ValueError::new(message).with_span(span));
        }
        self.at(span, self.meter.take(size_of::<Value>() + 2 * (anchor.len() + STRING)))?;
        self.anchors.insert(anchor.to_owned(), value);
        Ok(())
    }

    /// A whole value: of the list or dict that is open, a key of it, or the document.
    fn put(&mut self, value: Value, anchor: Option<String>) -> Result<(), ValueError> {
        if let Some(anchor) = anchor {
            let kept = self.repeat(&value, value.span)?;
            self.name(&anchor, Some(kept), value.span)?;
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.document = Some(value),
            Some(Items::List(values)) => values.push(value),
            Some(Items::Dict(dict)) => dict.put(value)?,
        }
        Ok(())
    }
}

/// Overhead of a list: its capacity begins at four elements.
const LIST: usize = size_of::<Entry>() + STRING + 4 * size_of::<Value>();

/// Overhead of a dict: its capacity begins at three entries, and its hash table counts, too.
const DICT: usize = 2 * STRING + 5 * size_of::<Entry>();

/// Anchors that are looked through for the nearest, at most.
const MAX_NAMES: usize = 1000;

/// The name of a tag of the core schema.
fn core(tag: &str) -> Option<&str> {
    tag.strip_prefix("tag:yaml.org,2002:")
}

fn refuse<T>(tag: &str, span: Span) -> Result<T, ValueError> {
    Err(ValueError::new(format!("the tag {tag} is not read")).with_span(span))
}
