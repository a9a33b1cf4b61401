//! The methods of Python's strings, lists, dicts and sets, and of mmengine's ConfigDict.

mod list;
mod text;

use std::rc::Rc;

pub(super) use self::list::sorted;
use self::list::{list_method, sequence_method};
use self::text::str_method;

use super::call::Arguments;
use super::heap::{Dict, DictId, Heap, Key, Outcome, Slot, fault};
use super::object::Object;
use super::{Scope, subscript};
use crate::value::Span;

const STR: &[&str] = &[
    "capitalize",
    "count",
    "endswith",
    "find",
    "format",
    "isdigit",
    "join",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
    "zfill",
];
const LIST: &[&str] = &[
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse",
    "sort",
];
const DICT: &[&str] =
    &["clear", "copy", "get", "items", "keys", "pop", "setdefault", "update", "values"];
const CONFIG_DICT: &[&str] = &["merge", "to_dict"];
const SET: &[&str] = &["add", "union"];

/// Whether `object.name` is a method.
pub(super) fn exists(heap: &Heap, object: &Object, name: &str) -> bool {
    match object {
        Object::Str(_) => STR.contains(&name),
        Object::List(_) => LIST.contains(&name),
        Object::Tuple(_) => ["count", "index"].contains(&name),
        Object::Set(_) => SET.contains(&name),
        Object::Dict(id) => {
            DICT.contains(&name) || heap.get_dict(*id).config && CONFIG_DICT.contains(&name)
        }
        _ => false,
    }
}

/// `object.name(...)` of a method that [`exists`].
pub(super) fn call(
    heap: &mut Heap,
    object: &Object,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    heap.step(1)?;
    match object {
        Object::Str(string) => str_method(heap, string, name, arguments, span),
        Object::List(id) => list_method(heap, *id, name, arguments, span),
        Object::Tuple(id) => sequence_method(heap, *id, name, arguments),
        Object::Dict(id) => dict_method(heap, *id, name, arguments, span),
        Object::Set(id) => {
            let mut set = heap.get_set(*id).clone();
            heap.step(set.len())?;
            if name == "add" {
                return fault("a set is not changed once it is made");
            }
            for other in &arguments.positional {
                for slot in heap.elements(&other.object, span)? {
                    set.insert(heap.key(&slot.object)?);
                }
            }
            heap.set(set)
        }
        other => fault(format!("a {} has no method '{name}'", other.type_name())),
    }
}

fn dict_method(
    heap: &mut Heap,
    id: DictId,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let config = heap.get_dict(id).config;
    match name {
        "keys" => {
            let keys = heap.elements(&Object::Dict(id), span)?;
            return heap.list(keys);
        }
        "values" => {
            let values =
                heap.copy_dict(id)?.entries.into_values().map(|entry| entry.slot).collect();
            return heap.list(values);
        }
        "items" => {
            let entries = heap.copy_dict(id)?.entries;
            let mut items = Vec::with_capacity(entries.len());
            for (key, entry) in entries {
                let key = Slot { object: heap.key_object(&key)?, span: entry.key_span };
                items.push(Slot { object: heap.tuple(vec![key, entry.slot])?, span });
            }
            return heap.list(items);
        }
        "get" | "pop" | "setdefault" => {
            let key = heap.key(&arguments.get(0, name)?.object)?;
            let default =
                arguments.positional.get(1).or_else(|| arguments.named("default")).cloned();
            let found = if name == "pop" {
                heap.remove(id, &key)?
            } else {
                heap.get_dict(id).entries.get(&key).map(|entry| entry.slot.clone())
            };
            return match (found, default) {
                (Some(found), _) => Ok(found.object),
                (None, default) if name == "setdefault" => {
                    let value = default.unwrap_or(Slot { object: Object::None, span });
                    subscript::set_key(heap, id, key.clone(), arguments.get(0, name)?.span, value)?;
                    let entry = heap.get_dict(id).entries.get(&key);
                    Ok(entry.map_or(Object::None, |entry| entry.slot.object.clone()))
                }
                (None, Some(default)) => Ok(default.object),
                // mmengine's ConfigDict gives None where a dict of Python fails.
                (None, None) if name == "get" || config => Ok(Object::None),
                (None, None) => fault(format!("the dict has no key '{key}'")),
            };
        }
        "update" => {
            let other = from_arguments(heap, arguments, span)?;
            update(heap, id, other)?;
        }
        "clear" => heap.dict_mut(id).entries.clear(),
        "copy" => {
            let copy = heap.copy_dict(id)?;
            return Ok(Object::Dict(heap.dict(copy)?));
        }
        "to_dict" => return subscript::deep_copy(heap, &Object::Dict(id), Scope::Kept, 0),
        _ => return fault(format!("the method '{name}' of a dict is not evaluated")),
    }
    Ok(Object::None)
}

/// Takes over another's entries; a ConfigDict merges dicts into its dicts.
fn update(heap: &mut Heap, id: DictId, other: Dict) -> Outcome<()> {
    heap.step(other.entries.len() + 1)?;
    let config = heap.get_dict(id).config;
    for (key, entry) in other.entries {
        let inner = heap.get_dict(id).entries.get(&key).map(|entry| entry.slot.object.clone());
        match (inner, &entry.slot.object) {
            (Some(Object::Dict(inner)), Object::Dict(new)) if config && inner != *new => {
                let new = heap.copy_dict(*new)?;
                update(heap, inner, new)?;
            }
            _ => subscript::set_key(heap, id, key, entry.key_span, entry.slot)?,
        }
    }
    Ok(())
}

/// What `dict(...)` and `update(...)` are given: a dict or pairs, then keywords.
pub(super) fn from_arguments(heap: &mut Heap, arguments: &Arguments, span: Span) -> Outcome<Dict> {
    let mut dict = match arguments.positional.as_slice() {
        [] => Dict::default(),
        [Slot { object: Object::Dict(id), .. }] => Dict { config: false, ..heap.copy_dict(*id)? },
        [pairs] => {
            let mut dict = Dict::default();
            for pair in heap.elements(&pairs.object, span)? {
                let [key, value] =
                    heap.elements(&pair.object, pair.span)?.try_into().map_err(|_| {
                        super::heap::Fault(
                            "a dict is made of pairs of a key and a value".to_owned(),
                        )
                    })?;
                let entry = super::heap::DictEntry { key_span: key.span, slot: value };
                dict.entries.insert(heap.key(&key.object)?, entry);
            }
            dict
        }
        more => return fault(format!("at most one argument without a name, found {}", more.len())),
    };
    for (name, key_span, slot) in &arguments.named {
        let entry = super::heap::DictEntry { key_span: *key_span, slot: slot.clone() };
        dict.entries.insert(Key::Str(Rc::clone(name)), entry);
    }
    Ok(dict)
}
