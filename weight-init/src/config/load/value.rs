//! Between values and the objects that configs are evaluated with.

use std::sync::Arc;

use super::super::python::Base;
use super::super::python::heap::{DictId, DictKind, Heap};
use super::super::python::object::{Object, Origin};
use super::super::python::slots::Slot;
use super::super::python::text::Str;
use super::super::python::{entries::Key, subscript};
use super::super::text::base_path;
use super::Loader;
use crate::config::meter::{Outcome, STRIDE};
use crate::diagnostic::{Diagnostic, Source};
use crate::value::{Entry, Kind, Span, Value};

/// What a file without code inherits from: its key `_base_`.
pub(super) fn bases(loader: &mut Loader, value: &Value) -> Result<Vec<Base>, Diagnostic> {
    let Some(base) = value.get("_base_") else { return Ok(Vec::new()) };
    let items = base.as_list().unwrap_or_else(|| std::slice::from_ref(base));
    let names = items.iter().map(|item| match item.as_str() {
        Some(name) => {
            let name = loader.at(item.span, |heap| heap.text(name))?;
            Ok(Base { name, span: item.span })
        }
        None => Err(loader
            .error(item.span, format!("a base is named by a string, found {}", item.kind_name()))),
    });
    names.collect()
}

/// The values of a file without code, with `{{_base_.x}}` replaced.
pub(super) fn to_heap(
    loader: &mut Loader,
    value: &Value,
    inherited: DictId,
) -> Result<DictId, Diagnostic> {
    match object(loader, value, inherited)? {
        Object::Dict(id) => {
            loader.at(value.span, |heap| heap.entries_mut(id)?.remove_name("_base_"))?;
            Ok(id)
        }
        _ => {
            Err(loader
                .error(value.span, format!("a config is a dict, found {}", value.kind_name())))
        }
    }
}

fn object(loader: &mut Loader, value: &Value, inherited: DictId) -> Result<Object, Diagnostic> {
    let span = value.span;
    match &value.kind {
        Kind::Null => Ok(Object::None),
        Kind::Bool(bool) => Ok(Object::Bool(*bool)),
        Kind::Int(int) => Ok(Object::Int(*int)),
        Kind::Float(float) => Ok(Object::Float(*float)),
        Kind::Str(string) => match base_path(string) {
            Some(path) => path.split('.').try_fold(Object::Dict(inherited), |object, name| {
                loader.at(span, |heap| {
                    let name = heap.string(name)?;
                    subscript::get(heap, &object, &name)
                })
            }),
            None => loader.at(span, |heap| heap.string(string)),
        },
        Kind::List(items) => {
            let mut slots = loader.at(span, |heap| heap.slots())?;
            for item in items {
                let slot = Slot { object: object(loader, item, inherited)?, span: item.span };
                loader.at(span, |_| slots.push(slot))?;
            }
            loader.at(span, |heap| heap.list(slots))
        }
        Kind::Dict(entries) => {
            let mut dict = loader.at(span, |heap| heap.entries())?;
            for Entry { key, key_span, value } in entries {
                let slot = Slot { object: object(loader, value, inherited)?, span: value.span };
                loader.at(*key_span, |heap| dict.insert(heap.name(key)?, *key_span, slot))?;
            }
            Ok(Object::Dict(loader.at(span, |heap| heap.dict(dict, DictKind::Plain))?))
        }
    }
}

/// Names that mmengine keeps for itself.
const RESERVED: [&str; 4] = ["filename", "text", "pretty_text", "env_variables"];

/// Refuses reserved names in a file that needs no evaluation.
pub(super) fn check_names(value: &Value, source: &Source) -> Result<(), Diagnostic> {
    let entries = value.as_dict().unwrap_or_default();
    match entries.iter().find(|entry| RESERVED.contains(&&*entry.key)) {
        Some(entry) => Err(Diagnostic::new(source, entry.key_span, reserved(&entry.key))),
        None => Ok(()),
    }
}

fn reserved(name: &str) -> String {
    format!("the name '{name}' is reserved by mmengine")
}

/// Refuses reserved names.
pub(super) fn check_keys(loader: &mut Loader, names: DictId) -> Result<(), Diagnostic> {
    for name in RESERVED {
        let entries = loader.heap.entries_of(names);
        if let Some(entry) = loader.at(Span::default(), |_| entries.named(name))? {
            return Err(loader.error(entry.key_span, reserved(name)));
        }
    }
    Ok(())
}

/// The values that were evaluated.
///
/// A tuple becomes a list and an imported name a string. What is no value, a function say, becomes
/// `{"__unjsonable__": "function"}`.
pub(super) fn from_heap(loader: &mut Loader, names: DictId) -> Result<Value, Diagnostic> {
    let span = loader.span(0, 0, 0);
    value(loader, &Object::Dict(names), span)
}

fn value(loader: &mut Loader, object: &Object, span: Span) -> Result<Value, Diagnostic> {
    let _level = loader.at(span, |heap| heap.level())?;
    let kind = match object {
        Object::None => Kind::Null,
        Object::Bool(bool) => Kind::Bool(*bool),
        Object::Int(int) => Kind::Int(*int),
        Object::Float(float) => Kind::Float(*float),
        // As mmengine writes them: the module of a lazy name and its text, which of a module are the same.
        Object::Opaque(text, Origin::LazyModule) => Kind::Str(loader.at(span, |heap| {
            heap.meter().take(2 * text.len() + HEAD)?;
            let path = text.read()?;
            Ok(format!("{path}.{path}").into())
        })?),
        Object::Str(text) | Object::Opaque(text, _) => {
            Kind::Str(loader.at(span, |heap| string(heap, text))?)
        }
        Object::Class(id) => {
            let class = loader.heap.get_class(*id);
            Kind::Str(loader.at(span, |heap| string(heap, &class.name))?)
        }
        Object::List(id) | Object::Tuple(id) => {
            let items = loader.heap.items(*id);
            let mut values = loader.at(span, |heap| row(heap, items.len()))?;
            for slot in items.each() {
                let slot = loader.at(span, |_| slot)?;
                values.push(value(loader, &slot.object, slot.span)?);
            }
            Kind::List(values)
        }
        Object::Dict(id) => {
            let entries = loader.heap.entries_of(*id);
            let mut out: Vec<Entry> = loader.at(span, |heap| row(heap, entries.len()))?;
            let mut textual = true;
            for entry in entries.each() {
                let (key, entry) = loader.at(span, |_| entry)?;
                textual = textual && matches!(key, Key::Str(_));
                let value = value(loader, &entry.slot.object, entry.slot.span)?;
                let key = loader.at(entry.key_span, |heap| {
                    heap.step(key.weight())?;
                    heap.meter().take(match key {
                        Key::Str(text) | Key::Opaque(text, _) => HEAD + text.len(),
                        Key::Tuple(_) => HEAD + key.weight().saturating_mul(KEY),
                        _ => HEAD,
                    })?;
                    Ok(key.to_string().into())
                })?;
                out.push(Entry { key, key_span: entry.key_span, value });
            }
            if !textual {
                refuse_duplicates(loader, &out)?;
            }
            Kind::Dict(out)
        }
        Object::Unevaluated(name) => {
            let message =
                format!("'{name}' is not evaluated: a config is read, and no code is executed");
            return Err(loader.error(span, message));
        }
        other => {
            let name = Value::new(Kind::Str(other.type_name().into()), span);
            Kind::Dict(vec![Entry { key: "__unjsonable__".into(), key_span: span, value: name }])
        }
    };
    Ok(Value::new(kind, span))
}

/// What a string takes beside its text.
const HEAD: usize = 48;

/// Bytes of a tuple as text for each step of its weight: escapes make four of one.
const KEY: usize = 5 * STRIDE;

fn string(heap: &Heap, text: &Str) -> Outcome<Arc<str>> {
    heap.meter().take(text.len() + HEAD)?;
    Ok(text.read()?.into())
}

/// Room for values or entries.
fn row<T>(heap: &Heap, count: usize) -> Outcome<Vec<T>> {
    heap.meter().take(count.saturating_mul(size_of::<T>()))?;
    Ok(Vec::with_capacity(count))
}

/// Keys that differ may be written alike: 1 and '1'.
fn refuse_duplicates(loader: &Loader, entries: &[Entry]) -> Result<(), Diagnostic> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let pairs = sorted.windows(2).filter_map(|pair| match pair {
        [first, again] if first.key == again.key => Some(*again),
        _ => None,
    });
    match pairs.min_by_key(|again| again.key_span.start) {
        None => Ok(()),
        Some(again) => Err(loader.error(
            again.key_span,
            format!("the key '{}' stands twice, once as a string", again.key),
        )),
    }
}
