//! What Python's built-in functions give.

mod number;
mod path;

use std::cmp::Ordering;

use indexmap::IndexSet;

use self::number::{int, range, round};
use self::path::path;
use super::call::Arguments;
use super::evaluate::Evaluator;
use super::heap::{Heap, Key, Outcome, Slot, fault};
use super::object::{Builtin, Object};
use super::{Scope, format, methods, operator, show, subscript};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// Calls a built-in function.
pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Result<Object, Diagnostic> {
    let given = |name: &str| arguments.named(name).map(|slot| slot.object.clone());
    match builtin {
        Builtin::Map | Builtin::Filter => {
            let first = arguments.get(0, builtin.name()).cloned();
            let function = evaluator.at(span, first)?.object;
            let walked = columns(evaluator.heap(), &arguments.positional[1..], span);
            let mut out = Vec::new();
            for row in evaluator.at(span, walked)? {
                let kept = row.first().cloned();
                let passes = builtin == Builtin::Filter && function == Object::None;
                let result = if passes {
                    kept.as_ref().map_or(Object::None, |slot| slot.object.clone())
                } else {
                    evaluator.call(
                        &function,
                        Arguments { positional: row, named: Vec::new() },
                        span,
                    )?
                };
                if builtin == Builtin::Map {
                    out.push(Slot { object: result, span });
                } else if operator::truth(evaluator.heap(), &result) {
                    out.extend(kept);
                }
            }
            let iter = evaluator.heap().iter(out);
            evaluator.at(span, iter)
        }
        Builtin::Sorted | Builtin::Min | Builtin::Max => {
            let elements = match arguments.positional.as_slice() {
                [one] => evaluator.heap().elements(&one.object, one.span),
                many => Ok(many.to_vec()),
            };
            let elements = evaluator.at(span, elements)?;
            let mut keyed = Vec::with_capacity(elements.len());
            for element in elements {
                let key = match given("key") {
                    None | Some(Object::None) => element.object.clone(),
                    Some(function) => {
                        let arguments =
                            Arguments { positional: vec![element.clone()], named: Vec::new() };
                        evaluator.call(&function, arguments, span)?
                    }
                };
                keyed.push((key, element));
            }
            let default = given("default");
            let reverse =
                given("reverse").is_some_and(|reverse| operator::truth(evaluator.heap(), &reverse));
            let chosen = match builtin {
                Builtin::Sorted => methods::sorted(evaluator.heap(), keyed, reverse)
                    .and_then(|sorted| evaluator.heap().list(sorted)),
                _ => extreme(evaluator.heap(), keyed, builtin == Builtin::Max, default),
            };
            evaluator.at(span, chosen)
        }
        _ => {
            let result = plain(evaluator.heap(), builtin, arguments, span);
            evaluator.at(span, result)
        }
    }
}

/// Those that call nothing themselves.
fn plain(heap: &mut Heap, builtin: Builtin, arguments: &Arguments, span: Span) -> Outcome<Object> {
    let name = builtin.name();
    let count = arguments.positional.len();
    let object = |index: usize| arguments.get(index, name).map(|slot| slot.object.clone());
    let made = |objects: Vec<Object>| {
        objects.into_iter().map(|object| Slot { object, span }).collect::<Vec<_>>()
    };
    match builtin {
        Builtin::Dict | Builtin::OrderedDict => {
            let dict = methods::from_arguments(heap, arguments, span)?;
            Ok(Object::Dict(heap.dict(dict)?))
        }
        Builtin::List | Builtin::Tuple | Builtin::Iter | Builtin::Reversed => {
            let mut slots = if count == 0 { Vec::new() } else { heap.elements(&object(0)?, span)? };
            if builtin == Builtin::Reversed {
                slots.reverse();
            }
            match builtin {
                Builtin::List => heap.list(slots),
                Builtin::Tuple => heap.tuple(slots),
                _ => heap.iter(slots),
            }
        }
        Builtin::Set | Builtin::Frozenset => {
            let slots = if count == 0 { Vec::new() } else { heap.elements(&object(0)?, span)? };
            let keys = slots
                .iter()
                .map(|slot| heap.key(&slot.object))
                .collect::<Outcome<IndexSet<Key>>>()?;
            heap.set(keys)
        }
        Builtin::Next => match (object(0)?, arguments.positional.get(1)) {
            (Object::Iter(id), default) => match (heap.iter_mut(id).pop_front(), default) {
                (Some(slot), _) => Ok(slot.object),
                (None, Some(default)) => Ok(default.object.clone()),
                (None, None) => fault("the iterator is at its end"),
            },
            (other, _) => fault(format!("next() takes an iterator, found a {}", other.type_name())),
        },
        Builtin::Range => range(arguments),
        Builtin::Enumerate => {
            let start = match arguments.named("start").or_else(|| arguments.positional.get(1)) {
                Some(start) => start.object.as_int().unwrap_or(0),
                None => 0,
            };
            let slots = heap.elements(&object(0)?, span)?;
            let mut pairs = Vec::with_capacity(slots.len());
            for (index, slot) in slots.into_iter().enumerate() {
                let number =
                    Slot { object: Object::Int(start.saturating_add(index as i128)), span };
                pairs.push(Slot { object: heap.tuple(vec![number, slot])?, span });
            }
            heap.iter(pairs)
        }
        Builtin::Zip => {
            let rows = columns(heap, &arguments.positional, span)?;
            let tuples = rows.into_iter().map(|row| Ok(Slot { object: heap.tuple(row)?, span }));
            let tuples = tuples.collect::<Outcome<_>>()?;
            heap.iter(tuples)
        }
        Builtin::Chain => {
            let mut slots = Vec::new();
            for part in &arguments.positional {
                slots.extend(heap.elements(&part.object, span)?);
            }
            heap.iter(slots)
        }
        Builtin::Product => {
            let mut rows = vec![Vec::new()];
            for part in &arguments.positional {
                let slots = heap.elements(&part.object, span)?;
                heap.take_slots(
                    rows.len()
                        .saturating_mul(slots.len())
                        .saturating_mul(arguments.positional.len()),
                )?;
                rows = rows
                    .iter()
                    .flat_map(|row| {
                        slots
                            .iter()
                            .map(|slot| [row.as_slice(), std::slice::from_ref(slot)].concat())
                    })
                    .collect();
            }
            let tuples = rows.into_iter().map(|row| Ok(Slot { object: heap.tuple(row)?, span }));
            let tuples = tuples.collect::<Outcome<_>>()?;
            heap.iter(tuples)
        }
        Builtin::Len => {
            let len = match object(0)? {
                Object::Str(string) => string.chars().count(),
                Object::List(id) | Object::Tuple(id) => heap.items(id).len(),
                Object::Dict(id) => heap.get_dict(id).entries.len(),
                Object::Set(id) => heap.get_set(id).len(),
                Object::Range(range) => usize::try_from(range.len()).unwrap_or(usize::MAX),
                other => return fault(format!("a {} has no length", other.type_name())),
            };
            Ok(Object::Int(len as i128))
        }
        Builtin::Sum | Builtin::Prod => {
            let slots = heap.elements(&object(0)?, span)?;
            let start = i128::from(builtin == Builtin::Prod);
            let start = match arguments.positional.get(1).or_else(|| arguments.named("start")) {
                Some(start) => start.object.clone(),
                None => Object::Int(start),
            };
            let op = if builtin == Builtin::Sum {
                ruff_python_ast::Operator::Add
            } else {
                ruff_python_ast::Operator::Mult
            };
            slots.iter().try_fold(start, |sum, slot| operator::binary(heap, op, &sum, &slot.object))
        }
        Builtin::All | Builtin::Any => {
            let slots = heap.elements(&object(0)?, span)?;
            let mut truths = slots.iter().map(|slot| operator::truth(heap, &slot.object));
            Ok(Object::Bool(if builtin == Builtin::All {
                truths.all(|t| t)
            } else {
                truths.any(|t| t)
            }))
        }
        Builtin::Bool => {
            let value = if count == 0 { Object::None } else { object(0)? };
            Ok(Object::Bool(operator::truth(heap, &value)))
        }
        Builtin::Int => int(arguments),
        Builtin::Float => match arguments.positional.first().map(|slot| &slot.object) {
            None => Ok(Object::Float(0.0)),
            Some(Object::Str(text)) => match text.trim().replace('_', "").parse() {
                Ok(float) => Ok(Object::Float(float)),
                Err(_) => {
                    fault(format!("'{}' is no number", operator::shown(heap, &Object::str(text))))
                }
            },
            Some(other) => match other.as_float() {
                Some(float) => Ok(Object::Float(float)),
                None => fault(format!("a {} is no number", other.type_name())),
            },
        },
        Builtin::Str => {
            let text = if count == 0 { String::new() } else { show::str(heap, &object(0)?)? };
            heap.string(&text)
        }
        Builtin::Repr => {
            let text = show::repr(heap, &object(0)?)?;
            heap.string(&text)
        }
        Builtin::Format => {
            let spec = if count > 1 { arguments.text(1, name)?.to_string() } else { String::new() };
            let text = format::format(heap, &object(0)?, &spec)?;
            heap.string(&text)
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
            while b != 0 {
                (a, b) = (b, a % b);
            }
            Ok(Object::Int(i128::try_from(a).unwrap_or(i128::MAX)))
        }
        Builtin::Divmod => {
            let (a, b) = (object(0)?, object(1)?);
            let quotient = operator::binary(heap, ruff_python_ast::Operator::FloorDiv, &a, &b)?;
            let rest = operator::binary(heap, ruff_python_ast::Operator::Mod, &a, &b)?;
            heap.tuple(made(vec![quotient, rest]))
        }
        Builtin::Pow => {
            operator::binary(heap, ruff_python_ast::Operator::Pow, &object(0)?, &object(1)?)
        }
        Builtin::Ord => {
            let text = arguments.text(0, name)?;
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(Object::Int(i128::from(u32::from(c)))),
                _ => fault("ord() takes one character"),
            }
        }
        Builtin::Chr => {
            let code = arguments.int(0, name)?;
            match u32::try_from(code).ok().and_then(char::from_u32) {
                Some(c) => Ok(Object::str(c.encode_utf8(&mut [0; 4]))),
                None => fault(format!("{code} is no character")),
            }
        }
        Builtin::Isinstance => is_instance(heap, &object(0)?, &object(1)?),
        Builtin::Hasattr => {
            let text = arguments.text(1, name)?;
            Ok(Object::Bool(subscript::attribute(heap, &object(0)?, &text).is_ok()))
        }
        Builtin::Getattr => {
            let text = arguments.text(1, name)?;
            match (subscript::attribute(heap, &object(0)?, &text), arguments.positional.get(2)) {
                (Err(_), Some(default)) => Ok(default.object.clone()),
                (result, _) => result,
            }
        }
        Builtin::Print => Ok(Object::None),
        Builtin::Copy => match object(0)? {
            Object::Dict(id) => {
                let copy = heap.copy_dict(id)?;
                Ok(Object::Dict(heap.dict(copy)?))
            }
            Object::List(id) => {
                let copy = heap.copy_items(id)?;
                heap.list(copy)
            }
            other => Ok(other),
        },
        Builtin::Deepcopy => subscript::deep_copy(heap, &object(0)?, Scope::Kept, 0),
        Builtin::PathJoin
        | Builtin::PathBasename
        | Builtin::PathDirname
        | Builtin::PathSplitext => path(heap, builtin, arguments, span),
        Builtin::Map | Builtin::Filter | Builtin::Sorted | Builtin::Min | Builtin::Max => {
            fault(format!("{name}() is not evaluated here"))
        }
    }
}

/// The first, second, ... elements of all columns, as far as the shortest goes.
fn columns(heap: &mut Heap, parts: &[Slot], span: Span) -> Outcome<Vec<Vec<Slot>>> {
    let columns =
        parts.iter().map(|part| heap.elements(&part.object, span)).collect::<Outcome<Vec<_>>>()?;
    let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
    Ok((0..rows).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect())
}

fn extreme(
    heap: &mut Heap,
    keyed: Vec<(Object, Slot)>,
    max: bool,
    default: Option<Object>,
) -> Outcome<Object> {
    let mut best: Option<(Object, Slot)> = None;
    for next in keyed {
        let better = match &best {
            None => true,
            Some(best) => {
                let order = operator::order(heap, &next.0, &best.0, 0)?;
                order == Some(if max { Ordering::Greater } else { Ordering::Less })
            }
        };
        if better {
            best = Some(next);
        }
    }
    match (best, default) {
        (Some((_, slot)), _) => Ok(slot.object),
        (None, Some(default)) => Ok(default),
        (None, None) => fault("min() and max() of nothing"),
    }
}

fn is_instance(heap: &mut Heap, object: &Object, class: &Object) -> Outcome<Object> {
    let classes = match class {
        Object::Tuple(id) => heap.copy_items(*id)?.into_iter().map(|slot| slot.object).collect(),
        other => vec![other.clone()],
    };
    let hit = classes.iter().any(|class| {
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
    });
    Ok(Object::Bool(hit))
}
