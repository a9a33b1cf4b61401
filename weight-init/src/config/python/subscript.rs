//! `object.name`, `object[key]`, `object[a:b]`: reading, setting, deleting.

use std::rc::Rc;

use weight_init_core::nearest;

use super::heap::{Dict, DictId, Heap, Key, Outcome, Slot, fault};
use super::object::{Builtin, Object};
use super::{Scope, methods};
use crate::config::MAX_DEPTH;
use crate::value::Span;

/// `object.name`.
pub(super) fn attribute(heap: &mut Heap, object: &Object, name: &str) -> Outcome<Object> {
    match object {
        Object::Opaque(path) => Ok(Object::str_opaque(&format!("{path}.{name}"))),
        Object::Unevaluated(path) => Ok(Object::Unevaluated(Rc::from(format!("{path}.{name}")))),
        Object::Module(module) => module_member(module, name),
        _ if methods::exists(heap, object, name) => {
            Ok(Object::Method(Box::new(object.clone()), Rc::from(name)))
        }
        Object::Dict(id) if heap.get_dict(*id).config => {
            let entries = &heap.get_dict(*id).entries;
            match entries.get(&Key::str(name)) {
                Some(entry) => Ok(entry.slot.object.clone()),
                None => missing(heap, *id, &format!("the dict has no key '{name}'"), name),
            }
        }
        Object::Dict(id) if heap.get_dict(*id).entries.contains_key(&Key::str(name)) => {
            fault(format!(
                "a dict of this file has no attributes: write ['{name}'] (those of a base have)"
            ))
        }
        other => fault(format!("a {} has no attribute '{name}'", other.type_name())),
    }
}

/// `os.path`, `math.pi`, `copy.deepcopy`.
pub(super) fn module_member(module: &'static str, name: &str) -> Outcome<Object> {
    let full = format!("{module}.{name}");
    match full.as_str() {
        "os.path" => return Ok(Object::Module("os.path")),
        "math.pi" => return Ok(Object::Float(std::f64::consts::PI)),
        "math.e" => return Ok(Object::Float(std::f64::consts::E)),
        "math.inf" => return Ok(Object::Float(f64::INFINITY)),
        "math.nan" => return Ok(Object::Float(f64::NAN)),
        _ => {}
    }
    let builtin = Builtin::from_name(&full).map(Object::Builtin);
    Ok(builtin.unwrap_or_else(|| Object::Unevaluated(Rc::from(full))))
}

/// A fault about a key that is not there, with the nearest that is.
fn missing<T>(heap: &Heap, id: DictId, message: &str, name: &str) -> Outcome<T> {
    let names: Vec<&str> = heap
        .get_dict(id)
        .entries
        .keys()
        .filter_map(|key| match key {
            Key::Str(key) => Some(&**key),
            _ => None,
        })
        .collect();
    match nearest(name, names) {
        Some(near) => fault(format!("{message}; did you mean '{near}'?")),
        None => fault(message),
    }
}

/// `object[key]`.
pub(in crate::config) fn get(heap: &mut Heap, object: &Object, key: &Object) -> Outcome<Object> {
    match object {
        Object::Dict(id) => {
            let key = heap.key(key)?;
            match heap.get_dict(*id).entries.get(&key) {
                Some(entry) => Ok(entry.slot.object.clone()),
                None => {
                    let name = key.to_string();
                    missing(heap, *id, &format!("the dict has no key '{name}'"), &name)
                }
            }
        }
        Object::List(id) | Object::Tuple(id) => {
            let index = index_of(object, key, heap.items(*id).len())?;
            Ok(heap.items(*id)[index].object.clone())
        }
        Object::Str(string) => {
            heap.step(string.len())?;
            let index = index_of(object, key, string.chars().count())?;
            let c = string.chars().nth(index).unwrap_or_default();
            Ok(Object::str(c.encode_utf8(&mut [0; 4])))
        }
        Object::Range(range) => {
            let len = usize::try_from(range.len()).unwrap_or(usize::MAX);
            Ok(range.get(index_of(object, key, len)?))
        }
        // `typing.List[int]` and the like.
        Object::Unevaluated(path) => Ok(Object::Unevaluated(Rc::clone(path))),
        other => fault(format!("a {} has no elements", other.type_name())),
    }
}

/// The element that a Python index means; negative ones count from the end.
pub(super) fn index_of(object: &Object, key: &Object, len: usize) -> Outcome<usize> {
    let Some(index) = key.as_int() else {
        return fault(format!(
            "the index of a {} is an integer, not a {}",
            object.type_name(),
            key.type_name()
        ));
    };
    let absolute = if index < 0 { index.saturating_add(len as i128) } else { index };
    match usize::try_from(absolute) {
        Ok(absolute) if absolute < len => Ok(absolute),
        _ => {
            fault(format!("index {index} is out of the range of a {} of {len}", object.type_name()))
        }
    }
}

/// `object[key] = value`, and `object.key = value` of a ConfigDict.
pub(super) fn set(
    heap: &mut Heap,
    object: &Object,
    key: &Object,
    key_span: Span,
    value: Slot,
) -> Outcome<()> {
    match object {
        Object::Dict(id) => {
            let key = heap.key(key)?;
            set_key(heap, *id, key, key_span, value)
        }
        Object::List(id) => {
            let index = index_of(object, key, heap.items(*id).len())?;
            heap.items_mut(*id)[index] = value;
            Ok(())
        }
        other => fault(format!("the elements of a {} cannot be set", other.type_name())),
    }
}

/// Sets a key of a dict; a ConfigDict makes ConfigDicts of what it takes.
pub(super) fn set_key(
    heap: &mut Heap,
    id: DictId,
    key: Key,
    key_span: Span,
    value: Slot,
) -> Outcome<()> {
    let value = match heap.get_dict(id).config {
        true => Slot { object: hooked(heap, &value.object, 0)?, ..value },
        false => value,
    };
    heap.insert(id, key, key_span, value)
}

/// `object.name = value`.
pub(super) fn set_attribute(
    heap: &mut Heap,
    object: &Object,
    name: &str,
    name_span: Span,
    value: Slot,
) -> Outcome<()> {
    match object {
        Object::Dict(id) if heap.get_dict(*id).config => {
            if methods::exists(heap, object, name) {
                return fault(format!("'{name}' is a method of a dict: write ['{name}']"));
            }
            set_key(heap, *id, Key::str(name), name_span, value)
        }
        other => fault(format!("the attributes of a {} cannot be set", other.type_name())),
    }
}

/// `del object[key]`.
pub(super) fn delete(heap: &mut Heap, object: &Object, key: &Object) -> Outcome<()> {
    match object {
        Object::Dict(id) => {
            let key = heap.key(key)?;
            match heap.remove(*id, &key)? {
                Some(_) => Ok(()),
                None => {
                    let name = key.to_string();
                    missing(heap, *id, &format!("the dict has no key '{name}'"), &name)
                }
            }
        }
        Object::List(id) => {
            let len = heap.items(*id).len();
            heap.step(len)?;
            let index = index_of(object, key, len)?;
            heap.items_mut(*id).remove(index);
            Ok(())
        }
        other => fault(format!("the elements of a {} cannot be deleted", other.type_name())),
    }
}

/// What mmengine's ConfigDict makes of a value it takes: dicts become ConfigDicts and lists new lists.
pub(super) fn hooked(heap: &mut Heap, object: &Object, depth: usize) -> Outcome<Object> {
    if depth > MAX_DEPTH {
        return fault(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    match object {
        Object::Dict(id) if !heap.get_dict(*id).config => {
            let mut dict = heap.copy_dict(*id)?;
            for entry in dict.entries.values_mut() {
                entry.slot.object = hooked(heap, &entry.slot.object, depth + 1)?;
            }
            Ok(Object::Dict(heap.dict(Dict { config: true, ..dict })?))
        }
        Object::List(id) | Object::Tuple(id) => {
            let mut items = heap.copy_items(*id)?;
            for item in &mut items {
                item.object = hooked(heap, &item.object, depth + 1)?;
            }
            if matches!(object, Object::List(_)) { heap.list(items) } else { heap.tuple(items) }
        }
        other => Ok(other.clone()),
    }
}

/// The same value with containers of its own, as `copy.deepcopy` gives it.
pub(super) fn deep_copy(
    heap: &mut Heap,
    object: &Object,
    mut scope: Scope<'_>,
    depth: usize,
) -> Outcome<Object> {
    if depth > MAX_DEPTH {
        return fault(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    match object {
        Object::Dict(id) => {
            let mut dict = heap.copy_dict(*id)?;
            dict.config |= matches!(scope, Scope::Config(_));
            let mut package = None;
            if dict.entries.contains_key(&Key::str("type"))
                && let Scope::Config(Some(name)) = scope
            {
                package = Some(name);
                scope = Scope::Config(None);
            }
            for entry in dict.entries.values_mut() {
                entry.slot.object = deep_copy(heap, &entry.slot.object, scope, depth + 1)?;
            }
            let id = heap.dict(dict)?;
            if let Some(package) = package
                && !heap.get_dict(id).entries.contains_key(&Key::str("_scope_"))
            {
                let slot = Slot { object: heap.string(package)?, span: Span::default() };
                heap.insert(id, Key::str("_scope_"), Span::default(), slot)?;
            }
            Ok(Object::Dict(id))
        }
        Object::List(id) | Object::Tuple(id) => {
            let mut items = heap.copy_items(*id)?;
            for item in &mut items {
                item.object = deep_copy(heap, &item.object, scope, depth + 1)?;
            }
            if matches!(object, Object::List(_)) { heap.list(items) } else { heap.tuple(items) }
        }
        Object::Set(id) => {
            let set = heap.get_set(*id).clone();
            heap.step(set.len())?;
            heap.set(set)
        }
        other => Ok(other.clone()),
    }
}

/// The bounds of `object[lower:upper:step]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Slice {
    pub(super) lower: Option<i128>,
    pub(super) upper: Option<i128>,
    pub(super) step: Option<i128>,
}

impl Slice {
    /// The elements that it means in something of `len`, in its order.
    fn indices(&self, len: usize) -> Outcome<Vec<usize>> {
        let step = self.step.unwrap_or(1);
        if step == 0 {
            return fault("the step of a slice is not 0");
        }
        let len = len as i128;
        let clamp = |at: i128, low: i128, high: i128| {
            (if at < 0 { at.saturating_add(len) } else { at }).clamp(low, high)
        };
        let mut indices = Vec::new();
        if step > 0 {
            let start = self.lower.map_or(0, |at| clamp(at, 0, len));
            let stop = self.upper.map_or(len, |at| clamp(at, 0, len));
            let mut at = start;
            while at < stop {
                indices.push(usize::try_from(at).unwrap_or(0));
                at = at.saturating_add(step);
            }
        } else {
            let start = self.lower.map_or(len - 1, |at| clamp(at, -1, len - 1));
            let stop = self.upper.map_or(-1, |at| clamp(at, -1, len - 1));
            let mut at = start;
            while at > stop {
                indices.push(usize::try_from(at).unwrap_or(0));
                at = at.saturating_add(step);
            }
        }
        Ok(indices)
    }
}

/// `object[slice]`.
pub(super) fn slice(heap: &mut Heap, object: &Object, slice: &Slice) -> Outcome<Object> {
    match object {
        Object::List(id) | Object::Tuple(id) => {
            let items = heap.copy_items(*id)?;
            let indices = slice.indices(items.len())?;
            let chosen = indices.into_iter().map(|index| items[index].clone()).collect();
            if matches!(object, Object::List(_)) { heap.list(chosen) } else { heap.tuple(chosen) }
        }
        Object::Str(string) => {
            heap.step(string.len())?;
            let chars: Vec<char> = string.chars().collect();
            let chosen: String =
                slice.indices(chars.len())?.into_iter().map(|index| chars[index]).collect();
            heap.string(&chosen)
        }
        Object::Range(range) => {
            let elements = heap.elements(&Object::Range(*range), Span::default())?;
            let indices = slice.indices(elements.len())?;
            heap.list(indices.into_iter().map(|index| elements[index].clone()).collect())
        }
        other => fault(format!("a {} cannot be sliced", other.type_name())),
    }
}

/// `list[slice] = values`, for slices without a step.
pub(super) fn set_slice(
    heap: &mut Heap,
    object: &Object,
    slice: &Slice,
    values: Vec<Slot>,
) -> Outcome<()> {
    let (Object::List(id), None | Some(1)) = (object, slice.step) else {
        return fault("only a slice of a list, without a step, can be set");
    };
    let items = heap.copy_items(*id)?;
    let indices = slice.indices(items.len())?;
    let lower = slice.lower.unwrap_or(0);
    let start = indices.first().copied().unwrap_or_else(|| {
        let at = if lower < 0 { lower.saturating_add(items.len() as i128) } else { lower };
        usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(items.len())
    });
    heap.take_slots(values.len())?;
    heap.items_mut(*id).splice(start..start + indices.len(), values);
    Ok(())
}

/// `del list[slice]`.
pub(super) fn delete_slice(heap: &mut Heap, object: &Object, slice: &Slice) -> Outcome<()> {
    let Object::List(id) = object else {
        return fault(format!("a slice of a {} cannot be deleted", object.type_name()));
    };
    let items = heap.copy_items(*id)?;
    let mut gone = vec![false; items.len()];
    for index in slice.indices(items.len())? {
        gone[index] = true;
    }
    let kept = items.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(item, _)| item);
    *heap.items_mut(*id) = kept.collect();
    Ok(())
}

impl Object {
    /// A name of other code.
    pub(super) fn str_opaque(name: &str) -> Self {
        Self::Opaque(Rc::from(name))
    }
}
