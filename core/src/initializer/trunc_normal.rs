use super::{InitError, Initializer, Shape};
use crate::{Fill, Float};

/// Normal, conditioned on [a, b]. The bounds are absolute, not in standard deviations.
///
/// MMEngine's own sampler is wrong where a bound is far from the mean and in 16 bits; this one is
/// right there, a deliberate difference.
///
/// ```
/// use weight_init_core::{Fill, initializer::{Initializer, Shape, TruncNormal}};
/// let fill: Fill<f32> = TruncNormal { std: 0.02, ..TruncNormal::default() }.fill(&Shape::new(&[64]))?;
/// assert_eq!(fill, Fill::trunc_normal(0.0, 0.02, -2.0, 2.0)?);
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncNormal {
    /// Mean before truncation.
    pub mean: f64,
    /// Standard deviation before truncation.
    pub std: f64,
    /// Lower bound.
    pub a: f64,
    /// Upper bound.
    pub b: f64,
}

impl TruncNormal {
    /// MMEngine's defaults.
    pub const DEFAULT: Self = Self { mean: 0.0, std: 1.0, a: -2.0, b: 2.0 };
}

impl Default for TruncNormal {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<T: Float> Initializer<T> for TruncNormal {
    fn fill(&self, _: &Shape<'_>) -> Result<Fill<T>, InitError> {
        Ok(Fill::trunc_normal(self.mean, self.std, self.a, self.b)?)
    }
}
