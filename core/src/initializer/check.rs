//! What is wrong with arguments whatever the model.

use core::fmt;

/// A check of one number that needs no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every number passes.
    Any,
    /// Finite numbers.
    Finite,
    /// Finite numbers from zero.
    NotNegative,
    /// Finite numbers above zero.
    Positive,
    /// Numbers from 0 to 1.
    Share,
    /// Numbers between 0 and 1, without these.
    Probability,
    /// Finite numbers and −∞, which is no bound.
    LowerBound,
    /// Finite numbers and +∞, which is no bound.
    UpperBound,
}

impl Check {
    /// Checks a number.
    ///
    /// ```
    /// use weight_init_core::initializer::{ArgProblem, Check};
    /// assert_eq!(Check::NotNegative.test(-1.0), Err(ArgProblem::Negative(-1.0)));
    /// assert_eq!(Check::LowerBound.test(f64::NEG_INFINITY), Ok(()));
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArgProblem::NotFinite`], [`ArgProblem::Negative`], [`ArgProblem::NotPositive`],
    /// [`ArgProblem::NotAShare`], [`ArgProblem::NotAProbability`].
    #[inline]
    pub fn test(self, x: f64) -> Result<(), ArgProblem> {
        let is_finite = match self {
            // What is not finite is not between 0 and 1.
            Self::Any | Self::Probability => true,
            Self::Finite | Self::NotNegative | Self::Positive | Self::Share => x.is_finite(),
            Self::LowerBound => x.is_finite() || x == f64::NEG_INFINITY,
            Self::UpperBound => x.is_finite() || x == f64::INFINITY,
        };
        if !is_finite {
            return Err(ArgProblem::NotFinite(x));
        }
        if self == Self::NotNegative && x < 0.0 {
            return Err(ArgProblem::Negative(x));
        }
        if self == Self::Share && !(0.0..=1.0).contains(&x) {
            return Err(ArgProblem::NotAShare(x));
        }
        if self == Self::Probability && !(x > 0.0 && x < 1.0) {
            return Err(ArgProblem::NotAProbability(x));
        }
        if self == Self::Positive && x <= 0.0 {
            return Err(ArgProblem::NotPositive(x));
        }
        Ok(())
    }

    /// Checks the number of an argument.
    ///
    /// # Errors
    ///
    /// As [`test`](Self::test), with the name of the argument.
    #[inline]
    pub fn argument(self, argument: &'static str, x: f64) -> Result<(), ArgError> {
        self.test(x).map_err(|problem| ArgError { argument, problem })
    }
}

/// Checks that the bounds `a` and `b` are in order.
///
/// # Errors
///
/// [`ArgProblem::Inverted`].
pub fn ordered(a: f64, b: f64) -> Result<(), ArgError> {
    if a > b {
        Err(ArgError { argument: "a", problem: ArgProblem::Inverted { a, b } })
    } else {
        Ok(())
    }
}

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
    /// Zero or below where only numbers above zero make sense.
    NotPositive(f64),
    /// The lower bound lies above the upper one.
    Inverted {
        /// The lower bound.
        a: f64,
        /// The upper bound.
        b: f64,
    },
    /// Below another number that it must not be below.
    Below {
        /// The argument.
        x: f64,
        /// The least that it may be.
        least: f64,
    },
    /// Below 0 or above 1 where a share is needed.
    NotAShare(f64),
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
            ArgProblem::NotPositive(x) => {
                write!(f, "'{argument}' is {x}, but it must be positive")
            }
            ArgProblem::Inverted { a, b } => {
                write!(f, "the lower bound a = {a} is above the upper bound b = {b}")
            }
            ArgProblem::Below { x, least } => {
                write!(f, "'{argument}' is {x}, but it must be at least {least}")
            }
            ArgProblem::NotAShare(x) => {
                write!(f, "'{argument}' is {x}, but it must lie between 0 and 1")
            }
            ArgProblem::NotAProbability(x) => {
                write!(f, "'{argument}' is {x}, but it must lie strictly between 0 and 1")
            }
        }
    }
}

impl core::error::Error for ArgError {}
