//! The methods of Python's strings, lists, dicts and sets, and of mmengine's ConfigDict.

mod list;
mod text;

use std::rc::Rc;

pub(super) use self::list::sorted;
use self::list::{list_method, sequence_method};
use self::text::str_method;

use super::call::Arguments;
use super::entries::Entries;
use super::heap::{DictId, Heap};
use super::object::Object;
use super::slots::Slot;
use super::{Scope, operator, show, subscript};
use crate::config::meter::{Outcome, fault};
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

/// The name of a method, if `object.name` is one.
pub(super) fn find(heap: &Heap, object: &Object, name: &str) -> Option<&'static str> {
    let names: &[&[&'static str]] = match object {
        Object::Str(_) => &[STR],
        Object::List(_) => &[LIST],
        Object::Tuple(_) => &[&["count", "index"]],
        Object::Set(_) => &[SET],
        Object::Dict(id) if heap.is_config(*id) => &[DICT, CONFIG_DICT],
        Object::Dict(_) => &[DICT],
        _ => &[],
    };
    names.iter().copied().flatten().copied().find(|known| *known == name)
}

/// `object.name(...)` of a method that [`find`] knows.
pub(super) fn call(
    heap: &mut Heap,
    object: &Object,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    heap.step(1)?;
    match object {
        Object::Str(text) => str_method(heap, text, name, arguments, span),
        Object::List(id) => list_method(heap, *id, name, arguments, span),
        Object::Tuple(id) => sequence_method(heap, *id, name, arguments),
        Object::Dict(id) => dict_method(heap, *id, name, arguments, span),
        Object::Set(_) => {
            if name == "add" {
                return fault("a set is not changed once it is made");
            }
            let mut all = object.clone();
            for other in arguments.positional.each() {
                let walk = heap.walk(&other?.object, span)?;
                let other = heap.set_of(walk)?;
                all = operator::binary(heap, ruff_python_ast::Operator::BitOr, &all, &other)?;
            }
            Ok(all)
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
    match name {
        "keys" => {
            let keys = heap.elements(&Object::Dict(id), span)?;
            return heap.list(keys);
        }
        "values" => {
            let mut values = heap.slots()?;
            for entry in heap.entries_of(id).each() {
                values.push(entry?.1.slot.clone())?;
            }
            return heap.list(values);
        }
        "items" => {
            let mut items = heap.slots()?;
            for entry in heap.entries_of(id).each() {
                let (key, entry) = entry?;
                let key = Slot { object: heap.key_object(key)?, span: entry.key_span };
                let object = heap.pair(key, entry.slot.clone())?;
                items.push(Slot { object, span })?;
            }
            return heap.list(items);
        }
        "get" | "pop" | "setdefault" => {
            let key_slot = arguments.get(0, name)?;
            let key = heap.key(&key_slot.object)?;
            let default = match arguments.positional.get(1)? {
                Some(default) => Some(default.clone()),
                None => arguments.named("default")?,
            };
            let found = if name == "pop" {
                heap.entries_mut(id)?.remove(&key)?
            } else {
                heap.get(id, &key)?
            };
            return match (found, default) {
                (Some(found), _) => Ok(found.object),
                (None, default) if name == "setdefault" => {
                    let value = default.unwrap_or(Slot { object: Object::None, span });
                    subscript::set_key(heap, id, key.clone(), key_slot.span, value)?;
                    Ok(heap.get(id, &key)?.map_or(Object::None, |slot| slot.object))
                }
                (None, Some(default)) => Ok(default.object),
                // mmengine's ConfigDict gives None where a dict of Python fails.
                (None, None) if name == "get" || heap.is_config(id) => Ok(Object::None),
                (None, None) => fault(format!("the dict has no key '{}'", show::begin(&key))),
            };
        }
        "update" => {
            let other = from_arguments(heap, arguments, span)?;
            update(heap, id, &other)?;
        }
        "clear" => heap.entries_mut(id)?.clear(),
        "copy" => {
            let dict = heap.get_dict(id);
            return Ok(Object::Dict(heap.share_dict(dict)?));
        }
        "to_dict" => return subscript::deep_copy(heap, &Object::Dict(id), Scope::Kept),
        _ => return fault(format!("the method '{name}' of a dict is not evaluated")),
    }
    Ok(Object::None)
}

/// Takes over another's entries; a ConfigDict merges dicts into its dicts.
fn update(heap: &mut Heap, id: DictId, other: &Entries) -> Outcome<()> {
    let _level = heap.level()?;
    let config = heap.is_config(id);
    for entry in other.each() {
        let (key, entry) = entry?;
        let inner = if config { heap.get(id, key)?.map(|slot| slot.object) } else { None };
        match (inner, &entry.slot.object) {
            (Some(Object::Dict(inner)), Object::Dict(new)) if inner != *new => {
                let new = heap.entries_of(*new);
                update(heap, inner, &new)?;
            }
            _ => subscript::set_key(heap, id, key.clone(), entry.key_span, entry.slot.clone())?,
        }
    }
    Ok(())
}

/// What `dict(...)` and `update(...)` are given: a dict or pairs, then keywords.
pub(super) fn from_arguments(
    heap: &mut Heap,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Rc<Entries>> {
    if arguments.positional.len() > 1 {
        let count = arguments.positional.len();
        return fault(format!("at most one argument without a name, found {count}"));
    }
    let mut entries = match arguments.positional.get(0)? {
        None => return Ok(Rc::clone(&arguments.named)),
        Some(Slot { object: Object::Dict(id), .. }) if arguments.named.is_empty() => {
            return Ok(heap.entries_of(*id));
        }
        Some(Slot { object: Object::Dict(id), .. }) => heap.entries_of(*id).copy()?,
        Some(pairs) => {
            let mut entries = heap.entries()?;
            let mut walk = heap.walk(&pairs.object, span)?;
            while let Some(pair) = walk.next(heap)? {
                let mut pair = heap.walk(&pair.object, pair.span)?;
                let parts = (pair.next(heap)?, pair.next(heap)?, pair.next(heap)?);
                let (Some(key), Some(value), None) = parts else {
                    return fault("a dict is made of pairs of a key and a value");
                };
                entries.insert(heap.key(&key.object)?, key.span, value)?;
            }
            entries
        }
    };
    for entry in arguments.named.each() {
        let (key, entry) = entry?;
        entries.insert(key.clone(), entry.key_span, entry.slot.clone())?;
    }
    Ok(Rc::new(entries))
}
