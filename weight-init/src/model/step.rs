//! Functions of single elements that a model's own code applies to what it has drawn.

use std::fmt;

use weight_init_core::math::ln;

use crate::elementary::{exp, exp_m1, ln_1p, softplus_inverse};

/// A function of single elements: a step from a draw to what a tensor holds.
///
/// It is computed in f64 with the same bits everywhere; a step's number is its operand.
///
/// ```
/// use weight_init::model::constructor::Step;
/// let decay = [Step::Exp, Step::ClampMin(1e-4), Step::SoftplusInverse];
/// let text: String = decay.iter().map(ToString::to_string).collect();
/// assert_eq!(text, ".exp().clamp_min(0.0001).softplus_inverse()");
/// assert_eq!(decay.iter().fold(-20.0, |x, step| step.of(x)), -9.210290371559516);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each is the function of its name")]
pub enum Step {
    Mul(f64),
    Add(f64),
    ClampMin(f64),
    ClampMax(f64),
    Abs,
    Exp,
    /// eˣ − 1.
    Expm1,
    /// The natural logarithm.
    Log,
    /// ln(1 + x).
    Log1p,
    Reciprocal,
    /// The number whose softplus is x: ln(eˣ − 1).
    SoftplusInverse,
    Sqrt,
}

impl Step {
    /// The names of those that have an operand, and those without one: all that [`from_name`](Self::from_name) knows.
    pub const NAMES: [&'static str; 12] = [
        "mul",
        "add",
        "clamp_min",
        "clamp_max",
        "abs",
        "exp",
        "expm1",
        "log",
        "log1p",
        "reciprocal",
        "softplus_inverse",
        "sqrt",
    ];

    /// The step of this name, with its operand if it has one.
    #[must_use]
    pub fn from_name(name: &str, operand: Option<f64>) -> Option<Self> {
        Some(match (name, operand) {
            ("mul", Some(x)) => Self::Mul(x),
            ("add", Some(x)) => Self::Add(x),
            ("clamp_min", Some(x)) => Self::ClampMin(x),
            ("clamp_max", Some(x)) => Self::ClampMax(x),
            ("abs", None) => Self::Abs,
            ("exp", None) => Self::Exp,
            ("expm1", None) => Self::Expm1,
            ("log", None) => Self::Log,
            ("log1p", None) => Self::Log1p,
            ("reciprocal", None) => Self::Reciprocal,
            ("softplus_inverse", None) => Self::SoftplusInverse,
            ("sqrt", None) => Self::Sqrt,
            _ => return None,
        })
    }

    /// Its name: PyTorch's, where PyTorch has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mul(_) => "mul",
            Self::Add(_) => "add",
            Self::ClampMin(_) => "clamp_min",
            Self::ClampMax(_) => "clamp_max",
            Self::Abs => "abs",
            Self::Exp => "exp",
            Self::Expm1 => "expm1",
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::Reciprocal => "reciprocal",
            Self::SoftplusInverse => "softplus_inverse",
            Self::Sqrt => "sqrt",
        }
    }

    /// Its operand, if it has one.
    #[must_use]
    pub const fn operand(&self) -> Option<f64> {
        match self {
            Self::Mul(x) | Self::Add(x) | Self::ClampMin(x) | Self::ClampMax(x) => Some(*x),
            _ => None,
        }
    }

    /// What it makes of an element; NaN stays NaN.
    #[must_use]
    pub fn of(&self, x: f64) -> f64 {
        match self {
            Self::Mul(factor) => x * factor,
            Self::Add(term) => x + term,
            Self::ClampMin(low) => {
                if x < *low {
                    *low
                } else {
                    x
                }
            }
            Self::ClampMax(high) => {
                if x > *high {
                    *high
                } else {
                    x
                }
            }
            Self::Abs => x.abs(),
            Self::Exp => exp(x),
            Self::Expm1 => exp_m1(x),
            Self::Log => ln(x),
            Self::Log1p => ln_1p(x),
            Self::Reciprocal => 1.0 / x,
            Self::SoftplusInverse => softplus_inverse(x),
            Self::Sqrt => x.sqrt(),
        }
    }
}

/// As a method in Python: `.clamp_min(0.0001)`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operand() {
            Some(x) => write!(f, ".{}({x})", self.name()),
            None => write!(f, ".{}()", self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for name in Step::NAMES {
            let found = [None, Some(0.5)].map(|operand| Step::from_name(name, operand));
            let step = found.iter().flatten().copied().collect::<Vec<_>>();
            assert_eq!(step.len(), 1, "{name}");
            assert_eq!(step.first().map(|step| step.name()), Some(name));
            assert!(step.iter().all(|step| step.of(f64::NAN).is_nan()), "{name}");
        }
    }
}
