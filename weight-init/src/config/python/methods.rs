//! The methods of Python's strings, lists, dicts and sets, and of mmengine's ConfigDict.

use std::cmp::Ordering;
use std::rc::Rc;

use super::call::Arguments;
use super::heap::{Dict, DictId, Heap, Key, ListId, Outcome, Slot, fault};
use super::object::Object;
use super::show::MAX_STRING;
use super::{Scope, format, operator, subscript};
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

fn str_method(
    heap: &mut Heap,
    string: &Rc<str>,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    heap.step(string.len() / 16)?;
    let text = |index: usize| arguments.text(index, name);
    let made = match name {
        "join" => {
            let parts = heap.elements(&arguments.get(0, name)?.object, span)?;
            let mut out = String::new();
            for (index, part) in parts.iter().enumerate() {
                let Object::Str(part) = &part.object else {
                    return fault(format!(
                        "join takes strings, found a {}",
                        part.object.type_name()
                    ));
                };
                if index > 0 {
                    out.push_str(string);
                }
                out.push_str(part);
                if out.len() > MAX_STRING {
                    return fault(format!("a string of more than {MAX_STRING} bytes"));
                }
            }
            out
        }
        "format" => {
            let positional: Vec<_> =
                arguments.positional.iter().map(|slot| slot.object.clone()).collect();
            let named = arguments.named.iter();
            let named: Vec<_> =
                named.map(|(name, _, slot)| (Rc::clone(name), slot.object.clone())).collect();
            format::template(heap, string, &positional, &named)?
        }
        "replace" => {
            let (from, to) = (text(0)?, text(1)?);
            let grown = string
                .len()
                .saturating_add(string.len().saturating_add(1).saturating_mul(to.len()));
            if !from.is_empty() && grown / from.len() > MAX_STRING
                || from.is_empty() && grown > MAX_STRING
            {
                return fault(format!("a string of more than {MAX_STRING} bytes"));
            }
            string.replace(&*from, &to)
        }
        "lower" => string.to_lowercase(),
        "upper" => string.to_uppercase(),
        "capitalize" => {
            let mut chars = string.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            first + &chars.as_str().to_lowercase()
        }
        "title" => {
            let mut inside = false;
            let title = string.chars().flat_map(|c| {
                let shown: Vec<char> =
                    if inside { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
                inside = c.is_alphabetic();
                shown
            });
            title.collect()
        }
        "strip" | "lstrip" | "rstrip" => {
            let chars = match arguments.positional.first() {
                Some(_) => Some(text(0)?),
                None => None,
            };
            let inside = |c: char| {
                chars.as_ref().map_or_else(|| c.is_whitespace(), |chars| chars.contains(c))
            };
            let stripped = match name {
                "strip" => string.trim_matches(inside),
                "lstrip" => string.trim_start_matches(inside),
                _ => string.trim_end_matches(inside),
            };
            stripped.to_owned()
        }
        "removeprefix" => string.strip_prefix(&*text(0)?).unwrap_or(string).to_owned(),
        "removesuffix" => string.strip_suffix(&*text(0)?).unwrap_or(string).to_owned(),
        "zfill" => format::format(
            heap,
            &Object::Str(Rc::clone(string)),
            &format!("0>{}", arguments.int(0, name)?),
        )?,
        "startswith" | "endswith" => {
            let affixes = match &arguments.get(0, name)?.object {
                Object::Tuple(id) => heap.copy_items(*id)?,
                _ => vec![arguments.get(0, name)?.clone()],
            };
            let hit = affixes.iter().any(|affix| match &affix.object {
                Object::Str(affix) if name == "startswith" => string.starts_with(&**affix),
                Object::Str(affix) => string.ends_with(&**affix),
                _ => false,
            });
            return Ok(Object::Bool(hit));
        }
        "isdigit" => {
            return Ok(Object::Bool(!string.is_empty() && string.chars().all(char::is_numeric)));
        }
        "find" => {
            let at = string.find(&*text(0)?).map(|at| string[..at].chars().count());
            return Ok(Object::Int(at.map_or(-1, |at| at as i128)));
        }
        "count" => return Ok(Object::Int(string.matches(&*text(0)?).count() as i128)),
        "partition" | "rpartition" => {
            let separator = text(0)?;
            let split = if name == "partition" {
                string.split_once(&*separator)
            } else {
                string.rsplit_once(&*separator)
            };
            let parts = match (split, name) {
                (Some((before, after)), _) => [before, &separator, after],
                (None, "partition") => [string, "", ""],
                (None, _) => ["", "", string],
            };
            let slots = parts.map(|part| Slot { object: Object::str(part), span });
            heap.take(string.len())?;
            return heap.tuple(slots.into());
        }
        "split" | "rsplit" | "splitlines" => {
            let parts = split(string, name, arguments)?;
            heap.take(string.len())?;
            let slots = parts.iter().map(|part| Slot { object: Object::str(part), span });
            return heap.list(slots.collect());
        }
        _ => return fault(format!("the method '{name}' of a str is not known")),
    };
    heap.string(&made)
}

fn split<'s>(string: &'s str, name: &str, arguments: &Arguments) -> Outcome<Vec<&'s str>> {
    if name == "splitlines" {
        return Ok(string.lines().collect());
    }
    let limit = match arguments.positional.get(1).or_else(|| arguments.named("maxsplit")) {
        Some(slot) => match slot.object.as_int() {
            Some(limit) if limit >= 0 => {
                usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1)
            }
            _ => usize::MAX,
        },
        None => usize::MAX,
    };
    let separator = match arguments.positional.first().or_else(|| arguments.named("sep")) {
        Some(Slot { object: Object::Str(separator), .. }) if separator.is_empty() => {
            return fault("the separator is empty");
        }
        Some(Slot { object: Object::Str(separator), .. }) => separator,
        _ => return Ok(string.split_whitespace().collect()),
    };
    Ok(if name == "split" {
        string.splitn(limit, &**separator).collect()
    } else {
        let mut parts: Vec<_> = string.rsplitn(limit, &**separator).collect();
        parts.reverse();
        parts
    })
}

/// Methods that lists and tuples share.
fn sequence_method(
    heap: &mut Heap,
    id: ListId,
    name: &str,
    arguments: &Arguments,
) -> Outcome<Object> {
    let wanted = arguments.get(0, name)?.object.clone();
    let items = heap.copy_items(id)?;
    let mut count = 0;
    for (index, item) in items.iter().enumerate() {
        if operator::equal(heap, &item.object, &wanted, 0)? {
            if name == "index" {
                return Ok(Object::Int(index as i128));
            }
            count += 1;
        }
    }
    match name {
        "count" => Ok(Object::Int(count)),
        _ => {
            let shown = operator::shown(heap, &wanted);
            fault(format!("{shown} is not in the list"))
        }
    }
}

fn list_method(
    heap: &mut Heap,
    id: ListId,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let len = heap.items(id).len();
    match name {
        "append" => heap.push(id, [arguments.get(0, name)?.clone()])?,
        "extend" => {
            let more = heap.elements(&arguments.get(0, name)?.object, span)?;
            heap.push(id, more)?;
        }
        "insert" => {
            heap.step(len)?;
            heap.take_slots(1)?;
            let at = arguments.int(0, name)?;
            let at = if at < 0 { at.saturating_add(len as i128).max(0) } else { at };
            let at = usize::try_from(at).unwrap_or(len).min(len);
            heap.items_mut(id).insert(at, arguments.get(1, name)?.clone());
        }
        "pop" => {
            heap.step(len)?;
            let index =
                arguments.positional.first().map_or(Object::Int(-1), |slot| slot.object.clone());
            let index = subscript::index_of(&Object::List(id), &index, len)?;
            return Ok(heap.items_mut(id).remove(index).object);
        }
        "remove" => {
            let Object::Int(index) = sequence_method(heap, id, "index", arguments)? else {
                return Ok(Object::None);
            };
            heap.items_mut(id).remove(usize::try_from(index).unwrap_or(0));
        }
        "clear" => heap.items_mut(id).clear(),
        "reverse" => heap.items_mut(id).reverse(),
        "copy" => {
            let items = heap.copy_items(id)?;
            return heap.list(items);
        }
        "sort" => {
            if arguments.named("key").is_some() {
                return fault("sort with a key is not evaluated: use sorted(..., key=...)");
            }
            let reverse =
                arguments.named("reverse").is_some_and(|slot| operator::truth(heap, &slot.object));
            let items = heap.copy_items(id)?;
            let keyed = items.into_iter().map(|slot| (slot.object.clone(), slot)).collect();
            *heap.items_mut(id) = sorted(heap, keyed, reverse)?;
        }
        _ => return sequence_method(heap, id, name, arguments),
    }
    Ok(Object::None)
}

/// The elements in the order of their keys; equal ones keep theirs, in reverse too.
///
/// A merge sort of our own: the standard library's may not be left early, and panics on keys without a total order.
pub(super) fn sorted(
    heap: &mut Heap,
    keyed: Vec<(Object, Slot)>,
    reverse: bool,
) -> Outcome<Vec<Slot>> {
    heap.take_slots(keyed.len())?;
    Ok(merge_sort(heap, keyed, reverse)?.into_iter().map(|(_, slot)| slot).collect())
}

fn merge_sort(
    heap: &mut Heap,
    mut left: Vec<(Object, Slot)>,
    reverse: bool,
) -> Outcome<Vec<(Object, Slot)>> {
    if left.len() < 2 {
        return Ok(left);
    }
    let count = left.len();
    let right = left.split_off(count / 2);
    let mut left = merge_sort(heap, left, reverse)?.into_iter().peekable();
    let mut right = merge_sort(heap, right, reverse)?.into_iter().peekable();
    let later = if reverse { Ordering::Less } else { Ordering::Greater };
    let mut merged = Vec::with_capacity(count);
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if operator::order(heap, &a.0, &b.0, 0)? == Some(later) {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left.chain(right));
    Ok(merged)
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
