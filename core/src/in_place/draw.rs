//! From the numbers of a distribution to elements, each kind by itself.

use crate::fill::{Argument, Lowered, NormalFill, TruncNormalFill, UniformFill, rounded};
use crate::initializer::{Distribution, TruncNormal};
use crate::lanes::Lanes;
use crate::{FillError, Float, Stream};

/// What the elements of a parameter are drawn from: numbers as an initializer gives them, for any element type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Draw {
    /// Every element this value.
    Constant(f64),
    /// Uniform in [a, b).
    Uniform {
        /// Lower bound, inclusive.
        a: f64,
        /// Upper bound, exclusive.
        b: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
    /// Normal with mean 0 and a standard deviation of at most 2, whose samples no element type is too small for.
    Centred {
        /// Standard deviation.
        std: f64,
    },
    /// Normal, conditioned on [a, b].
    TruncNormal(TruncNormal),
}

impl Draw {
    /// Uniform with mean 0 and this standard deviation.
    pub(super) fn around_zero(std: f64) -> Self {
        let bound = Distribution::bound(std);
        Self::Uniform { a: -bound, b: bound }
    }
}

/// Writes the elements of a draw of its kind, and does nothing for those of another.
pub(super) type Sampler<T, L> = fn(L, &Draw, Stream, &mut [T]) -> Result<(), FillError>;

pub(super) fn constant<T: Float>(value: f64, out: &mut [T]) -> Result<(), FillError> {
    out.fill(rounded(Argument::Val, value)?);
    Ok(())
}

macro_rules! samplers {
    ($($name:ident: $pattern:pat => $new:expr;)*) => {$(
        pub(super) fn $name<T: Float, L: Lanes>(
            lanes: L,
            draw: &Draw,
            stream: Stream,
            out: &mut [T],
        ) -> Result<(), FillError> {
            if let $pattern = *draw {
                match $new? {
                    Lowered::Constant(value) => out.fill(value),
                    Lowered::Kind(fill) => fill.write_with(lanes, stream, 0, out),
                }
            }
            Ok(())
        }
    )*};
}
samplers! {
    uniform: Draw::Uniform { a, b } => UniformFill::new(a, b);
    normal: Draw::Normal { mean, std } => NormalFill::new(mean, std);
    centred: Draw::Centred { std } => Ok::<_, FillError>(Lowered::Kind(NormalFill::centred(std)));
    trunc_normal: Draw::TruncNormal(i) => TruncNormalFill::new(i.mean, i.std, i.a, i.b);
}
