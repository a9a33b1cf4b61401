//! `object.name`, `object[key]`: reading, setting, deleting.

use std::rc::Rc;

use super::entries::Key;
use super::heap::{ClassId, DictId, DictKind, Heap};
use super::methods;
use super::nearest::missing;
use super::object::{Builtin, Method, Object, Origin};
use super::slots::Slot;
use super::{Scope, show, text::Str};
use crate::config::meter::{Fault, Outcome, fault};
use crate::value::Span;

/// `object.name`.
pub(super) fn attribute(heap: &Heap, object: &Object, name: &str) -> Outcome<Object> {
    if let Some(found) = find_attribute(heap, object, name)? {
        return Ok(found);
    }
    match object {
        Object::Dict(id) if heap.is_config(*id) => no_key(heap, *id, &heap.text(name)?),
        Object::Dict(id) if heap.named(*id, name)?.is_some() => fault(format!(
            "a dict of this file has no attributes: write ['{name}'] (those of a base have)"
        )),
        other => fault(format!("a {} has no attribute '{name}'", other.type_name())),
    }
}

/// `object.name`, if there is such an attribute.
pub(super) fn find_attribute(heap: &Heap, object: &Object, name: &str) -> Outcome<Option<Object>> {
    let longer = |path: &Str| -> Outcome<Str> {
        let mut out = heap.buffer();
        for part in [path.read()?, ".", name] {
            out.push_str(part)?;
        }
        out.finish()
    };
    Ok(match object {
        Object::Opaque(path, origin) => {
            let origin = if *origin == Origin::Eager { Origin::Eager } else { Origin::Lazy };
            Some(Object::Opaque(longer(path)?, origin))
        }
        Object::Class(id) => class_member(heap, *id, name)?,
        Object::Builtin(Builtin::Dict) if name == "fromkeys" => {
            Some(Object::Builtin(Builtin::FromKeys))
        }
        Object::Unevaluated(path) => Some(Object::Unevaluated(longer(path)?)),
        Object::Module(module) => Some(module_member(heap, module, name)?),
        _ => match methods::find(heap, object, name) {
            Some(name) => Some(Object::Method(Rc::new(Method { object: object.clone(), name }))),
            None => match object {
                Object::Dict(id) if heap.is_config(*id) => {
                    heap.named(*id, name)?.map(|slot| slot.object)
                }
                _ => None,
            },
        },
    })
}

/// An attribute of a class, its own before those of its bases.
fn class_member(heap: &Heap, id: ClassId, name: &str) -> Outcome<Option<Object>> {
    let _level = heap.level()?;
    let class = heap.get_class(id);
    let Some(names) = class.names else {
        return fault(format!(
            "'{}.{name}' is not known: other code has a part in the class, and is not executed",
            class.name
        ));
    };
    if let Some(slot) = heap.named(names, name)? {
        return Ok(Some(slot.object));
    }
    for base in &class.bases {
        if let Some(found) = class_member(heap, *base, name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// `os.path`, `math.pi`, `copy.deepcopy`.
pub(super) fn module_member(heap: &Heap, module: &'static str, name: &str) -> Outcome<Object> {
    let full = format!("{module}.{name}");
    match full.as_str() {
        "os.path" => return Ok(Object::Module("os.path")),
        "math.pi" => return Ok(Object::Float(std::f64::consts::PI)),
        "math.tau" => return Ok(Object::Float(std::f64::consts::TAU)),
        "math.e" => return Ok(Object::Float(std::f64::consts::E)),
        "math.inf" => return Ok(Object::Float(f64::INFINITY)),
        "math.nan" => return Ok(Object::Float(f64::NAN)),
        _ => {}
    }
    match Builtin::from_name(&full) {
        Some(builtin) => Ok(Object::Builtin(builtin)),
        None => heap.unevaluated(&full),
    }
}

/// A fault about a key that is not there, with the nearest that is.
fn no_key<T>(heap: &Heap, id: DictId, name: &impl std::fmt::Display) -> Outcome<T> {
    let name = show::begin(name);
    let message = format!("the dict has no key '{name}'");
    Err(Fault(missing(heap, message, &name, &[], &[&heap.entries_of(id)])?))
}

/// `object[key]`.
pub(in crate::config) fn get(heap: &mut Heap, object: &Object, key: &Object) -> Outcome<Object> {
    match object {
        Object::Dict(id) => {
            let key = heap.key(key)?;
            match heap.get(*id, &key)? {
                Some(slot) => Ok(slot.object),
                None => no_key(heap, *id, &key),
            }
        }
        Object::List(id) | Object::Tuple(id) => {
            let items = heap.items(*id);
            let index = index_of(object, key, items.len())?;
            Ok(items.get(index)?.map_or(Object::None, |slot| slot.object.clone()))
        }
        Object::Str(text) => {
            let text = text.read()?;
            let index = index_of(object, key, text.chars().count())?;
            let c = text.chars().nth(index).unwrap_or_default();
            heap.string(c.encode_utf8(&mut [0; 4]))
        }
        Object::Range(range) => {
            let len = usize::try_from(range.len()).unwrap_or(usize::MAX);
            Ok(range.get(index_of(object, key, len)?))
        }
        // `typing.List[int]` and the like.
        Object::Unevaluated(path) => Ok(Object::Unevaluated(path.clone())),
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
            let index = index_of(object, key, heap.len(*id))?;
            heap.items_mut(*id)?.set(index, value)
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
    let value = match heap.is_config(id) {
        true => Slot { object: hooked(heap, &value.object)?, ..value },
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
        Object::Dict(id) if heap.is_config(*id) => {
            if methods::find(heap, object, name).is_some() {
                return fault(format!("'{name}' is a method of a dict: write ['{name}']"));
            }
            let key = heap.name(name)?;
            set_key(heap, *id, key, name_span, value)
        }
        Object::Class(id) => match heap.get_class(*id).names {
            Some(names) => {
                let key = heap.name(name)?;
                heap.names_mut(names)?.insert(key, name_span, value).map(drop)
            }
            None => {
                fault(format!("the attributes of '{}' are other code's", heap.get_class(*id).name))
            }
        },
        other => fault(format!("the attributes of a {} cannot be set", other.type_name())),
    }
}

/// `del object[key]`.
pub(super) fn delete(heap: &mut Heap, object: &Object, key: &Object) -> Outcome<()> {
    match object {
        Object::Dict(id) => {
            let key = heap.key(key)?;
            match heap.entries_mut(*id)?.remove(&key)? {
                Some(_) => Ok(()),
                None => no_key(heap, *id, &key),
            }
        }
        Object::List(id) => {
            let index = index_of(object, key, heap.len(*id))?;
            heap.items_mut(*id)?.remove(index)?;
            Ok(())
        }
        other => fault(format!("the elements of a {} cannot be deleted", other.type_name())),
    }
}

/// mmengine's conversion of a value that is put into a ConfigDict: dicts become ConfigDicts and lists new lists.
pub(super) fn hooked(heap: &mut Heap, object: &Object) -> Outcome<Object> {
    match object {
        Object::Dict(id) if heap.is_config(*id) => Ok(object.clone()),
        Object::Dict(_) | Object::List(_) | Object::Tuple(_) => {
            rebuilt(heap, object, Some(DictKind::Config), false, &mut hooked)
        }
        other => Ok(other.clone()),
    }
}

/// The same value with containers of its own, as `copy.deepcopy` gives it.
pub(super) fn deep_copy(heap: &mut Heap, object: &Object, mut scope: Scope<'_>) -> Outcome<Object> {
    let kind = match scope {
        Scope::Config(_) => Some(DictKind::Config),
        Scope::Plain => Some(DictKind::Plain),
        Scope::Kept | Scope::Anew => None,
    };
    // mmengine's copy of a lazy name is another one.
    let anew = matches!(scope, Scope::Anew);
    let mut package = None;
    if let (Object::Dict(id), Scope::Config(Some(name))) = (object, scope)
        && heap.named(*id, "type")?.is_some()
    {
        package = Some(name);
        scope = Scope::Config(None);
    }
    let copy =
        rebuilt(heap, object, kind, anew, &mut |heap, object| deep_copy(heap, object, scope))?;
    if let (Object::Dict(id), Some(package)) = (&copy, package)
        && heap.named(*id, "_scope_")?.is_none()
    {
        let slot = Slot { object: heap.string(package)?, span: Span::default() };
        let key = heap.name("_scope_")?;
        heap.insert(*id, key, Span::default(), slot)?;
    }
    Ok(copy)
}

/// A copy of a value, as `copy.copy` and `.copy()` give it: a ConfigDict takes each value anew.
pub(super) fn shallow_copy(heap: &mut Heap, object: &Object) -> Outcome<Object> {
    match object {
        Object::Dict(id) if heap.is_config(*id) => {
            let mut entries = heap.entries()?;
            for entry in heap.entries_of(*id).each() {
                let (key, entry) = entry?;
                let slot =
                    Slot { object: hooked(heap, &entry.slot.object)?, span: entry.slot.span };
                entries.insert(key.clone(), entry.key_span, slot)?;
            }
            Ok(Object::Dict(heap.dict(entries, DictKind::Config)?))
        }
        Object::Dict(id) => {
            let dict = heap.get_dict(*id);
            Ok(Object::Dict(heap.share_dict(dict)?))
        }
        Object::List(id) => {
            let items = heap.items(*id);
            Ok(Object::List(heap.share_list(items)?))
        }
        Object::Set(id) => {
            let keys = heap.keys_of(*id);
            heap.share_set(keys)
        }
        other => Ok(other.clone()),
    }
}

/// A new container of what `each` makes of the elements. Where all of them stay what they are, it shares them.
fn rebuilt(
    heap: &mut Heap,
    object: &Object,
    kind: Option<DictKind>,
    anew: bool,
    each: &mut dyn FnMut(&mut Heap, &Object) -> Outcome<Object>,
) -> Outcome<Object> {
    let _level = heap.level()?;
    let holds = |object: &Object| match object {
        Object::Dict(_) | Object::List(_) | Object::Tuple(_) | Object::Set(_) => true,
        Object::Opaque(_, origin) => anew && *origin != Origin::Eager,
        _ => false,
    };
    Ok(match object {
        Object::Dict(id) => {
            let mut dict = heap.get_dict(*id);
            dict.kind = match (kind, dict.kind) {
                (Some(kind), _) => kind,
                (None, DictKind::Config) => DictKind::Config,
                (None, _) => DictKind::Plain,
            };
            let mut plain = true;
            for entry in dict.entries.each() {
                plain = plain && !holds(&entry?.1.slot.object);
            }
            if plain {
                return Ok(Object::Dict(heap.share_dict(dict)?));
            }
            let mut entries = heap.entries()?;
            for entry in dict.entries.each() {
                let (key, entry) = entry?;
                let slot = Slot { object: each(heap, &entry.slot.object)?, span: entry.slot.span };
                entries.insert(key.clone(), entry.key_span, slot)?;
            }
            Object::Dict(heap.dict(entries, dict.kind)?)
        }
        Object::List(id) | Object::Tuple(id) => {
            let items = heap.items(*id);
            let mut plain = true;
            for slot in items.each() {
                plain = plain && !holds(&slot?.object);
            }
            let copy = if plain {
                heap.share_list(items)?
            } else {
                let mut slots = heap.slots()?;
                for slot in items.each() {
                    let Slot { object, span } = slot?;
                    slots.push(Slot { object: each(heap, object)?, span: *span })?;
                }
                heap.list_id(slots)?
            };
            if matches!(object, Object::List(_)) { Object::List(copy) } else { Object::Tuple(copy) }
        }
        Object::Set(id) => {
            let keys = heap.keys_of(*id);
            heap.share_set(keys)?
        }
        Object::Opaque(path, origin) if holds(object) => heap.opaque(path.read()?, *origin)?,
        other => other.clone(),
    })
}
