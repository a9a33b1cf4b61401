use super::{Argument, FillError, Lowered, check_std, drive, rounded};
use crate::{Float, Stream, lanes::Lanes, random::normal};

/// Numbers of a normal fill.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct NormalFill<T: Float> {
    mean: f64,
    std: f64,
    pub(super) numbers: normal::Normal<T::Compute>,
}

impl<T: Float> NormalFill<T> {
    /// See [`Fill::normal`](super::Fill::normal).
    pub(crate) fn new(mean: f64, std: f64) -> Result<Lowered<T, Self>, FillError> {
        let centre: T = rounded(Argument::Mean, mean)?;
        check_std(std)?;
        if std == 0.0 {
            return Ok(Lowered::Constant(centre));
        }
        let extreme = mean.abs() + normal::REACH * std;
        // Samples are rounded to the type of computation first, and that may already be upwards.
        let computed = <T::Compute as Float>::from_f64_rounded(extreme).to_f64_exact();
        if !T::from_f64_rounded(computed).to_f64_exact().is_finite() {
            return Err(FillError::overflow::<T>(Argument::ExtremeSample, extreme));
        }
        Ok(Lowered::Kind(Self {
            mean,
            std,
            numbers: normal::Normal {
                mean: <T::Compute as Float>::from_f64_rounded(mean),
                std: <T::Compute as Float>::from_f64_rounded(std),
            },
        }))
    }

    /// Mean 0 and a standard deviation so small that no sample is beyond the range of any type: what `new` makes of it,
    /// unchecked.
    pub(crate) fn centred(std: f64) -> Self {
        let of = <T::Compute as Float>::from_f64_rounded;
        let numbers = normal::Normal { mean: T::Compute::default(), std: of(std) };
        Self { mean: 0.0, std, numbers }
    }

    #[inline(always)]
    pub(crate) fn write_with<L: Lanes>(&self, lanes: L, stream: Stream, first: u64, out: &mut [T]) {
        drive(lanes, &self.numbers, stream, first, out);
    }

    /// Mean, as given.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }
    /// Standard deviation, as given.
    #[must_use]
    pub const fn std(&self) -> f64 {
        self.std
    }
}
