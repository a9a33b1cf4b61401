//! The methods of Python's strings, lists, dicts and sets, and of mmengine's ConfigDict.

mod list;
mod text;

use std::rc::Rc;

use ruff_python_ast::Operator;

pub(super) use self::list::sorted;
use self::list::{list_method, sequence_method};
use self::text::str_method;

use super::call::Arguments;
use super::entries::Entries;
use super::heap::{DictId, Heap, SetId};
use super::object::Object;
use super::slots::Slot;
use super::{Scope, operator, show, subscript};
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// A method, how many arguments without a name it takes at most, and which with one (`*`: any).
type Signature = (&'static str, usize, &'static [&'static str]);

const LIST: &[Signature] = &[
    ("append", 1, &[]),
    ("clear", 0, &[]),
    ("copy", 0, &[]),
    ("count", 1, &[]),
    ("extend", 1, &[]),
    ("index", 1, &[]),
    ("insert", 2, &[]),
    ("pop", 1, &[]),
    ("remove", 1, &[]),
    ("reverse", 0, &[]),
    ("sort", 0, &["key", "reverse"]),
];
const TUPLE: &[Signature] = &[("count", 1, &[]), ("index", 1, &[])];
const DICT: &[Signature] = &[
    ("clear", 0, &[]),
    ("copy", 0, &[]),
    ("get", 2, &[]),
    ("items", 0, &[]),
    ("keys", 0, &[]),
    ("pop", 2, &[]),
    ("popitem", 0, &[]),
    ("setdefault", 2, &[]),
    ("update", 1, &["*"]),
    ("values", 0, &[]),
];
/// Methods of a ConfigDict whose arguments have names, and its own methods.
const CONFIG_DICT: &[Signature] = &[
    ("deepcopy", 0, &[]),
    ("get", 2, &["default"]),
    ("merge", 1, &["other"]),
    ("pop", 2, &["default"]),
    ("setdefault", 2, &["default"]),
    ("to_dict", 0, &[]),
];
const SET: &[Signature] = &[
    ("add", 1, &[]),
    ("copy", 0, &[]),
    ("difference", usize::MAX, &[]),
    ("intersection", usize::MAX, &[]),
    ("union", usize::MAX, &[]),
    ("update", usize::MAX, &[]),
];

/// The name of a method, if `object.name` is one.
pub(super) fn find(heap: &Heap, object: &Object, name: &str) -> Option<&'static str> {
    signature(heap, object, name).map(|(name, ..)| *name)
}

fn signature(heap: &Heap, object: &Object, name: &str) -> Option<&'static Signature> {
    let tables: &[&'static [Signature]] = match object {
        Object::Str(_) => &[text::METHODS],
        Object::List(_) => &[LIST],
        Object::Tuple(_) => &[TUPLE],
        Object::Set(_) => &[SET],
        Object::Dict(id) if heap.is_config(*id) => &[CONFIG_DICT, DICT],
        Object::Dict(_) => &[DICT],
        _ => &[],
    };
    tables.iter().copied().flatten().find(|(known, ..)| *known == name)
}

/// `object.name(...)` of a method that [`find`] knows.
pub(super) fn call(
    heap: &mut Heap,
    object: &Object,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    if let Some((_, most, names)) = signature(heap, object, name) {
        arguments.check(name, *most, names)?;
    }
    heap.step(1)?;
    match object {
        Object::Str(text) => str_method(heap, text, name, arguments, span),
        Object::List(id) => list_method(heap, *id, name, arguments, span),
        Object::Tuple(id) => sequence_method(heap, *id, name, arguments),
        Object::Dict(id) => dict_method(heap, *id, name, arguments, span),
        Object::Set(id) => set_method(heap, *id, name, arguments, span),
        other => fault(format!("a {} has no method '{name}'", other.type_name())),
    }
}

fn set_method(
    heap: &mut Heap,
    id: SetId,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let op = match name {
        "add" => {
            let key = heap.key(&arguments.get(0, name)?.object)?;
            heap.keys_mut(id)?.insert(key)?;
            return Ok(Object::None);
        }
        "difference" => Operator::Sub,
        "intersection" => Operator::BitAnd,
        _ => Operator::BitOr,
    };
    let keys = heap.keys_of(id);
    let mut all = heap.share_set(keys)?;
    if name == "update" {
        for other in arguments.positional.each() {
            let mut walk = heap.walk(&other?.object, span)?;
            while let Some(slot) = walk.next(heap)? {
                let key = heap.key(&slot.object)?;
                heap.keys_mut(id)?.insert(key)?;
            }
        }
        return Ok(Object::None);
    }
    for other in arguments.positional.each() {
        let walk = heap.walk(&other?.object, span)?;
        let other = heap.set_of(walk)?;
        all = operator::binary(heap, op, &all, &other)?;
    }
    Ok(all)
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
            let default = arguments.optional(1, "default")?;
            let found = if name == "pop" {
                heap.entries_mut(id)?.remove(&key)?
            } else {
                heap.get(id, &key)?
            };
            return match (found, default) {
                (Some(found), _) => Ok(found.object),
                // A ConfigDict keeps a copy, and gives back what it was given.
                (None, default) if name == "setdefault" => {
                    let value = default.unwrap_or(Slot { object: Object::None, span });
                    subscript::set_key(heap, id, key, key_slot.span, value.clone())?;
                    Ok(value.object)
                }
                (None, Some(default)) => Ok(default.object),
                // mmengine's ConfigDict gives None where a dict of Python fails.
                (None, None) if name == "get" || heap.is_config(id) => Ok(Object::None),
                (None, None) => fault(format!("the dict has no key '{}'", show::begin(&key))),
            };
        }
        "popitem" => {
            let entries = heap.entries_of(id);
            let Some(last) = entries.len().checked_sub(1) else {
                return fault("the dict is empty");
            };
            let Some((key, entry)) = entries.at(last)? else { return fault("the dict is empty") };
            heap.entries_mut(id)?.remove(key)?;
            let first = Slot { object: heap.key_object(key)?, span: entry.key_span };
            return heap.pair(first, entry.slot.clone());
        }
        "update" => {
            if let Some(given) = arguments.positional.get(0)?
                && heap.is_config(id)
                && !matches!(given.object, Object::Dict(_))
            {
                let found = given.object.type_name();
                return fault(format!("the dict of a base is updated by a dict, found a {found}"));
            }
            let other = from_arguments(heap, arguments, span)?;
            update(heap, id, &other)?;
        }
        "merge" => {
            let other = arguments.optional(0, "other")?;
            match other.map(|other| other.object) {
                Some(Object::Dict(other)) => merge(heap, id, other)?,
                Some(other) => {
                    return fault(format!("merge() takes a dict, found a {}", other.type_name()));
                }
                None => return fault("merge() takes a dict"),
            }
        }
        "clear" => heap.entries_mut(id)?.clear(),
        "copy" => return subscript::shallow_copy(heap, &Object::Dict(id)),
        "deepcopy" => return subscript::deep_copy(heap, &Object::Dict(id), Scope::Anew),
        "to_dict" => return to_dict(heap, &Object::Dict(id)),
        _ => return fault(format!("the method '{name}' of a dict is not evaluated")),
    }
    Ok(Object::None)
}

/// Takes over another's entries; a ConfigDict merges dicts into its dicts.
pub(super) fn update(heap: &mut Heap, id: DictId, other: &Entries) -> Outcome<()> {
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

/// A ConfigDict's `merge`: another's values over its own, key by key, as a config's are over those of its base.
fn merge(heap: &mut Heap, id: DictId, other: DictId) -> Outcome<()> {
    let other = subscript::deep_copy(heap, &Object::Dict(other), Scope::Anew)?;
    let own = subscript::deep_copy(heap, &Object::Dict(id), Scope::Anew)?;
    let Object::Dict(merged) = merged(heap, other, own)? else { return Ok(()) };
    let merged = heap.entries_of(merged);
    heap.entries_mut(id)?.clear();
    for entry in merged.each() {
        let (key, entry) = entry?;
        subscript::set_key(heap, id, key.clone(), entry.key_span, entry.slot.clone())?;
    }
    Ok(())
}

/// `over` merged into `under`, both of which are given up.
fn merged(heap: &mut Heap, over: Object, under: Object) -> Outcome<Object> {
    let _level = heap.level()?;
    let Object::Dict(over) = over else { return Ok(over) };
    let delete = heap.entries_mut(over)?.remove_name("_delete_")?;
    let Object::Dict(under) = under else { return Ok(Object::Dict(over)) };
    if delete.is_some_and(|delete| operator::truth(heap, &delete.object)) {
        heap.entries_mut(under)?.clear();
    }
    heap.entries_mut(under)?.remove_name("_delete_")?;
    for entry in heap.entries_of(over).each() {
        let (key, entry) = entry?;
        let mut slot = entry.slot.clone();
        slot.object = match heap.get(under, key)? {
            Some(old) => merged(heap, slot.object, old.object)?,
            None => merged(heap, slot.object, Object::None)?,
        };
        heap.insert(under, key.clone(), entry.key_span, slot)?;
    }
    Ok(Object::Dict(under))
}

/// A ConfigDict as Python's own dicts, to every depth.
fn to_dict(heap: &mut Heap, object: &Object) -> Outcome<Object> {
    subscript::deep_copy(heap, object, Scope::Plain)
}

/// The entries that `dict(...)` and `update(...)` are given: a dict or pairs, then keywords.
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
