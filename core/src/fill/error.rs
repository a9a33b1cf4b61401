//! Why numbers make no distribution.

use core::fmt;

use crate::{DType, Float};

/// Why numbers make no [`Fill`](crate::Fill).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FillError {
    /// An argument is NaN or infinite.
    NotFinite {
        /// Which.
        argument: Argument,
        /// Its value.
        value: f64,
    },
    /// A value is beyond the range of the type.
    Overflow {
        /// Which.
        argument: Argument,
        /// Its value.
        value: f64,
        /// The type that cannot hold it.
        dtype: DType,
    },
    /// The lower bound is above the upper one.
    Inverted {
        /// Lower bound.
        a: f64,
        /// Upper bound.
        b: f64,
    },
    /// The standard deviation is negative.
    NegativeStd {
        /// The standard deviation.
        std: f64,
    },
    /// No value of the element type lies between the bounds.
    NoValue {
        /// Lower bound.
        a: f64,
        /// Upper bound.
        b: f64,
        /// The element type.
        dtype: DType,
    },
    /// The standard deviation is zero and the mean lies outside of the bounds.
    MeanOutside {
        /// The mean.
        mean: f64,
        /// The bound that it is beyond.
        bound: f64,
    },
}

/// An argument of a distribution, or a value that follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `val`
    Val,
    /// `a`
    A,
    /// `b`
    B,
    /// `mean`
    Mean,
    /// `std`
    Std,
    /// `gain`
    Gain,
    /// `b − a`
    Width,
    /// The normal sample farthest from zero.
    ExtremeSample,
}

impl FillError {
    #[cold]
    pub(crate) fn overflow<T: Float>(argument: Argument, value: f64) -> Self {
        Self::Overflow { argument, value, dtype: T::DTYPE }
    }

    #[cold]
    pub(crate) fn no_value<T: Float>(a: f64, b: f64) -> Self {
        Self::NoValue { a, b, dtype: T::DTYPE }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Val => "val",
            Self::A => "a",
            Self::B => "b",
            Self::Mean => "mean",
            Self::Std => "std",
            Self::Gain => "gain",
            Self::Width => "b - a",
            Self::ExtremeSample => "the largest possible sample",
        })
    }
}

impl fmt::Display for FillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotFinite { argument, value } => {
                write!(f, "{argument} is {value}, not a finite number")
            }
            Self::Overflow { argument, value, dtype } => {
                let largest = match dtype {
                    DType::F16 => "65504",
                    DType::BF16 => "3.39e38",
                    DType::F32 => "3.40e38",
                    _ => "1.79e308",
                };
                let name = dtype.name();
                // Beyond 15 digits the plain notation says nothing more.
                if value.abs() < 1e15 {
                    write!(f, "{argument} is {value}")?;
                } else {
                    write!(f, "{argument} is {value:e}")?;
                }
                write!(f, ", beyond the range of {name} (up to {largest})")
            }
            Self::Inverted { a, b } => {
                write!(f, "the lower bound a = {a} is above the upper bound b = {b}")
            }
            Self::NegativeStd { std } => write!(f, "std is {std}, not zero or positive"),
            Self::NoValue { a, b, dtype } => {
                write!(f, "no value of {} lies between a = {a} and b = {b}", dtype.name())
            }
            Self::MeanOutside { mean, bound } => {
                write!(f, "std is 0 and the mean {mean} lies beyond the bound {bound}")
            }
        }
    }
}

impl core::error::Error for FillError {}
