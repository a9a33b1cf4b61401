//! Comparisons: `==`, `<`, `is`, `in`.

use std::cmp::Ordering;

use ruff_python_ast::CmpOp;

use super::super::heap::Heap;
use super::super::object::{Object, Origin};
use super::super::text::Str;
use crate::config::meter::{Outcome, fault};

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
pub(in crate::config::python) fn compare(
    heap: &mut Heap,
    op: CmpOp,
    left: &Object,
    right: &Object,
) -> Outcome<bool> {
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

pub(in crate::config::python) fn equal(
    heap: &Heap,
    left: &Object,
    right: &Object,
) -> Outcome<bool> {
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

pub(in crate::config::python) fn order(
    heap: &Heap,
    left: &Object,
    right: &Object,
) -> Outcome<Option<Ordering>> {
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
