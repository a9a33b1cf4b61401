//! Built-in functions of numbers.

#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

use std::rc::Rc;

use ruff_python_ast::Operator;

use super::super::call::Arguments;
use super::super::heap::Heap;
use super::super::object::{Builtin, Object, Range};
use super::super::operator;
use super::super::slots::Slot;
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// Digits of a number in a string, at most, as in Python's own `int()`.
const MAX_DIGITS: usize = 4300;

pub(super) fn number(
    heap: &mut Heap,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let name = builtin.name();
    let object = |index: usize| arguments.get(index, name).map(|slot| slot.object.clone());
    match builtin {
        Builtin::Range => range(arguments),
        Builtin::Int => int(arguments),
        Builtin::Float => float(arguments),
        Builtin::Round => round(arguments),
        Builtin::Abs => match object(0)? {
            Object::Float(float) => Ok(Object::Float(float.abs())),
            other => match other.as_int().map(i128::checked_abs) {
                Some(Some(int)) => Ok(Object::Int(int)),
                _ => fault(format!("a {} has no absolute value", other.type_name())),
            },
        },
        Builtin::Divmod => {
            let (a, b) = (object(0)?, object(1)?);
            let quotient = operator::binary(heap, Operator::FloorDiv, &a, &b)?;
            let rest = operator::binary(heap, Operator::Mod, &a, &b)?;
            heap.pair(Slot { object: quotient, span }, Slot { object: rest, span })
        }
        Builtin::Pow => operator::binary(heap, Operator::Pow, &object(0)?, &object(1)?),
        _ => fault(format!("{name}() is not evaluated here")),
    }
}

fn range(arguments: &Arguments) -> Outcome<Object> {
    let int = |index| arguments.int(index, "range");
    let range = match arguments.positional.len() {
        0 | 1 => Range { start: 0, stop: int(0)?, step: 1 },
        2 => Range { start: int(0)?, stop: int(1)?, step: 1 },
        _ => Range { start: int(0)?, stop: int(1)?, step: int(2)? },
    };
    if range.step == 0 {
        return fault("the step of range() is not 0");
    }
    Ok(Object::Range(Rc::new(range)))
}

fn int(arguments: &Arguments) -> Outcome<Object> {
    let Some(slot) = arguments.positional.get(0)? else { return Ok(Object::Int(0)) };
    match &slot.object {
        Object::Float(x) if x.is_finite() && x.abs() < 1e38 => Ok(Object::Int(x.trunc() as i128)),
        Object::Str(text) => {
            let base = match arguments.optional(1, "base")?.map(|base| base.object.as_int()) {
                None => 10,
                Some(base) => base.and_then(|base| u32::try_from(base).ok()).unwrap_or(1),
            };
            let digits = text.read()?.trim();
            let valid = (2..=36).contains(&base) && digits.len() <= MAX_DIGITS;
            match valid.then(|| integer(digits, base)).flatten() {
                Some(int) => Ok(Object::Int(int)),
                None => fault("int() of a text that is no integer of 128 bits"),
            }
        }
        other => match other.as_int() {
            Some(int) => Ok(Object::Int(int)),
            None => fault(format!("int() of a {}", other.type_name())),
        },
    }
}

/// An integer as `int(text, base)` reads it.
fn integer(text: &str, base: u32) -> Option<i128> {
    let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-'])));
    let prefix = match base {
        2 => ["0b", "0B"],
        8 => ["0o", "0O"],
        16 => ["0x", "0X"],
        _ => [""; 2],
    };
    let [lower, upper] = prefix;
    let bare = digits.strip_prefix(lower).or_else(|| digits.strip_prefix(upper));
    let bare = bare.unwrap_or(digits);
    // An underscore stands between digits, or behind the prefix.
    let bare =
        if bare.len() < digits.len() { bare.strip_prefix('_').unwrap_or(bare) } else { bare };
    if bare.starts_with('_')
        || bare.ends_with('_')
        || bare.contains("__")
        || bare.contains(['+', '-'])
    {
        return None;
    }
    i128::from_str_radix(&format!("{sign}{}", bare.replace('_', "")), base).ok()
}

/// To the nearest, halves to even, and right in decimal digits.
fn round(arguments: &Arguments) -> Outcome<Object> {
    let object = &arguments.get(0, "round")?.object;
    let digits = arguments.optional(1, "ndigits")?;
    let digits = digits.and_then(|slot| slot.object.as_int());
    match (object, object.as_int(), digits) {
        (Object::Float(x), _, None) if x.is_finite() && x.abs() < 1e38 => {
            Ok(Object::Int(x.round_ties_even() as i128))
        }
        (Object::Float(x), _, Some(digits)) if !(0..=300).contains(&digits) || !x.is_finite() => {
            if digits > 300 || !x.is_finite() {
                return Ok(Object::Float(*x));
            }
            let scale = format!("1e{}", digits.saturating_neg().min(300))
                .parse::<f64>()
                .unwrap_or(f64::INFINITY);
            Ok(Object::Float((x / scale).round_ties_even() * scale))
        }
        (Object::Float(x), _, Some(digits)) => {
            let digits = usize::try_from(digits).unwrap_or(0);
            Ok(Object::Float(format!("{x:.digits$}").parse().unwrap_or(*x)))
        }
        (_, Some(int), None | Some(0..)) => Ok(Object::Int(int)),
        _ => fault(format!("round() does not apply to this {}", object.type_name())),
    }
}

fn float(arguments: &Arguments) -> Outcome<Object> {
    let Some(slot) = arguments.positional.get(0)? else { return Ok(Object::Float(0.0)) };
    match &slot.object {
        Object::Str(text) => {
            let digits = text.read()?.trim();
            // Python has no number that needs more, and the digits are copied.
            let parsed = (digits.len() <= MAX_DIGITS)
                .then(|| digits.replace('_', "").parse().ok())
                .flatten();
            match parsed {
                Some(float) => Ok(Object::Float(float)),
                None => fault("float() of a text that is no number"),
            }
        }
        other => match other.as_float() {
            Some(float) => Ok(Object::Float(float)),
            None => fault(format!("a {} is no number", other.type_name())),
        },
    }
}
