use super::{Distribution, InitError, Initializer, Shape, fans};
use crate::{Fill, Float};

/// Variance `gain²·2/(fan_in + fan_out)`.
///
/// Xavier Glorot, Yoshua Bengio: *Understanding the difficulty of training deep feedforward neural
/// networks*, AISTATS 2010, <https://proceedings.mlr.press/v9/glorot10a.html>. In PyTorch
/// `xavier_normal_` and `xavier_uniform_`.
///
/// ```
/// use weight_init_core::{Fill, initializer::{Initializer, Shape, Xavier}};
/// let fill: Fill<f32> = Xavier::default().fill(&Shape::new(&[3, 5]))?;
/// assert_eq!(fill, Fill::normal(0.0, 0.5)?);
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Xavier {
    /// Factor of the standard deviation.
    pub gain: f64,
    /// Normal or uniform.
    pub distribution: Distribution,
}

impl Xavier {
    /// MMEngine's defaults.
    pub const DEFAULT: Self = Self { gain: 1.0, distribution: Distribution::Normal };
}

impl Default for Xavier {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Xavier {
    /// The standard deviation for this shape: `gain·√(2/(fan_in + fan_out))`.
    ///
    /// # Errors
    ///
    /// [`InitError::Fan`]; [`InitError::ZeroFans`] if both fans are zero.
    pub fn std(&self, shape: &Shape<'_>) -> Result<f64, InitError> {
        let fans = fans(shape)?;
        let sum = u128::from(fans.fan_in) + u128::from(fans.fan_out);
        if sum == 0 {
            return Err(InitError::ZeroFans);
        }
        Ok(self.gain * libm::sqrt(2.0 / sum as f64))
    }
}

impl<T: Float> Initializer<T> for Xavier {
    fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
        self.distribution.fill(self.std(shape)?)
    }
}
