use super::{Argument, FillError, Lowered, check_std, drive, finite, ordered, rounded};
use crate::{Float, Stream, lanes::Lanes, random::trunc_normal};

/// Numbers of a truncated normal fill.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct TruncNormalFill<T: Float> {
    mean: f64,
    std: f64,
    a: f64,
    b: f64,
    pub(super) numbers: trunc_normal::TruncNormal<T::Compute>,
}

impl<T: Float> TruncNormalFill<T> {
    /// See [`Fill::trunc_normal`](super::Fill::trunc_normal).
    pub(crate) fn new(mean: f64, std: f64, a: f64, b: f64) -> Result<Lowered<T, Self>, FillError> {
        for (argument, value) in
            [(Argument::Mean, mean), (Argument::Std, std), (Argument::A, a), (Argument::B, b)]
        {
            finite(argument, value)?;
        }
        check_std(std)?;
        ordered(a, b)?;
        let (min, max) = (T::at_least(a), T::at_most(b));
        if a == b {
            return rounded(Argument::A, a).map(Lowered::Constant);
        }
        if min > max {
            return Err(FillError::no_value::<T>(a, b));
        }
        if std == 0.0 {
            if mean < a || mean > b {
                return Err(FillError::MeanOutside { mean, bound: if mean < a { a } else { b } });
            }
            // Rounding may lead out of the bounds.
            let mean = T::from_f64_rounded(mean);
            let mean = if mean < min { min } else { mean };
            return Ok(Lowered::Constant(if mean > max { max } else { mean }));
        }
        let Some(method) = trunc_normal::plan(mean, std, a, b) else {
            let largest =
                if std > mean.abs() { (Argument::Std, std) } else { (Argument::Mean, mean) };
            return Err(FillError::overflow::<T::Compute>(largest.0, largest.1));
        };
        Ok(Lowered::Kind(Self {
            mean,
            std,
            a,
            b,
            numbers: trunc_normal::TruncNormal {
                min: min.to_compute(),
                max: max.to_compute(),
                method,
            },
        }))
    }

    #[inline(always)]
    pub(crate) fn write_with<L: Lanes>(&self, lanes: L, stream: Stream, first: u64, out: &mut [T]) {
        drive(lanes, &self.numbers, stream, first, out);
    }

    /// Mean of the normal distribution before truncation, as given.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }
    /// Standard deviation of the normal distribution before truncation, as given.
    #[must_use]
    pub const fn std(&self) -> f64 {
        self.std
    }
    /// Lower bound, inclusive, as given.
    #[must_use]
    pub const fn a(&self) -> f64 {
        self.a
    }
    /// Upper bound, inclusive, as given.
    #[must_use]
    pub const fn b(&self) -> f64 {
        self.b
    }
}
