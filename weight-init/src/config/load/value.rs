//! Between values and the objects that configs are evaluated with.

use super::super::python::heap::{Dict, DictEntry, DictId, Slot};
use super::super::python::object::Object;
use super::super::python::{Base, heap::Key, subscript};
use super::super::text::base_path;
use super::Loader;
use crate::config::MAX_DEPTH;
use crate::diagnostic::Diagnostic;
use crate::value::{Entry, Kind, Span, Value};

/// What a file without code inherits from: its key `_base_`.
pub(super) fn bases(loader: &Loader, value: &Value) -> Result<Vec<Base>, Diagnostic> {
    let Some(base) = value.get("_base_") else { return Ok(Vec::new()) };
    let items = base.as_list().unwrap_or_else(|| std::slice::from_ref(base));
    let names = items.iter().map(|item| match item.as_str() {
        Some(name) => Ok(Base { name: name.to_owned(), span: item.span }),
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
            loader.heap.dict_mut(id).entries.shift_remove(&Key::str("_base_"));
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
                loader.at(span, |heap| subscript::get(heap, &object, &Object::str(name)))
            }),
            None => loader.at(span, |heap| heap.string(string)),
        },
        Kind::List(items) => {
            let mut slots = Vec::with_capacity(items.len());
            for item in items {
                slots.push(Slot { object: object(loader, item, inherited)?, span: item.span });
            }
            loader.at(span, |heap| heap.list(slots))
        }
        Kind::Dict(entries) => {
            let mut dict = Dict::default();
            for Entry { key, key_span, value } in entries {
                let slot = Slot { object: object(loader, value, inherited)?, span: value.span };
                dict.entries.insert(Key::str(key), DictEntry { key_span: *key_span, slot });
            }
            Ok(Object::Dict(loader.at(span, |heap| heap.dict(dict))?))
        }
    }
}

/// Refuses the names that mmengine keeps for itself.
pub(super) fn check_keys(loader: &Loader, names: DictId) -> Result<(), Diagnostic> {
    for reserved in ["filename", "text", "pretty_text", "env_variables"] {
        if let Some(entry) = loader.heap.get_dict(names).entries.get(&Key::str(reserved)) {
            return Err(loader
                .error(entry.key_span, format!("the name '{reserved}' is reserved by mmengine")));
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
    value(loader, &Object::Dict(names), span, 0)
}

fn value(
    loader: &mut Loader,
    object: &Object,
    span: Span,
    depth: usize,
) -> Result<Value, Diagnostic> {
    if depth > MAX_DEPTH {
        return Err(loader.error(span, format!("nested deeper than {MAX_DEPTH} levels")));
    }
    loader.at(span, |heap| {
        heap.step(1)?;
        heap.take(size_of::<Entry>())
    })?;
    let kind = match object {
        Object::None => Kind::Null,
        Object::Bool(bool) => Kind::Bool(*bool),
        Object::Int(int) if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(int) => {
            Kind::Int(*int)
        }
        Object::Int(int) => {
            return Err(loader.error(span, format!("the integer {int} does not fit into 64 bits")));
        }
        Object::Float(float) => Kind::Float(*float),
        Object::Str(string) | Object::Opaque(string) => {
            loader.at(span, |heap| heap.take(string.len()))?;
            Kind::Str(string.to_string())
        }
        Object::List(id) | Object::Tuple(id) => {
            let items = loader.at(span, |heap| heap.copy_items(*id))?;
            let values = items.iter().map(|slot| value(loader, &slot.object, slot.span, depth + 1));
            Kind::List(values.collect::<Result<_, _>>()?)
        }
        Object::Dict(id) => {
            let entries = loader.at(span, |heap| heap.copy_dict(*id))?.entries;
            let mut out: Vec<Entry> = Vec::with_capacity(entries.len());
            let textual = entries.keys().all(|key| matches!(key, Key::Str(_)));
            for (key, DictEntry { key_span, slot }) in entries {
                let key = key.to_string();
                if !textual && out.iter().any(|entry| entry.key == key) {
                    return Err(loader.error(
                        key_span,
                        format!("the key '{key}' stands twice, once as a string"),
                    ));
                }
                let value = value(loader, &slot.object, slot.span, depth + 1)?;
                out.push(Entry { key, key_span, value });
            }
            Kind::Dict(out)
        }
        Object::Unevaluated(name) => {
            let message =
                format!("'{name}' is not evaluated: a config is read, and no code is executed");
            return Err(loader.error(span, message));
        }
        other => {
            let name = Value::new(Kind::Str(other.type_name().to_owned()), span);
            Kind::Dict(vec![Entry {
                key: "__unjsonable__".to_owned(),
                key_span: span,
                value: name,
            }])
        }
    };
    Ok(Value::new(kind, span))
}
