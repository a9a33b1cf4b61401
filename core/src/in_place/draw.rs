//! From the numbers of a distribution to elements, each kind by itself.

use super::InitWeightsError;
use crate::fill::{Argument, Lowered, NormalFill, TruncNormalFill, UniformFill, rounded};
use crate::initializer::{Distribution, TruncNormal};
use crate::lanes::Lanes;
use crate::{FillError, Float, Stream};

/// Where samples come from, and where they go.
pub(super) struct Draw<'o, L, T> {
    pub(super) lanes: L,
    pub(super) stream: &'o Stream,
    pub(super) out: &'o mut [T],
}

// Each takes its own place in the program, once, and no more of the stack than its kind needs.
impl<L: Lanes, T: Float> Draw<'_, L, T> {
    pub(super) fn constant(self, value: f64) -> Result<(), InitWeightsError> {
        self.out.fill(rounded(Argument::Val, value).map_err(code)?);
        Ok(())
    }

    /// Uniform with mean 0 and this standard deviation.
    pub(super) fn around_zero(self, std: f64) -> Result<(), InitWeightsError> {
        let bound = Distribution::bound(std);
        self.uniform(-bound, bound)
    }

    #[inline(never)]
    pub(super) fn uniform(self, a: f64, b: f64) -> Result<(), InitWeightsError> {
        match UniformFill::new(a, b).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, *self.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn normal(self, mean: f64, std: f64) -> Result<(), InitWeightsError> {
        match NormalFill::new(mean, std).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, *self.stream, 0, self.out),
        }
        Ok(())
    }

    /// Normal with mean 0 and a standard deviation of at most 2, whose samples no element type is too small for. It is
    /// computed here, on the part of the stack that holds samples later.
    #[inline(never)]
    pub(super) fn centred(
        self,
        std: impl FnOnce() -> Result<f64, InitWeightsError>,
    ) -> Result<(), InitWeightsError> {
        NormalFill::centred(std()?).write_with(self.lanes, *self.stream, 0, self.out);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn trunc_normal(self, i: &TruncNormal) -> Result<(), InitWeightsError> {
        let [a, b] = i.finite_bounds();
        match TruncNormalFill::new(i.mean, i.std, a, b).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, *self.stream, 0, self.out),
        }
        Ok(())
    }
}

fn code(_: FillError) -> InitWeightsError {
    InitWeightsError::Numbers
}
