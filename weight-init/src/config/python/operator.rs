//! Python's operators on values.

#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

mod compare;
mod number;

use ruff_python_ast::{Operator, UnaryOp};

pub(super) use self::compare::{compare, equal, order};
use self::number::{floats, integer, integers};
use super::entries::Keys;
use super::heap::{Heap, ListId};
use super::object::Object;
use super::slots::Slots;
use super::text::MAX_STRING;
use super::{Scope, format, methods, show, subscript};
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// `bool(object)`.
pub(in crate::config) fn truth(heap: &Heap, object: &Object) -> bool {
    match object {
        Object::None => false,
        Object::Bool(bool) => *bool,
        Object::Int(int) => *int != 0,
        Object::Float(float) => *float != 0.0,
        Object::Str(text) => !text.is_empty(),
        Object::List(id) | Object::Tuple(id) => heap.len(*id) > 0,
        Object::Dict(id) => !heap.entries_of(*id).is_empty(),
        Object::Set(id) => !heap.keys_of(*id).is_empty(),
        Object::Range(range) => range.len() > 0,
        _ => true,
    }
}

pub(super) fn unary(heap: &mut Heap, op: UnaryOp, operand: &Object) -> Outcome<Object> {
    match (op, operand, operand.as_int()) {
        (UnaryOp::Not, ..) => Ok(Object::Bool(!truth(heap, operand))),
        (UnaryOp::USub, Object::Float(x), _) => Ok(Object::Float(-x)),
        (UnaryOp::UAdd, Object::Float(x), _) => Ok(Object::Float(*x)),
        (UnaryOp::USub, _, Some(int)) => integer(int.checked_neg()),
        (UnaryOp::UAdd, _, Some(int)) => Ok(Object::Int(int)),
        (UnaryOp::Invert, _, Some(int)) => Ok(Object::Int(!int)),
        _ => fault(format!("'{}' does not apply to a {}", op.as_str(), operand.type_name())),
    }
}

/// `left op right`, as a new object.
pub(super) fn binary(
    heap: &mut Heap,
    op: Operator,
    left: &Object,
    right: &Object,
) -> Outcome<Object> {
    if let (Some(a), Some(b)) = (left.as_int(), right.as_int()) {
        return integers(op, a, b, left, right);
    }
    if let (Some(a), Some(b)) = (left.as_float(), right.as_float())
        && let Some(result) = floats(op, a, b)?
    {
        return Ok(Object::Float(result));
    }
    match (op, left, right) {
        (Operator::Add, Object::Str(a), Object::Str(b)) => {
            let mut out = heap.buffer();
            out.push_str(a.read()?)?;
            out.push_str(b.read()?)?;
            Ok(Object::Str(out.finish()?))
        }
        (Operator::Add, Object::List(a), Object::List(b)) => {
            let joined = joined(heap, *a, *b)?;
            heap.list(joined)
        }
        (Operator::Add, Object::Tuple(a), Object::Tuple(b)) => {
            let joined = joined(heap, *a, *b)?;
            heap.tuple(joined)
        }
        (Operator::Mult, Object::Str(text), other) | (Operator::Mult, other, Object::Str(text))
            if other.as_int().is_some() =>
        {
            let mut out = heap.buffer();
            out.repeat(text.read()?, repetitions(other, text.len())?)?;
            Ok(Object::Str(out.finish()?))
        }
        (Operator::Mult, Object::List(id), other) | (Operator::Mult, other, Object::List(id))
            if other.as_int().is_some() =>
        {
            let slots = repeated(heap, *id, other)?;
            heap.list(slots)
        }
        (Operator::Mult, Object::Tuple(id), other) | (Operator::Mult, other, Object::Tuple(id))
            if other.as_int().is_some() =>
        {
            let slots = repeated(heap, *id, other)?;
            heap.tuple(slots)
        }
        (Operator::Mod, Object::Str(template), _) => {
            Ok(Object::Str(format::percent(heap, template, right)?))
        }
        // mmengine's ConfigDict merges, whichever side it stands on.
        (Operator::BitOr, Object::Dict(a), Object::Dict(b))
            if heap.is_config(*a) || heap.is_config(*b) =>
        {
            let joined = subscript::deep_copy(heap, left, Scope::Config(None))?;
            if let Object::Dict(joined) = joined {
                let b = heap.entries_of(*b);
                methods::update(heap, joined, &b)?;
            }
            Ok(joined)
        }
        (Operator::BitOr, Object::Dict(a), Object::Dict(b)) => {
            let (a, b) = (heap.get_dict(*a), heap.entries_of(*b));
            let mut entries = a.entries.copy()?;
            for entry in b.each() {
                let (key, entry) = entry?;
                entries.insert(key.clone(), entry.key_span, entry.slot.clone())?;
            }
            Ok(Object::Dict(heap.dict(entries, a.kind)?))
        }
        (Operator::BitOr | Operator::BitAnd | Operator::Sub, Object::Set(a), Object::Set(b)) => {
            let (a, b) = (heap.keys_of(*a), heap.keys_of(*b));
            let mut set = Keys::new(heap.meter())?;
            for key in a.each() {
                let key = key?;
                let kept = match op {
                    Operator::BitOr => true,
                    Operator::BitAnd => b.contains(key)?,
                    _ => !b.contains(key)?,
                };
                if kept {
                    set.insert(key.clone())?;
                }
            }
            if op == Operator::BitOr {
                for key in b.each() {
                    set.insert(key?.clone())?;
                }
            }
            heap.set(set)
        }
        _ => fault(unsupported(op, left, right)),
    }
}

fn unsupported(op: Operator, left: &Object, right: &Object) -> String {
    format!(
        "'{}' does not apply to a {} and a {}",
        op.as_str(),
        left.type_name(),
        right.type_name()
    )
}

/// How often something of `len` bytes or elements is repeated.
fn repetitions(count: &Object, len: usize) -> Outcome<usize> {
    let count = count.as_int().unwrap_or(0).max(0);
    match usize::try_from(count) {
        Ok(count) if count.saturating_mul(len) <= MAX_STRING => Ok(count),
        _ if len == 0 => Ok(0),
        _ => fault(format!("{len} elements repeated {count} times are more than are allowed")),
    }
}

fn repeated(heap: &Heap, id: ListId, count: &Object) -> Outcome<Slots> {
    let items = heap.items(id);
    let count = repetitions(count, items.len())?;
    let mut slots = Slots::with_capacity(heap.meter(), count.saturating_mul(items.len()))?;
    for _ in 0..count {
        for slot in items.each() {
            slots.push(slot?.clone())?;
        }
    }
    Ok(slots)
}

fn joined(heap: &Heap, a: ListId, b: ListId) -> Outcome<Slots> {
    let (a, b) = (heap.items(a), heap.items(b));
    let mut slots = Slots::with_capacity(heap.meter(), a.len().saturating_add(b.len()))?;
    for slot in a.each().chain(b.each()) {
        slots.push(slot?.clone())?;
    }
    Ok(slots)
}

/// `a += b` where Python changes `a` itself: lists, dicts and sets.
pub(super) fn in_place(
    heap: &mut Heap,
    op: Operator,
    left: &Object,
    right: &Object,
    span: Span,
) -> Outcome<Object> {
    match (op, left) {
        (Operator::Add, Object::List(id)) => extend(heap, *id, right, span)?,
        (Operator::Mult, Object::List(id)) if right.as_int().is_some() => {
            let slots = repeated(heap, *id, right)?;
            heap.set_items(*id, slots);
        }
        (Operator::BitOr, Object::Dict(id)) => match right {
            Object::Dict(other) => {
                let other = heap.entries_of(*other);
                methods::update(heap, *id, &other)?;
            }
            other => {
                return fault(format!(
                    "'|=' of a dict takes a dict, found a {}",
                    other.type_name()
                ));
            }
        },
        (Operator::BitOr | Operator::BitAnd | Operator::Sub, Object::Set(id)) => {
            let Object::Set(changed) = binary(heap, op, left, right)? else {
                return fault(unsupported(op, left, right));
            };
            *heap.keys_mut(*id)? = heap.keys_of(changed).copy()?;
        }
        _ => return binary(heap, op, left, right),
    }
    Ok(left.clone())
}

/// Adds the elements of anything that can be walked to a list.
pub(super) fn extend(heap: &mut Heap, id: ListId, more: &Object, span: Span) -> Outcome<()> {
    let mut walk = heap.walk(more, span)?;
    while let Some(slot) = walk.next(heap)? {
        heap.items_mut(id)?.push(slot)?;
    }
    Ok(())
}

/// A message's view of an object: its `repr`, cut.
pub(super) fn shown(heap: &Heap, object: &Object) -> String {
    match show::repr(heap, object) {
        Ok(text) => show::cut(&text.to_string()),
        Err(_) => object.type_name().to_owned(),
    }
}
