//! The methods of lists and tuples, and sorting.

use std::cmp::Ordering;

use super::super::call::Arguments;
use super::super::heap::{Heap, ListId};
use super::super::object::Object;
use super::super::slots::Slots;
use super::super::{operator, subscript};
use crate::config::meter::{Charge, Outcome, fault};
use crate::value::Span;

/// Methods that lists and tuples share.
pub(super) fn sequence_method(
    heap: &mut Heap,
    id: ListId,
    name: &str,
    arguments: &Arguments,
) -> Outcome<Object> {
    let wanted = &arguments.get(0, name)?.object;
    let mut count = 0_usize;
    for (index, item) in heap.items(id).each().enumerate() {
        if operator::equal(heap, &item?.object, wanted)? {
            if name == "index" {
                return Ok(Object::Int(index as i128));
            }
            count += 1;
        }
    }
    match name {
        "count" => Ok(Object::Int(count as i128)),
        _ => {
            let shown = operator::shown(heap, wanted);
            fault(format!("{shown} is not in the list"))
        }
    }
}

pub(super) fn list_method(
    heap: &mut Heap,
    id: ListId,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    match name {
        "append" => heap.items_mut(id)?.push(arguments.get(0, name)?.clone())?,
        "extend" => operator::extend(heap, id, &arguments.get(0, name)?.object, span)?,
        "insert" => {
            let (at, len) = (arguments.int(0, name)?, heap.len(id));
            let at = if at < 0 { at.saturating_add(len as i128).max(0) } else { at };
            let at = usize::try_from(at).unwrap_or(len);
            let slot = arguments.get(1, name)?.clone();
            heap.items_mut(id)?.splice(at, 0, [slot])?;
        }
        "pop" => {
            let last = Object::Int(-1);
            let index = arguments.positional.get(0)?.map_or(&last, |slot| &slot.object);
            let index = subscript::index_of(&Object::List(id), index, heap.len(id))?;
            let removed = heap.items_mut(id)?.remove(index)?;
            return Ok(removed.map_or(Object::None, |slot| slot.object));
        }
        "remove" => {
            if let Object::Int(index) = sequence_method(heap, id, "index", arguments)? {
                heap.items_mut(id)?.remove(usize::try_from(index).unwrap_or(0))?;
            }
        }
        "clear" => heap.items_mut(id)?.clear(),
        "reverse" => heap.items_mut(id)?.reverse()?,
        "copy" => {
            let items = heap.items(id);
            return Ok(Object::List(heap.share_list(items)?));
        }
        "sort" => {
            if arguments.named("key")?.is_some() {
                return fault("sort with a key is not evaluated: use sorted(..., key=...)");
            }
            let reverse = arguments.is_true(heap, "reverse")?;
            let items = heap.items(id);
            let sorted = sorted(heap, &items, &items, reverse)?;
            heap.set_items(id, sorted);
        }
        _ => return sequence_method(heap, id, name, arguments),
    }
    Ok(Object::None)
}

/// The elements in the order of their keys; equal ones keep theirs, in reverse too.
///
/// A merge sort of our own: the standard library's may not be left early, and panics on keys without a total order.
pub(in crate::config::python) fn sorted(
    heap: &mut Heap,
    keys: &Slots,
    slots: &Slots,
    reverse: bool,
) -> Outcome<Slots> {
    let count = keys.len();
    let mut charge = Charge::new(heap.meter());
    charge.take(count.saturating_mul(2 * size_of::<usize>()))?;
    let mut order: Vec<usize> = (0..count).collect();
    let mut merged = Vec::with_capacity(count);
    let later = if reverse { Ordering::Less } else { Ordering::Greater };
    let mut run = 1;
    while run < count {
        heap.step(count)?;
        for pair in order.chunks(2 * run) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                let (Some(key_a), Some(key_b)) = (keys.get(*a)?, keys.get(*b)?) else { break };
                if operator::order(heap, &key_a.object, &key_b.object)? == Some(later) {
                    merged.push(*b);
                    right = right_rest;
                } else {
                    merged.push(*a);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut order, &mut merged);
        merged.clear();
        run *= 2;
    }
    let mut sorted = Slots::with_capacity(heap.meter(), count)?;
    for index in order {
        if let Some(slot) = slots.get(index)? {
            sorted.push(slot.clone())?;
        }
    }
    Ok(sorted)
}
