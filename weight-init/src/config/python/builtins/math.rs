//! Functions of `math`.

#![allow(
    clippy::disallowed_methods,
    reason = "numbers of the config, computed as Python does: by the platform's functions"
)]
#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

use super::super::call::Arguments;
use super::super::heap::Heap;
use super::super::object::{Builtin, Object};
use crate::config::meter::{Outcome, fault};

/// A function of `math`; what Python calls a domain or range error is a fault.
pub(super) fn math(heap: &Heap, builtin: Builtin, arguments: &Arguments) -> Outcome<Object> {
    let name = builtin.name();
    match builtin {
        Builtin::Floor | Builtin::Ceil | Builtin::Trunc => whole(builtin, arguments),
        Builtin::Gcd | Builtin::Lcm => divisors(heap, builtin, arguments),
        Builtin::Factorial | Builtin::Comb | Builtin::Perm => ways(heap, builtin, arguments),
        Builtin::IsSqrt => {
            let of = arguments.int(0, name)?;
            match u128::try_from(of) {
                Ok(of) => Ok(Object::Int(i128::try_from(of.isqrt()).unwrap_or(i128::MAX))),
                Err(_) => fault("math.isqrt() takes an integer from 0"),
            }
        }
        Builtin::IsNan => Ok(Object::Bool(float(arguments, 0, name)?.is_nan())),
        Builtin::IsInf => Ok(Object::Bool(float(arguments, 0, name)?.is_infinite())),
        Builtin::IsFinite => Ok(Object::Bool(float(arguments, 0, name)?.is_finite())),
        Builtin::IsClose => is_close(arguments),
        Builtin::Hypot => {
            let mut sum = 0.0_f64;
            for index in 0..arguments.positional.len() {
                sum = sum.hypot(float(arguments, index, name)?);
            }
            Ok(Object::Float(sum))
        }
        _ => real(builtin, arguments),
    }
}

fn float(arguments: &Arguments, index: usize, name: &str) -> Outcome<f64> {
    let object = &arguments.get(index, name)?.object;
    match object.as_float() {
        Some(float) => Ok(float),
        None => fault(format!("{name}() takes a number, found a {}", object.type_name())),
    }
}

/// A function of real numbers.
fn real(builtin: Builtin, arguments: &Arguments) -> Outcome<Object> {
    let name = builtin.name();
    let x = float(arguments, 0, name)?;
    let y = |index| float(arguments, index, name);
    let value = match builtin {
        Builtin::Sqrt if x >= 0.0 => x.sqrt(),
        Builtin::Exp => x.exp(),
        Builtin::Expm1 => x.exp_m1(),
        Builtin::Log if x > 0.0 && arguments.positional.len() > 1 => {
            let base = y(1)?;
            if base <= 0.0 || base == 1.0 {
                return fault("math.log() takes a base above 0 other than 1");
            }
            x.ln() / base.ln()
        }
        Builtin::Log if x > 0.0 => x.ln(),
        Builtin::Log2 if x > 0.0 => x.log2(),
        Builtin::Log10 if x > 0.0 => x.log10(),
        Builtin::Log1p if x > -1.0 => x.ln_1p(),
        Builtin::Cos => x.cos(),
        Builtin::Sin => x.sin(),
        Builtin::Tan => x.tan(),
        Builtin::Acos if x.abs() <= 1.0 => x.acos(),
        Builtin::Asin if x.abs() <= 1.0 => x.asin(),
        Builtin::Atan => x.atan(),
        Builtin::Atan2 => x.atan2(y(1)?),
        Builtin::Cosh => x.cosh(),
        Builtin::Sinh => x.sinh(),
        Builtin::Tanh => x.tanh(),
        Builtin::Fabs => x.abs(),
        Builtin::Degrees => x * (180.0 / std::f64::consts::PI),
        Builtin::Radians => x * (std::f64::consts::PI / 180.0),
        Builtin::CopySign => x.copysign(y(1)?),
        Builtin::Fmod => x % y(1)?,
        Builtin::MathPow => x.powf(y(1)?),
        _ => f64::NAN,
    };
    let finite = x.is_finite() && (arguments.positional.len() < 2 || y(1)?.is_finite());
    if finite && !value.is_finite() || !x.is_nan() && value.is_nan() && finite {
        return fault(format!("{name}() has no value there"));
    }
    if !finite && value.is_nan() && !x.is_nan() {
        return fault(format!("{name}() has no value there"));
    }
    Ok(Object::Float(value))
}

/// `floor`, `ceil`, `trunc`.
fn whole(builtin: Builtin, arguments: &Arguments) -> Outcome<Object> {
    let name = builtin.name();
    match &arguments.get(0, name)?.object {
        Object::Float(x) if x.is_finite() && x.abs() < 1e38 => {
            let whole = match builtin {
                Builtin::Floor => x.floor(),
                Builtin::Ceil => x.ceil(),
                _ => x.trunc(),
            };
            Ok(Object::Int(whole as i128))
        }
        other => match other.as_int() {
            Some(int) => Ok(Object::Int(int)),
            None => fault(format!("{name}() does not apply to this {}", other.type_name())),
        },
    }
}

/// `gcd`, `lcm`.
fn divisors(heap: &Heap, builtin: Builtin, arguments: &Arguments) -> Outcome<Object> {
    let mut all = u128::from(builtin == Builtin::Lcm);
    for index in 0..arguments.positional.len() {
        heap.step(8)?;
        let one = arguments.int(index, builtin.name())?.unsigned_abs();
        let (mut a, mut b) = (all, one);
        while let Some(rest) = a.checked_rem(b) {
            (a, b) = (b, rest);
        }
        all = match builtin {
            Builtin::Gcd => a,
            _ => match all.checked_div(a).unwrap_or(0).checked_mul(one) {
                Some(product) => product,
                None => return fault("the result does not fit into 128 bits"),
            },
        };
    }
    match i128::try_from(all) {
        Ok(int) => Ok(Object::Int(int)),
        Err(_) => fault("the result does not fit into 128 bits"),
    }
}

/// `factorial`, `comb`, `perm`.
fn ways(heap: &Heap, builtin: Builtin, arguments: &Arguments) -> Outcome<Object> {
    let name = builtin.name();
    let n = arguments.int(0, name)?;
    let k = match builtin {
        Builtin::Factorial => n,
        _ if arguments.positional.len() > 1 => arguments.int(1, name)?,
        Builtin::Perm => n,
        _ => return fault("math.comb() takes two integers"),
    };
    if n < 0 || k < 0 {
        return fault(format!("{name}() takes integers from 0"));
    }
    if k > n {
        return Ok(Object::Int(0));
    }
    let k = if builtin == Builtin::Comb { k.min(n.saturating_sub(k)) } else { k };
    let mut product = Some(1_i128);
    let mut chosen = 0_i128;
    while chosen < k && product.is_some() {
        heap.step(1)?;
        let next = n.saturating_sub(chosen);
        chosen = chosen.saturating_add(1);
        product = product.and_then(|product| product.checked_mul(next));
        if builtin == Builtin::Comb {
            // A product of so many neighbours is divided without a rest.
            product = product.and_then(|product| product.checked_div(chosen));
        }
    }
    match product {
        Some(product) => Ok(Object::Int(product)),
        None => fault("the result does not fit into 128 bits"),
    }
}

fn is_close(arguments: &Arguments) -> Outcome<Object> {
    let (a, b) = (float(arguments, 0, "math.isclose")?, float(arguments, 1, "math.isclose")?);
    let tolerance = |name: &str, default: f64| -> Outcome<f64> {
        match arguments.named(name)?.map(|slot| slot.object.as_float()) {
            None => Ok(default),
            Some(Some(tolerance)) if tolerance >= 0.0 => Ok(tolerance),
            Some(_) => fault("a tolerance of math.isclose() is a number from 0"),
        }
    };
    let (relative, absolute) = (tolerance("rel_tol", 1e-9)?, tolerance("abs_tol", 0.0)?);
    let difference = (a - b).abs();
    let close = a == b
        || a.is_finite()
            && b.is_finite()
            && (difference <= relative * a.abs()
                || difference <= relative * b.abs()
                || difference <= absolute);
    Ok(Object::Bool(close))
}
