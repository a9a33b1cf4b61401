//! What Python's built-in functions give.

mod number;
mod path;

use std::cmp::Ordering;

use self::number::{int, range, round};
use self::path::path;
use super::call::Arguments;
use super::entries::Keys;
use super::evaluate::Evaluator;
use super::heap::{Dict, Heap, Walk};
use super::object::{Builtin, Object};
use super::slots::{Slot, Slots};
use super::{Scope, format, methods, operator, show, subscript};
use crate::config::meter::{Outcome, fault};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// Calls a built-in function.
pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Result<Object, Diagnostic> {
    match builtin {
        Builtin::Map | Builtin::Filter => mapped(evaluator, builtin, arguments, span),
        Builtin::Sorted | Builtin::Min | Builtin::Max => {
            ordered(evaluator, builtin, arguments, span)
        }
        _ => {
            let result = plain(evaluator.heap(), builtin, arguments, span);
            evaluator.at(span, result)
        }
    }
}

fn mapped(
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

fn ordered(
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

/// Those that call nothing themselves.
fn plain(heap: &mut Heap, builtin: Builtin, arguments: &Arguments, span: Span) -> Outcome<Object> {
    let name = builtin.name();
    let count = arguments.positional.len();
    let object = |index: usize| arguments.get(index, name).map(|slot| slot.object.clone());
    match builtin {
        Builtin::Dict | Builtin::OrderedDict => {
            let entries = methods::from_arguments(heap, arguments, span)?;
            Ok(Object::Dict(heap.share_dict(Dict { entries, config: false })?))
        }
        Builtin::List | Builtin::Tuple | Builtin::Iter | Builtin::Reversed => {
            let mut slots =
                if count == 0 { heap.slots()? } else { heap.elements(&object(0)?, span)? };
            if builtin == Builtin::Reversed {
                slots.reverse()?;
            }
            match builtin {
                Builtin::List => heap.list(slots),
                Builtin::Tuple => heap.tuple(slots),
                _ => heap.iter(slots),
            }
        }
        Builtin::Set | Builtin::Frozenset if count == 0 => {
            let keys = Keys::new(heap.meter())?;
            heap.set(keys)
        }
        Builtin::Set | Builtin::Frozenset => {
            let walk = heap.walk(&object(0)?, span)?;
            heap.set_of(walk)
        }
        Builtin::Next => match object(0)? {
            Object::Iter(id) => match (heap.next(id)?, arguments.positional.get(1)?) {
                (Some(slot), _) => Ok(slot.object),
                (None, Some(default)) => Ok(default.object.clone()),
                (None, None) => fault("the iterator is at its end"),
            },
            other => fault(format!("next() takes an iterator, found a {}", other.type_name())),
        },
        Builtin::Range => range(arguments),
        Builtin::Enumerate => {
            let start = match arguments.named("start")? {
                Some(start) => Some(start),
                None => arguments.positional.get(1)?.cloned(),
            };
            let start = start.and_then(|start| start.object.as_int()).unwrap_or(0);
            let mut walk = heap.walk(&object(0)?, span)?;
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
        Builtin::Product => product(heap, arguments, span),
        Builtin::Len => {
            let len = match object(0)? {
                Object::Str(text) => text.read()?.chars().count(),
                Object::List(id) | Object::Tuple(id) => heap.len(id),
                Object::Dict(id) => heap.entries_of(id).len(),
                Object::Set(id) => heap.keys_of(id).len(),
                Object::Range(range) => usize::try_from(range.len()).unwrap_or(usize::MAX),
                other => return fault(format!("a {} has no length", other.type_name())),
            };
            Ok(Object::Int(len as i128))
        }
        Builtin::Sum | Builtin::Prod => {
            let (op, start) = match builtin {
                Builtin::Sum => (ruff_python_ast::Operator::Add, 0),
                _ => (ruff_python_ast::Operator::Mult, 1),
            };
            let given = match arguments.positional.get(1)? {
                Some(start) => Some(start.clone()),
                None => arguments.named("start")?,
            };
            let mut sum = given.map_or(Object::Int(start), |start| start.object);
            let mut walk = heap.walk(&object(0)?, span)?;
            while let Some(slot) = walk.next(heap)? {
                sum = operator::binary(heap, op, &sum, &slot.object)?;
            }
            Ok(sum)
        }
        Builtin::All | Builtin::Any => {
            let mut walk = heap.walk(&object(0)?, span)?;
            while let Some(slot) = walk.next(heap)? {
                if operator::truth(heap, &slot.object) == (builtin == Builtin::Any) {
                    return Ok(Object::Bool(builtin == Builtin::Any));
                }
            }
            Ok(Object::Bool(builtin == Builtin::All))
        }
        Builtin::Bool => {
            let value = if count == 0 { Object::None } else { object(0)? };
            Ok(Object::Bool(operator::truth(heap, &value)))
        }
        Builtin::Int => int(arguments),
        Builtin::Float => match arguments.positional.get(0)?.map(|slot| &slot.object) {
            None => Ok(Object::Float(0.0)),
            Some(object @ Object::Str(text)) => {
                let digits = text.read()?.trim();
                // Python has no number that needs more, and the digits are copied.
                let parsed = (digits.len() <= number::MAX_DIGITS)
                    .then(|| digits.replace('_', "").parse().ok())
                    .flatten();
                match parsed {
                    Some(float) => Ok(Object::Float(float)),
                    None => fault(format!("{} is no number", operator::shown(heap, object))),
                }
            }
            Some(other) => match other.as_float() {
                Some(float) => Ok(Object::Float(float)),
                None => fault(format!("a {} is no number", other.type_name())),
            },
        },
        Builtin::Str if count == 0 => heap.string(""),
        Builtin::Str => Ok(Object::Str(show::str(heap, &object(0)?)?)),
        Builtin::Repr => Ok(Object::Str(show::repr(heap, &object(0)?)?)),
        Builtin::Format => {
            let spec = if count > 1 { arguments.text(1, name)? } else { "" };
            let mut out = heap.buffer();
            format::format(heap, &object(0)?, spec, &mut out)?;
            Ok(Object::Str(out.finish()?))
        }
        Builtin::Abs => match object(0)? {
            Object::Float(float) => Ok(Object::Float(float.abs())),
            other => match other.as_int().map(i128::checked_abs) {
                Some(Some(int)) => Ok(Object::Int(int)),
                _ => fault(format!("a {} has no absolute value", other.type_name())),
            },
        },
        Builtin::Round => round(arguments),
        Builtin::Floor | Builtin::Ceil => {
            match object(0)? {
                Object::Float(x) if x.is_finite() && x.abs() < 1e38 => {
                    Ok(Object::Int(
                        if builtin == Builtin::Floor { x.floor() } else { x.ceil() } as i128
                    ))
                }
                other => match other.as_int() {
                    Some(int) => Ok(Object::Int(int)),
                    None => fault(format!("{name}() does not apply to this {}", other.type_name())),
                },
            }
        }
        Builtin::Sqrt => match object(0)?.as_float() {
            Some(x) if x >= 0.0 => Ok(Object::Float(x.sqrt())),
            _ => fault("math.sqrt() takes a number from 0"),
        },
        Builtin::Gcd => {
            let (mut a, mut b) =
                (arguments.int(0, name)?.unsigned_abs(), arguments.int(1, name)?.unsigned_abs());
            while let Some(rest) = a.checked_rem(b) {
                (a, b) = (b, rest);
            }
            Ok(Object::Int(i128::try_from(a).unwrap_or(i128::MAX)))
        }
        Builtin::Divmod => {
            let (a, b) = (object(0)?, object(1)?);
            let quotient = operator::binary(heap, ruff_python_ast::Operator::FloorDiv, &a, &b)?;
            let rest = operator::binary(heap, ruff_python_ast::Operator::Mod, &a, &b)?;
            heap.pair(Slot { object: quotient, span }, Slot { object: rest, span })
        }
        Builtin::Pow => {
            operator::binary(heap, ruff_python_ast::Operator::Pow, &object(0)?, &object(1)?)
        }
        Builtin::Ord => {
            let mut chars = arguments.text(0, name)?.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(Object::Int(i128::from(u32::from(c)))),
                _ => fault("ord() takes one character"),
            }
        }
        Builtin::Chr => {
            let code = arguments.int(0, name)?;
            match u32::try_from(code).ok().and_then(char::from_u32) {
                Some(c) => heap.string(c.encode_utf8(&mut [0; 4])),
                None => fault(format!("{code} is no character")),
            }
        }
        Builtin::Isinstance => is_instance(heap, &object(0)?, &object(1)?, span),
        Builtin::Hasattr => {
            let text = arguments.text(1, name)?;
            Ok(Object::Bool(subscript::find_attribute(heap, &object(0)?, text)?.is_some()))
        }
        Builtin::Getattr => {
            let (object, text) = (object(0)?, arguments.text(1, name)?);
            match (subscript::find_attribute(heap, &object, text)?, arguments.positional.get(2)?) {
                (Some(found), _) => Ok(found),
                (None, Some(default)) => Ok(default.object.clone()),
                (None, None) => subscript::attribute(heap, &object, text),
            }
        }
        Builtin::Print => Ok(Object::None),
        Builtin::Copy => match object(0)? {
            Object::Dict(id) => {
                let dict = heap.get_dict(id);
                Ok(Object::Dict(heap.share_dict(dict)?))
            }
            Object::List(id) => {
                let items = heap.items(id);
                Ok(Object::List(heap.share_list(items)?))
            }
            other => Ok(other),
        },
        Builtin::Deepcopy => subscript::deep_copy(heap, &object(0)?, Scope::Kept),
        Builtin::PathJoin
        | Builtin::PathBasename
        | Builtin::PathDirname
        | Builtin::PathSplitext => path(heap, builtin, arguments, span),
        Builtin::Map | Builtin::Filter | Builtin::Sorted | Builtin::Min | Builtin::Max => {
            fault(format!("{name}() is not evaluated here"))
        }
    }
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
    let mut columns = Vec::new();
    for part in arguments.positional.each() {
        columns.push(heap.elements(&part?.object, span)?);
    }
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

fn is_instance(heap: &mut Heap, object: &Object, class: &Object, span: Span) -> Outcome<Object> {
    let is = |class: &Object| {
        matches!(
            (class, object),
            (Object::Builtin(Builtin::Dict), Object::Dict(_))
                | (Object::Builtin(Builtin::List), Object::List(_))
                | (Object::Builtin(Builtin::Tuple), Object::Tuple(_))
                | (Object::Builtin(Builtin::Set), Object::Set(_))
                | (Object::Builtin(Builtin::Str), Object::Str(_))
                | (Object::Builtin(Builtin::Int), Object::Int(_) | Object::Bool(_))
                | (Object::Builtin(Builtin::Float), Object::Float(_))
                | (Object::Builtin(Builtin::Bool), Object::Bool(_))
        )
    };
    let Object::Tuple(_) = class else { return Ok(Object::Bool(is(class))) };
    let mut classes = heap.walk(class, span)?;
    let mut hit = false;
    while let Some(class) = classes.next(heap)? {
        hit = hit || is(&class.object);
    }
    Ok(Object::Bool(hit))
}
