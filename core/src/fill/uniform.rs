use super::{Argument, FillError, Lowered, drive, ordered, rounded};
use crate::{Float, Stream, lanes::Lanes, random::uniform};

/// Numbers of a uniform fill.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct UniformFill<T: Float> {
    a: f64,
    b: f64,
    pub(super) numbers: uniform::Uniform<T::Compute>,
}

impl<T: Float> UniformFill<T> {
    /// See [`Fill::uniform`](super::Fill::uniform).
    pub(crate) fn new(a: f64, b: f64) -> Result<Lowered<T, Self>, FillError> {
        let (low, _): (T, T) = (rounded(Argument::A, a)?, rounded(Argument::B, b)?);
        ordered(a, b)?;
        if a == b {
            return Ok(Lowered::Constant(low));
        }
        let width = <T::Compute as Float>::from_f64_rounded(b - a);
        if !width.to_f64_exact().is_finite() {
            return Err(FillError::overflow::<T::Compute>(Argument::Width, b - a));
        }
        let (min, max) = (T::at_least(a), T::below(b));
        if min > max {
            return Err(FillError::no_value::<T>(a, b));
        }
        Ok(Lowered::Kind(Self {
            a,
            b,
            numbers: uniform::Uniform {
                low: <T::Compute as Float>::from_f64_rounded(a),
                width,
                min: min.to_compute(),
                max: max.to_compute(),
            },
        }))
    }

    #[inline(always)]
    pub(crate) fn write_with<L: Lanes>(&self, lanes: L, stream: Stream, first: u64, out: &mut [T]) {
        drive(lanes, &self.numbers, stream, first, out);
    }

    /// Lower bound, inclusive, as given.
    #[must_use]
    pub const fn a(&self) -> f64 {
        self.a
    }
    /// Upper bound, exclusive, as given.
    #[must_use]
    pub const fn b(&self) -> f64 {
        self.b
    }
}
