//! The methods of lists and tuples, and sorting.

use std::cmp::Ordering;

use super::super::call::Arguments;
use super::super::heap::{Heap, ListId, Outcome, Slot, fault};
use super::super::object::Object;
use super::super::{operator, subscript};
use crate::value::Span;

/// Methods that lists and tuples share.
pub(super) fn sequence_method(
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

pub(super) fn list_method(
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
pub(in crate::config::python) fn sorted(
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
