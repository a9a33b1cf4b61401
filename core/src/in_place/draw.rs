//! From the numbers of a distribution to elements, each kind by itself.

use super::sealed::Lend;
use super::{InitWeightsError, Initializers, Source};
use crate::fill::{
    Argument, Diagonal, DiagonalFill, Lowered, NormalFill, TruncNormalFill, UniformFill, rounded,
};
use crate::initializer::Draw;
use crate::lanes::Lanes;
use crate::line_fill::{Computed, ComputedFill, LineFill, Lines, OrthogonalFill, SparseFill};
use crate::{FillError, Float};

/// Where samples come from, and where they go.
pub(super) struct InPlace<'o, 's, L, T, S: Initializers> {
    pub(super) lanes: L,
    pub(super) source: &'o mut Source<'s, S>,
    pub(super) out: &'o mut [T],
}

// The methods are never inlined: flash holds one copy of each sampler, and the stack only the frame of the chosen one.
impl<L: Lanes, T: Float, S: Initializers> Draw for InPlace<'_, '_, L, T, S> {
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
            Lowered::Kind(fill) => fill.write_with(self.lanes, self.source.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline(never)]
    fn normal(self, mean: f64, std: f64) -> Result<(), InitWeightsError> {
        match NormalFill::new(mean, std).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, self.source.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline]
    fn centred<E>(self, std: impl FnOnce() -> Result<f64, E>) -> Result<(), InitWeightsError>
    where
        InitWeightsError: From<E>,
    {
        let std = std()?;
        self.samples(std);
        Ok(())
    }

    #[inline(never)]
    fn trunc_normal(self, mean: f64, std: f64, a: f64, b: f64) -> Result<(), InitWeightsError> {
        match TruncNormalFill::new(mean, std, a, b).map_err(code)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, self.source.stream, 0, self.out),
        }
        Ok(())
    }

    #[inline(never)]
    fn diagonal(self, value: f64, on: Diagonal) -> Result<(), InitWeightsError> {
        DiagonalFill::new(value, on).map_err(code)?.write(0, self.out);
        Ok(())
    }

    #[inline(never)]
    fn orthogonal(self, gain: f64, lines: Lines) -> Result<(), InitWeightsError> {
        let fill = LineFill::Orthogonal(OrthogonalFill::new(gain, lines).map_err(code)?);
        self.source.scratch.write(self.lanes, &fill, self.source.stream, self.out)
    }

    #[inline(never)]
    fn sparse(self, zeros: usize, std: f64, lines: Lines) -> Result<(), InitWeightsError> {
        let fill = LineFill::Sparse(SparseFill::new(zeros, std, lines).map_err(code)?);
        self.source.scratch.write(self.lanes, &fill, self.source.stream, self.out)
    }

    #[inline(never)]
    fn computed(self, of: Computed, lines: Lines) -> Result<(), InitWeightsError> {
        let fill = ComputedFill::new(of, lines).map_err(code)?;
        fill.write_with(self.lanes, self.source.stream, 0, self.out);
        Ok(())
    }
}

impl<L: Lanes, T: Float, S: Initializers> InPlace<'_, '_, L, T, S> {
    /// Normal numbers in a stack frame that the computation of their standard deviation does not share.
    #[inline(never)]
    fn samples(self, std: f64) {
        NormalFill::centred(std).write_with(self.lanes, self.source.stream, 0, self.out);
    }
}

fn code(_: FillError) -> InitWeightsError {
    InitWeightsError::Numbers
}
