//! Operators on numbers.

#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

use ruff_python_ast::Operator;

use super::super::object::Object;
use super::unsupported;
use crate::config::meter::{Outcome, fault};

/// An integer, unless it left the range.
pub(super) fn integer(int: Option<i128>) -> Outcome<Object> {
    match int {
        Some(int) => Ok(Object::Int(int)),
        None => fault("the result does not fit into 128 bits"),
    }
}

pub(super) fn integers(
    op: Operator,
    a: i128,
    b: i128,
    left: &Object,
    right: &Object,
) -> Outcome<Object> {
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
pub(super) fn floats(op: Operator, a: f64, b: f64) -> Outcome<Option<f64>> {
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
