use super::{InitError, Initializer, Shape};
use crate::{Fill, Float};

/// Normal with this mean and standard deviation.
///
/// ```
/// use weight_init_core::{Fill, initializer::{Initializer, Normal, Shape}};
/// let fill: Fill<f32> = Normal { std: 0.01, ..Normal::default() }.fill(&Shape::new(&[64]))?;
/// assert_eq!(fill, Fill::normal(0.0, 0.01)?);
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
}

impl Normal {
    /// MMEngine's defaults.
    pub const DEFAULT: Self = Self { mean: 0.0, std: 1.0 };
}

impl Default for Normal {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<T: Float> Initializer<T> for Normal {
    fn fill(&self, _: &Shape<'_>) -> Result<Fill<T>, InitError> {
        Ok(Fill::normal(self.mean, self.std)?)
    }
}
