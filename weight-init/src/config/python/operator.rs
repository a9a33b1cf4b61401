//! Python's operators on values.

#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

use std::cmp::Ordering;

use ruff_python_ast::{CmpOp, Operator, UnaryOp};

use super::entries::Keys;
use super::heap::{Heap, ListId};
use super::object::{Object, Origin};
use super::slots::Slots;
use super::text::{MAX_STRING, Str};
use super::{format, show};
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

/// An integer, unless it left the range.
fn integer(int: Option<i128>) -> Outcome<Object> {
    match int {
        Some(int) => Ok(Object::Int(int)),
        None => fault("the result does not fit into 128 bits"),
    }
}

fn integers(op: Operator, a: i128, b: i128, left: &Object, right: &Object) -> Outcome<Object> {
    if b == 0 && matches!(op, Operator::Div | Operator::FloorDiv | Operator::Mod) {
        return fault("division by zero");
    }
    let both_bool = matches!((left, right), (Object::Bool(_), Object::Bool(_)));
    let bits = |bits: i128| if both_bool { Object::Bool(bits != 0) } else { Object::Int(bits) };
    match op {
        Operator::Add => integer(a.checked_add(b)),
        Operator::Sub => integer(a.checked_sub(b)),
        Operator::Mult => integer(a.checked_mul(b)),
        Operator::Div => Ok(Object::Float(a as f64 / b as f64)),
        Operator::FloorDiv => integer(a.checked_div_euclid(b).map(|quotient| {
            // Euclid's quotient rounds towards the side of a remainder that is never negative, Python's down.
            let exact = a.checked_rem_euclid(b).is_none_or(|rest| rest == 0);
            if b < 0 && !exact { quotient.saturating_sub(1) } else { quotient }
        })),
        // Where the quotient leaves the range, by -1, nothing remains.
        Operator::Mod => match a.checked_rem_euclid(b).unwrap_or(0) {
            rest if b < 0 && rest != 0 => integer(rest.checked_add(b)),
            rest => Ok(Object::Int(rest)),
        },
        Operator::Pow if b < 0 => match floats(op, a as f64, b as f64)? {
            Some(float) => Ok(Object::Float(float)),
            None => fault(unsupported(op, left, right)),
        },
        Operator::Pow => integer(u32::try_from(b).ok().and_then(|b| a.checked_pow(b))),
        Operator::LShift => {
            integer(shift(b).and_then(|b| 1_i128.checked_shl(b)).and_then(|by| a.checked_mul(by)))
        }
        Operator::RShift => match u32::try_from(b) {
            Ok(by) => integer(a.checked_shr(by.min(127))),
            Err(_) => fault("a shift by a negative or huge count"),
        },
        Operator::BitOr => Ok(bits(a | b)),
        Operator::BitXor => Ok(bits(a ^ b)),
        Operator::BitAnd => Ok(bits(a & b)),
        Operator::MatMult => fault(unsupported(op, left, right)),
    }
}

fn shift(by: i128) -> Option<u32> {
    u32::try_from(by).ok().filter(|by| *by < 127)
}

/// `None` where floats have no such operator.
fn floats(op: Operator, a: f64, b: f64) -> Outcome<Option<f64>> {
    if b == 0.0 && matches!(op, Operator::Div | Operator::FloorDiv | Operator::Mod) {
        return fault("division by zero");
    }
    Ok(Some(match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div => a / b,
        Operator::FloorDiv => ((a - modulo(a, b)) / b).round(),
        Operator::Mod => modulo(a, b),
        Operator::Pow if a == 0.0 && b < 0.0 => return fault("0 to a negative power"),
        Operator::Pow if a < 0.0 && b.fract() != 0.0 => {
            return fault("a negative number to a fractional power");
        }
        Operator::Pow => power(a, b),
        _ => return Ok(None),
    }))
}

/// The remainder with the sign of the divisor.
fn modulo(a: f64, b: f64) -> f64 {
    let rem = a % b;
    if rem != 0.0 && (rem < 0.0) != (b < 0.0) { rem + b } else { rem }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a number of the config, computed as Python does: by the platform's pow"
)]
fn power(a: f64, b: f64) -> f64 {
    a.powf(b)
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

/// Whether two strings are the same, at the price of a look at both.
fn same_text(a: &Str, b: &Str) -> Outcome<bool> {
    Ok(a.len() == b.len() && a.read()? == b.read()?)
}

/// `left is right`: the same container, or the same value of those that have no identity here.
fn identical(left: &Object, right: &Object) -> Outcome<bool> {
    Ok(match (left, right) {
        (Object::None, Object::None) | (Object::Ellipsis, Object::Ellipsis) => true,
        (Object::Bool(a), Object::Bool(b)) => a == b,
        (Object::Int(a), Object::Int(b)) => a == b,
        (Object::Float(a), Object::Float(b)) => a == b,
        (Object::Str(a), Object::Str(b))
        | (Object::Opaque(a, Origin::Eager), Object::Opaque(b, Origin::Eager))
        | (Object::Unevaluated(a), Object::Unevaluated(b)) => same_text(a, b)?,
        (Object::List(a), Object::List(b)) | (Object::Tuple(a), Object::Tuple(b)) => a == b,
        (Object::Dict(a), Object::Dict(b)) => a == b,
        (Object::Set(a), Object::Set(b)) => a == b,
        (Object::Range(a), Object::Range(b)) => a == b,
        (Object::Iter(a), Object::Iter(b)) => a == b,
        (Object::Opaque(a, _), Object::Opaque(b, _)) => a.is_same(b),
        (Object::Function(a), Object::Function(b)) => a == b,
        (Object::Class(a), Object::Class(b)) => a == b,
        (Object::Builtin(a), Object::Builtin(b)) => a == b,
        (Object::Method(a), Object::Method(b)) => {
            a.name == b.name && identical(&a.object, &b.object)?
        }
        (Object::Module(a), Object::Module(b)) => a == b,
        _ => false,
    })
}

/// `left op right` of a comparison.
pub(super) fn compare(heap: &mut Heap, op: CmpOp, left: &Object, right: &Object) -> Outcome<bool> {
    match op {
        CmpOp::Eq => equal(heap, left, right),
        CmpOp::NotEq => Ok(!equal(heap, left, right)?),
        CmpOp::Is => identical(left, right),
        CmpOp::IsNot => Ok(!identical(left, right)?),
        CmpOp::In => contains(heap, right, left),
        CmpOp::NotIn => Ok(!contains(heap, right, left)?),
        CmpOp::Lt => Ok(order(heap, left, right)? == Some(Ordering::Less)),
        CmpOp::Gt => Ok(order(heap, left, right)? == Some(Ordering::Greater)),
        CmpOp::LtE => Ok(order(heap, left, right)?.is_some_and(Ordering::is_le)),
        CmpOp::GtE => Ok(order(heap, left, right)?.is_some_and(Ordering::is_ge)),
    }
}

pub(super) fn equal(heap: &Heap, left: &Object, right: &Object) -> Outcome<bool> {
    let _level = heap.level()?;
    match (left, right) {
        (Object::List(a), Object::List(b)) | (Object::Tuple(a), Object::Tuple(b)) if a != b => {
            let (a, b) = (heap.items(*a), heap.items(*b));
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.each().zip(b.each()) {
                if !equal(heap, &a?.object, &b?.object)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Object::Dict(a), Object::Dict(b)) if a != b => {
            let (a, b) = (heap.entries_of(*a), heap.entries_of(*b));
            if a.len() != b.len() {
                return Ok(false);
            }
            for entry in a.each() {
                let (key, entry) = entry?;
                let Some(other) = b.get(key)? else { return Ok(false) };
                if !equal(heap, &entry.slot.object, &other.slot.object)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Object::Set(a), Object::Set(b)) if a != b => {
            let (a, b) = (heap.keys_of(*a), heap.keys_of(*b));
            if a.len() != b.len() {
                return Ok(false);
            }
            for key in a.each() {
                if !b.contains(key?)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => match (left.as_int(), right.as_int(), left.as_float(), right.as_float()) {
            (Some(a), Some(b), ..) => Ok(a == b),
            (.., Some(a), Some(b)) => Ok(a == b),
            _ => identical(left, right),
        },
    }
}

pub(super) fn order(heap: &Heap, left: &Object, right: &Object) -> Outcome<Option<Ordering>> {
    let _level = heap.level()?;
    match (left, right) {
        (Object::Str(a), Object::Str(b)) => Ok(Some(a.read()?.cmp(b.read()?))),
        (Object::List(a), Object::List(b)) | (Object::Tuple(a), Object::Tuple(b)) => {
            let (a, b) = (heap.items(*a), heap.items(*b));
            for (a, b) in a.each().zip(b.each()) {
                let (a, b) = (&a?.object, &b?.object);
                if !equal(heap, a, b)? {
                    return order(heap, a, b);
                }
            }
            Ok(Some(a.len().cmp(&b.len())))
        }
        _ => match (left.as_int(), right.as_int(), left.as_float(), right.as_float()) {
            (Some(a), Some(b), ..) => Ok(Some(a.cmp(&b))),
            (.., Some(a), Some(b)) => Ok(a.partial_cmp(&b)),
            _ => fault(format!("a {} and a {} have no order", left.type_name(), right.type_name())),
        },
    }
}

/// `element in container`.
fn contains(heap: &Heap, container: &Object, element: &Object) -> Outcome<bool> {
    match (container, element) {
        (Object::Str(text), Object::Str(part)) => Ok(text.read()?.contains(part.read()?)),
        (Object::Dict(id), _) => {
            let key = heap.key(element)?;
            Ok(heap.entries_of(*id).get(&key)?.is_some())
        }
        (Object::Set(id), _) => heap.keys_of(*id).contains(&heap.key(element)?),
        (Object::List(id) | Object::Tuple(id), _) => {
            for item in heap.items(*id).each() {
                if equal(heap, &item?.object, element)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Object::Range(range), _) => Ok(element.as_int().is_some_and(|int| range.contains(int))),
        _ => fault(format!("'in' does not apply to a {}", container.type_name())),
    }
}

/// `a += b` where Python changes `a` itself: lists, and dicts with `|=`.
pub(super) fn in_place(
    heap: &mut Heap,
    op: Operator,
    left: &Object,
    right: &Object,
    span: Span,
) -> Outcome<Object> {
    match (op, left) {
        (Operator::Add, Object::List(id)) => {
            extend(heap, *id, right, span)?;
            Ok(left.clone())
        }
        _ => binary(heap, op, left, right),
    }
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
