//! Python's operators on values.

use std::cmp::Ordering;

use ruff_python_ast::{CmpOp, Operator, UnaryOp};

use super::heap::{Dict, Heap, Outcome, Slot, fault};
use super::object::Object;
use super::show::MAX_STRING;
use super::{format, show};
use crate::config::MAX_DEPTH;
use crate::value::Span;

/// `bool(object)`.
pub(in crate::config) fn truth(heap: &mut Heap, object: &Object) -> bool {
    match object {
        Object::None => false,
        Object::Bool(bool) => *bool,
        Object::Int(int) => *int != 0,
        Object::Float(float) => *float != 0.0,
        Object::Str(string) => !string.is_empty(),
        Object::List(id) | Object::Tuple(id) => !heap.items(*id).is_empty(),
        Object::Dict(id) => !heap.get_dict(*id).entries.is_empty(),
        Object::Set(id) => !heap.get_set(*id).is_empty(),
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
            heap.take(a.len() + b.len())?;
            Ok(Object::str(&format!("{a}{b}")))
        }
        (Operator::Add, Object::List(a), Object::List(b)) => {
            heap.take_slots(heap.items(*a).len() + heap.items(*b).len())?;
            let joined = [heap.items(*a), heap.items(*b)].concat();
            heap.list(joined)
        }
        (Operator::Add, Object::Tuple(a), Object::Tuple(b)) => {
            heap.take_slots(heap.items(*a).len() + heap.items(*b).len())?;
            let joined = [heap.items(*a), heap.items(*b)].concat();
            heap.tuple(joined)
        }
        (Operator::Mult, Object::Str(string), other)
        | (Operator::Mult, other, Object::Str(string))
            if other.as_int().is_some() =>
        {
            let count = repetitions(other, string.len())?;
            heap.take(count * string.len())?;
            Ok(Object::str(&string.repeat(count)))
        }
        (Operator::Mult, Object::List(id), other) | (Operator::Mult, other, Object::List(id))
            if other.as_int().is_some() =>
        {
            let slots = heap.copy_items(*id)?;
            let slots = repeated(heap, slots, other)?;
            heap.list(slots)
        }
        (Operator::Mult, Object::Tuple(id), other) | (Operator::Mult, other, Object::Tuple(id))
            if other.as_int().is_some() =>
        {
            let slots = heap.copy_items(*id)?;
            let slots = repeated(heap, slots, other)?;
            heap.tuple(slots)
        }
        (Operator::Mod, Object::Str(template), _) => {
            let text = format::percent(heap, template, right)?;
            heap.string(&text)
        }
        (Operator::BitOr, Object::Dict(a), Object::Dict(b)) => {
            let (a, b) = (heap.copy_dict(*a)?, heap.copy_dict(*b)?);
            let entries = a.entries.into_iter().chain(b.entries).collect();
            Ok(Object::Dict(heap.dict(Dict { entries, config: a.config })?))
        }
        (Operator::BitOr | Operator::BitAnd | Operator::Sub, Object::Set(a), Object::Set(b)) => {
            let (a, b) = (heap.get_set(*a).clone(), heap.get_set(*b).clone());
            let set = match op {
                Operator::BitOr => a.union(&b).cloned().collect(),
                Operator::BitAnd => a.intersection(&b).cloned().collect(),
                _ => a.difference(&b).cloned().collect(),
            };
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
            if b < 0 && a.rem_euclid(b) != 0 { quotient - 1 } else { quotient }
        })),
        Operator::Mod => integer(
            a.checked_rem_euclid(b).map(|rem| if b < 0 && rem != 0 { rem + b } else { rem }),
        ),
        Operator::Pow if b < 0 => match floats(op, a as f64, b as f64)? {
            Some(float) => Ok(Object::Float(float)),
            None => fault(unsupported(op, left, right)),
        },
        Operator::Pow => integer(u32::try_from(b).ok().and_then(|b| a.checked_pow(b))),
        Operator::LShift => {
            integer(shift(b).and_then(|b| 1_i128.checked_shl(b)).and_then(|by| a.checked_mul(by)))
        }
        Operator::RShift => match u32::try_from(b) {
            Ok(by) => Ok(Object::Int(a >> by.min(127))),
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

fn repeated(heap: &mut Heap, slots: Vec<Slot>, count: &Object) -> Outcome<Vec<Slot>> {
    let count = repetitions(count, slots.len())?;
    heap.take_slots(count * slots.len())?;
    Ok(std::iter::repeat_n(slots, count).flatten().collect())
}

/// `left op right` of a comparison.
pub(super) fn compare(heap: &mut Heap, op: CmpOp, left: &Object, right: &Object) -> Outcome<bool> {
    match op {
        CmpOp::Eq => equal(heap, left, right, 0),
        CmpOp::NotEq => Ok(!equal(heap, left, right, 0)?),
        CmpOp::Is => Ok(left == right),
        CmpOp::IsNot => Ok(left != right),
        CmpOp::In => contains(heap, right, left),
        CmpOp::NotIn => Ok(!contains(heap, right, left)?),
        CmpOp::Lt => Ok(order(heap, left, right, 0)? == Some(Ordering::Less)),
        CmpOp::Gt => Ok(order(heap, left, right, 0)? == Some(Ordering::Greater)),
        CmpOp::LtE => Ok(order(heap, left, right, 0)?.is_some_and(Ordering::is_le)),
        CmpOp::GtE => Ok(order(heap, left, right, 0)?.is_some_and(Ordering::is_ge)),
    }
}

pub(super) fn equal(heap: &mut Heap, left: &Object, right: &Object, depth: usize) -> Outcome<bool> {
    if depth > MAX_DEPTH {
        return fault(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    heap.step(1)?;
    match (left, right) {
        (Object::List(a), Object::List(b)) | (Object::Tuple(a), Object::Tuple(b)) => {
            if a == b {
                return Ok(true);
            }
            let (a, b) = (heap.copy_items(*a)?, heap.copy_items(*b)?);
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(&b) {
                if !equal(heap, &a.object, &b.object, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Object::Dict(a), Object::Dict(b)) => {
            if a == b {
                return Ok(true);
            }
            let (a, b) = (heap.copy_dict(*a)?, heap.copy_dict(*b)?);
            if a.entries.len() != b.entries.len() {
                return Ok(false);
            }
            for (key, entry) in &a.entries {
                let Some(other) = b.entries.get(key) else { return Ok(false) };
                if !equal(heap, &entry.slot.object, &other.slot.object, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Object::Set(a), Object::Set(b)) => Ok(heap.get_set(*a) == heap.get_set(*b)),
        _ => match (left.as_int(), right.as_int(), left.as_float(), right.as_float()) {
            (Some(a), Some(b), ..) => Ok(a == b),
            (.., Some(a), Some(b)) => Ok(a == b),
            _ => Ok(left == right),
        },
    }
}

pub(super) fn order(
    heap: &mut Heap,
    left: &Object,
    right: &Object,
    depth: usize,
) -> Outcome<Option<Ordering>> {
    if depth > MAX_DEPTH {
        return fault(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    heap.step(1)?;
    match (left, right) {
        (Object::Str(a), Object::Str(b)) => Ok(Some(a.cmp(b))),
        (Object::List(a), Object::List(b)) | (Object::Tuple(a), Object::Tuple(b)) => {
            let (a, b) = (heap.copy_items(*a)?, heap.copy_items(*b)?);
            for (a, b) in a.iter().zip(&b) {
                if !equal(heap, &a.object, &b.object, depth + 1)? {
                    return order(heap, &a.object, &b.object, depth + 1);
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
fn contains(heap: &mut Heap, container: &Object, element: &Object) -> Outcome<bool> {
    match (container, element) {
        (Object::Str(string), Object::Str(part)) => {
            heap.step(string.len())?;
            Ok(string.contains(&**part))
        }
        (Object::Dict(id), _) => {
            let key = heap.key(element)?;
            Ok(heap.get_dict(*id).entries.contains_key(&key))
        }
        (Object::Set(id), _) => {
            let key = heap.key(element)?;
            Ok(heap.get_set(*id).contains(&key))
        }
        (Object::List(id) | Object::Tuple(id), _) => {
            let items = heap.copy_items(*id)?;
            for item in items {
                if equal(heap, &item.object, element, 0)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Object::Range(range), _) => match element.as_int() {
            Some(int) => {
                let (low, high) = if range.step > 0 {
                    (range.start, range.stop)
                } else {
                    (range.stop + 1, range.start + 1)
                };
                let offset = int.checked_sub(range.start).map(|offset| offset % range.step);
                Ok((low..high).contains(&int) && offset == Some(0))
            }
            None => Ok(false),
        },
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
            let more = heap.elements(right, span)?;
            heap.push(*id, more)?;
            Ok(left.clone())
        }
        _ => binary(heap, op, left, right),
    }
}

/// A message's view of an object: its `repr`, cut.
pub(super) fn shown(heap: &mut Heap, object: &Object) -> String {
    let text = show::repr(heap, object).unwrap_or_else(|_| object.type_name().to_owned());
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}
