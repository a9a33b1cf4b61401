use super::{InitError, Initializer, Shape};
use crate::{Fill, Float};

/// Uniform in [a, b).
///
/// ```
/// use weight_init_core::{Fill, initializer::{Initializer, Shape, Uniform}};
/// let fill: Fill<f32> = Uniform::default().fill(&Shape::new(&[64]))?;
/// assert_eq!(fill, Fill::uniform(0.0, 1.0)?);
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    /// Lower bound, inclusive.
    pub a: f64,
    /// Upper bound, exclusive as this double: a narrower element type may hold the number nearest to it, if that is less.
    pub b: f64,
}

impl Uniform {
    /// MMEngine's defaults.
    pub const DEFAULT: Self = Self { a: 0.0, b: 1.0 };
}

impl Default for Uniform {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<T: Float> Initializer<T> for Uniform {
    fn fill(&self, _: &Shape<'_>) -> Result<Fill<T>, InitError> {
        Ok(Fill::uniform(self.a, self.b)?)
    }
}
