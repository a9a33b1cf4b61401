use core::fmt;

use super::{Bias, Init};

/// An argument of an initializer with a value that is never right, whatever the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArgError {
    /// Name of the argument.
    pub argument: &'static str,
    /// What is wrong with it.
    pub problem: ArgProblem,
}

/// What is wrong with an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgProblem {
    /// Infinite or not a number.
    NotFinite(f64),
    /// Below zero where only zero and above make sense.
    Negative(f64),
    /// The lower bound lies above the upper one.
    Inverted {
        /// The lower bound.
        a: f64,
        /// The upper bound.
        b: f64,
    },
    /// A probability that does not lie strictly between 0 and 1.
    NotAProbability(f64),
}

impl fmt::Display for ArgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { argument, problem } = self;
        match problem {
            ArgProblem::NotFinite(x) => {
                write!(f, "'{argument}' is {x}, but it must be a finite number")
            }
            ArgProblem::Negative(x) => {
                write!(f, "'{argument}' is {x}, but it must not be negative")
            }
            ArgProblem::Inverted { a, b } => {
                write!(f, "the lower bound a = {a} is above the upper bound b = {b}")
            }
            ArgProblem::NotAProbability(x) => {
                write!(f, "'{argument}' is {x}, but it must lie strictly between 0 and 1")
            }
        }
    }
}

impl core::error::Error for ArgError {}

impl<Text> Init<Text> {
    /// Checks the arguments as far as they can be checked without a model.
    ///
    /// ```
    /// use weight_init_core::init_cfg::Init;
    /// use weight_init_core::initializer::Uniform;
    /// let error = Init::<&str>::Uniform(Uniform { a: 2.0, b: 1.0 }).check().unwrap_err();
    /// assert_eq!(error.to_string(), "the lower bound a = 2 is above the upper bound b = 1");
    /// ```
    ///
    /// # Errors
    ///
    /// A number that is not finite, a negative scale, inverted bounds.
    pub fn check(&self) -> Result<(), ArgError> {
        match self {
            Self::Constant(i) => finite("val", i.val),
            Self::Xavier(i) => not_negative("gain", i.gain),
            Self::Normal(i) => {
                finite("mean", i.mean)?;
                not_negative("std", i.std)
            }
            Self::TruncNormal(i) => {
                finite("mean", i.mean)?;
                not_negative("std", i.std)?;
                // An infinite bound is none.
                if i.a != f64::NEG_INFINITY {
                    finite("a", i.a)?;
                }
                if i.b != f64::INFINITY {
                    finite("b", i.b)?;
                }
                ordered(i.a, i.b)
            }
            Self::Uniform(i) => {
                finite("a", i.a)?;
                finite("b", i.b)?;
                ordered(i.a, i.b)
            }
            Self::Kaiming(i) => finite("a", i.a),
            Self::Caffe2Xavier(_) | Self::Pretrained(_) => Ok(()),
        }
    }
}

impl Bias {
    /// Checks the number.
    ///
    /// # Errors
    ///
    /// A constant that is not finite, a probability that does not lie strictly between 0 and 1 (mmengine would
    /// write infinity or NaN).
    pub fn check(self) -> Result<(), ArgError> {
        match self {
            Self::Value(x) => finite("bias", x),
            Self::Prob(p) if p > 0.0 && p < 1.0 => Ok(()),
            Self::Prob(p) => {
                Err(ArgError { argument: "bias_prob", problem: ArgProblem::NotAProbability(p) })
            }
        }
    }
}

pub(super) const fn finite(argument: &'static str, x: f64) -> Result<(), ArgError> {
    if x.is_finite() {
        Ok(())
    } else {
        Err(ArgError { argument, problem: ArgProblem::NotFinite(x) })
    }
}

pub(super) fn not_negative(argument: &'static str, x: f64) -> Result<(), ArgError> {
    finite(argument, x)?;
    if x < 0.0 { Err(ArgError { argument, problem: ArgProblem::Negative(x) }) } else { Ok(()) }
}

fn ordered(a: f64, b: f64) -> Result<(), ArgError> {
    if a > b {
        Err(ArgError { argument: "a", problem: ArgProblem::Inverted { a, b } })
    } else {
        Ok(())
    }
}
