//! From the numbers of a distribution to elements, each kind by itself.

use super::InitWeightsError;
use crate::fill::{
    Argument, Diagonal, DiagonalFill, Lowered, NormalFill, TruncNormalFill, UniformFill, rounded,
};
use crate::initializer::Draw;
use crate::lanes::Lanes;
use crate::{FillError, Float, Stream};

/// Where samples come from, and where they go.
pub(super) struct InPlace<'o, L, T> {
    pub(super) lanes: L,
    pub(super) stream: &'o Stream,
    pub(super) out: &'o mut [T],
}

// Out of line: the program holds one copy of each sampler, and of the stack frames only that of the chosen one is in use.
impl<L: Lanes, T: Float> Draw for InPlace<'_, L, T> {
    type Output = ();
    type Error = InitWeightsError;

    fn constant(self, value: f64) -> Result<(), InitWeightsError> {
        self.out.fill(rounded(Argument::Val, value).map_err(code)?);
        Ok(())
    }

    #[inline(never)]
    fn uniform(self, a: f64, b: f64) -> Result<(), InitWeightsError> {
        match UniformFill::new(a, b).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, *self.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline(never)]
    fn normal(self, mean: f64, std: f64) -> Result<(), InitWeightsError> {
        match NormalFill::new(mean, std).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, *self.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline(never)]
    fn centred<E>(self, std: impl FnOnce() -> Result<f64, E>) -> Result<(), InitWeightsError>
    where
        InitWeightsError: From<E>,
    {
        NormalFill::centred(std()?).write_with(self.lanes, *self.stream, 0, self.out);
        Ok(())
    }

    #[inline(never)]
    fn trunc_normal(self, mean: f64, std: f64, a: f64, b: f64) -> Result<(), InitWeightsError> {
        match TruncNormalFill::new(mean, std, a, b).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, *self.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline(never)]
    fn diagonal(self, value: f64, on: Diagonal) -> Result<(), InitWeightsError> {
        DiagonalFill::new(value, on).map_err(code)?.write(0, self.out);
        Ok(())
    }
}

fn code(_: FillError) -> InitWeightsError {
    InitWeightsError::Numbers
}
