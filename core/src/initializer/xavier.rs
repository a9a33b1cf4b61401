use super::{Declared, Distribution, Draw, FanConvention, FanCount, InitError, Lower, Shape};
use crate::initializer;

initializer! {
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
    pub struct Xavier {
        /// Factor of the standard deviation.
        gain: f64 = 1.0, NotNegative;
        /// Normal or uniform.
        distribution: Distribution = Distribution::Normal, Any;
        /// How fans are counted.
        fan: FanConvention = FanConvention::Torch, Any, later;
        /// Equal parts of the outputs, each with fans of its own: 3 of the fused weight of queries, keys and values.
        parts: u64 = 1, Positive, later;
    }
    function: "xavier_{distribution}";
    fans: Always;
    count(this) { FanCount { convention: this.fan, parts: this.parts, ..FanCount::TORCH } }
}

impl Xavier {
    /// The standard deviation for this shape: `gain·√(2/(fan_in + fan_out))`.
    ///
    /// # Errors
    ///
    /// Those of [`FanCount::fans`]; [`InitError::ZeroFans`] if both fans are zero.
    pub fn std(&self, shape: &Shape<'_>) -> Result<f64, InitError> {
        let fans = self.fan_count().fans(shape)?;
        let sum = u128::from(fans.fan_in) + u128::from(fans.fan_out);
        if sum == 0 {
            return Err(InitError::ZeroFans);
        }
        Ok(self.gain * libm::sqrt(2.0 / sum as f64))
    }
}

impl Lower for Xavier {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.around_zero(self.distribution, self.std(shape)?)
    }
}
