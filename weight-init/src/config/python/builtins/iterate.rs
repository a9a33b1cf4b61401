//! Built-in functions that walk over elements, some by calling a function of the config.

use std::cmp::Ordering;

use super::super::call::Arguments;
use super::super::evaluate::Evaluator;
use super::super::heap::{Heap, Walk};
use super::super::object::{Builtin, Object};
use super::super::slots::{Slot, Slots};
use super::super::{methods, operator};
use crate::config::meter::{Outcome, fault};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// `enumerate`, `zip`, `itertools.chain`, `itertools.product`.
pub(super) fn iterate(
    heap: &mut Heap,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    match builtin {
        Builtin::Enumerate => {
            let start = match arguments.named("start")? {
                Some(start) => Some(start),
                None => arguments.positional.get(1)?.cloned(),
            };
            let start = start.and_then(|start| start.object.as_int()).unwrap_or(0);
            let mut walk = heap.walk(&arguments.get(0, "enumerate")?.object, span)?;
            let mut pairs = heap.slots()?;
            while let Some(slot) = walk.next(heap)? {
                let number = Object::Int(start.saturating_add(pairs.len() as i128));
                let object = heap.pair(Slot { object: number, span }, slot)?;
                pairs.push(Slot { object, span })?;
            }
            heap.iter(pairs)
        }
        Builtin::Zip => {
            let mut columns = columns(heap, arguments, 0, span)?;
            let mut rows = heap.slots()?;
            while let Some(row) = row(heap, &mut columns)? {
                rows.push(Slot { object: heap.tuple(row)?, span })?;
            }
            heap.iter(rows)
        }
        Builtin::Chain => {
            let mut slots = heap.slots()?;
            for mut part in columns(heap, arguments, 0, span)? {
                while let Some(slot) = part.next(heap)? {
                    slots.push(slot)?;
                }
            }
            heap.iter(slots)
        }
        _ => product(heap, arguments, span),
    }
}

pub(super) fn mapped(
    evaluator: &mut Evaluator<'_>,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Result<Object, Diagnostic> {
    let function = evaluator.at(span, arguments.get(0, builtin.name()))?.object.clone();
    let columns = columns(evaluator.heap(), arguments, 1, span);
    let mut columns = evaluator.at(span, columns)?;
    let out = evaluator.heap().slots();
    let mut out = evaluator.at(span, out)?;
    loop {
        let row = row(evaluator.heap(), &mut columns);
        let Some(row) = evaluator.at(span, row)? else { break };
        let kept = evaluator.at(span, row.get(0))?.cloned();
        let passes = builtin == Builtin::Filter && matches!(function, Object::None);
        let result = if passes {
            kept.as_ref().map_or(Object::None, |slot| slot.object.clone())
        } else {
            let arguments = Arguments::row(evaluator.heap(), row);
            let arguments = evaluator.at(span, arguments)?;
            evaluator.call(&function, arguments, span)?
        };
        let slot = match (builtin, kept) {
            (Builtin::Map, _) => Slot { object: result, span },
            (_, Some(kept)) if operator::truth(evaluator.heap(), &result) => kept,
            _ => continue,
        };
        evaluator.at(span, out.push(slot))?;
    }
    let iter = evaluator.heap().iter(out);
    evaluator.at(span, iter)
}

pub(super) fn ordered(
    evaluator: &mut Evaluator<'_>,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Result<Object, Diagnostic> {
    let named = |name: &str| evaluator.at(span, arguments.named(name));
    let (key, default) = (named("key")?, named("default")?);
    let reverse = arguments.is_true(evaluator.heap(), "reverse");
    let reverse = evaluator.at(span, reverse)?;
    let elements = match arguments.positional.len() {
        1 => {
            let one = evaluator.at(span, arguments.get(0, builtin.name()))?;
            evaluator.heap().elements(&one.object, one.span)
        }
        _ => arguments.positional.copy(),
    };
    let elements = evaluator.at(span, elements)?;
    let keys = match key {
        None | Some(Slot { object: Object::None, .. }) => None,
        Some(function) => {
            let keys = Slots::with_capacity(evaluator.heap().meter(), elements.len());
            let mut keys = evaluator.at(span, keys)?;
            for element in elements.each() {
                let element = evaluator.at(span, element)?.clone();
                let row = Slots::of(evaluator.heap().meter(), [element])
                    .and_then(|row| Arguments::row(evaluator.heap(), row));
                let row = evaluator.at(span, row)?;
                let object = evaluator.call(&function.object, row, span)?;
                evaluator.at(span, keys.push(Slot { object, span }))?;
            }
            Some(keys)
        }
    };
    let keys = keys.as_ref().unwrap_or(&elements);
    let heap = evaluator.heap();
    let chosen = match builtin {
        Builtin::Sorted => {
            methods::sorted(heap, keys, &elements, reverse).and_then(|sorted| heap.list(sorted))
        }
        _ => extreme(heap, keys, &elements, builtin == Builtin::Max, default),
    };
    evaluator.at(span, chosen)
}

/// A walk over each argument from `first` on.
fn columns(heap: &Heap, arguments: &Arguments, first: usize, span: Span) -> Outcome<Vec<Walk>> {
    let mut columns = Vec::new();
    for index in first..arguments.positional.len() {
        if let Some(part) = arguments.positional.get(index)? {
            columns.push(heap.walk(&part.object, span)?);
        }
    }
    Ok(columns)
}

/// The next elements of all columns, until the shortest ends.
fn row(heap: &mut Heap, columns: &mut [Walk]) -> Outcome<Option<Slots>> {
    let mut row = heap.slots()?;
    for column in columns.iter_mut() {
        let Some(slot) = column.next(heap)? else { return Ok(None) };
        row.push(slot)?;
    }
    Ok((!columns.is_empty()).then_some(row))
}

/// `itertools.product`: the last column changes fastest.
fn product(heap: &mut Heap, arguments: &Arguments, span: Span) -> Outcome<Object> {
    let repeat = match arguments.named("repeat")?.map(|slot| slot.object.as_int()) {
        None => 1,
        Some(Some(repeat)) if repeat >= 0 => usize::try_from(repeat).unwrap_or(usize::MAX),
        Some(_) => return fault("itertools.product() repeats an integer of times"),
    };
    let mut given = Vec::new();
    for part in arguments.positional.each() {
        given.push(heap.elements(&part?.object, span)?);
    }
    let count = given.len().saturating_mul(repeat);
    heap.step(count)?;
    heap.meter().take(count.saturating_mul(2 * size_of::<usize>()))?;
    let columns: Vec<&Slots> = given.iter().cycle().take(count).collect();
    let mut rows = heap.slots()?;
    let mut at = vec![0; columns.len()];
    'rows: loop {
        let mut row = heap.slots()?;
        for (column, index) in columns.iter().zip(&at) {
            let Some(slot) = column.get(*index)? else { break 'rows };
            row.push(slot.clone())?;
        }
        rows.push(Slot { object: heap.tuple(row)?, span })?;
        let mut place = columns.len();
        loop {
            let Some(last) = place.checked_sub(1) else { break 'rows };
            at[last] += 1;
            if at[last] < columns[last].len() {
                break;
            }
            at[last] = 0;
            place = last;
        }
    }
    heap.iter(rows)
}

fn extreme(
    heap: &Heap,
    keys: &Slots,
    slots: &Slots,
    max: bool,
    default: Option<Slot>,
) -> Outcome<Object> {
    let better = if max { Ordering::Greater } else { Ordering::Less };
    let mut best = 0;
    for index in 1..keys.len() {
        if let (Some(next), Some(old)) = (keys.get(index)?, keys.get(best)?)
            && operator::order(heap, &next.object, &old.object)? == Some(better)
        {
            best = index;
        }
    }
    match (slots.get(best)?, default) {
        (Some(slot), _) => Ok(slot.object.clone()),
        (None, Some(default)) => Ok(default.object),
        (None, None) => fault("min() and max() of nothing"),
    }
}
