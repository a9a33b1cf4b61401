//! `range`, `int`, `round`.

#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

use std::rc::Rc;

use super::super::call::Arguments;
use super::super::object::{Object, Range};
use crate::config::meter::{Outcome, fault};

/// Digits of a number in a string, at most, as in Python's own `int()`.
pub(super) const MAX_DIGITS: usize = 4300;

pub(super) fn range(arguments: &Arguments) -> Outcome<Object> {
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

pub(super) fn int(arguments: &Arguments) -> Outcome<Object> {
    let Some(slot) = arguments.positional.get(0)? else { return Ok(Object::Int(0)) };
    match &slot.object {
        Object::Float(x) if x.is_finite() && x.abs() < 1e38 => Ok(Object::Int(x.trunc() as i128)),
        Object::Str(text) => {
            let base = if arguments.positional.len() > 1 { arguments.int(1, "int")? } else { 10 };
            let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
            let digits = text.read()?.trim();
            if digits.len() > MAX_DIGITS {
                return fault("int() of a text that is no integer");
            }
            let digits = digits.replace('_', "");
            let digits = digits.trim_start_matches("0x").trim_start_matches("0b");
            match base.and_then(|base| i128::from_str_radix(digits, base).ok()) {
                Some(int) => Ok(Object::Int(int)),
                None => fault("int() of a text that is no integer"),
            }
        }
        other => match other.as_int() {
            Some(int) => Ok(Object::Int(int)),
            None => fault(format!("int() of a {}", other.type_name())),
        },
    }
}

/// To the nearest, halves to even, and right in decimal digits.
pub(super) fn round(arguments: &Arguments) -> Outcome<Object> {
    let object = &arguments.get(0, "round")?.object;
    let digits = match arguments.positional.get(1)? {
        Some(slot) => Some(slot.clone()),
        None => arguments.named("ndigits")?,
    };
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
