use super::gain::constant_gain;
use super::{Distribution, FanMode, InitError, Initializer, Nonlinearity, Shape, fans, gain};
use crate::math::root::over_root;
use crate::{Fill, Float};

/// Variance `gain²/fan`.
///
/// Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun: *Delving deep into rectifiers*, ICCV 2015,
/// <https://arxiv.org/abs/1502.01852>. In PyTorch `kaiming_normal_` and `kaiming_uniform_`.
///
/// A shape with a zero dimension has no elements to write: it gives a constant and no error, as in
/// PyTorch.
///
/// ```
/// use weight_init_core::{Fill, initializer::{Initializer, Kaiming, Shape}};
/// let fill: Fill<f32> = Kaiming::default().fill(&Shape::new(&[8, 3]))?;
/// assert_eq!(fill, Fill::normal(0.0, 0.5)?);
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kaiming {
    /// Negative slope of a leaky ReLU; counts for that nonlinearity alone.
    pub a: f64,
    /// Which fan scales the variance.
    pub mode: FanMode,
    /// The function behind the layer.
    pub nonlinearity: Nonlinearity,
    /// Normal or uniform.
    pub distribution: Distribution,
}

impl Kaiming {
    /// MMEngine's defaults.
    pub const DEFAULT: Self = Self {
        a: 0.0,
        mode: FanMode::FanOut,
        nonlinearity: Nonlinearity::Relu,
        distribution: Distribution::Normal,
    };
}

impl Default for Kaiming {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Kaiming {
    /// The standard deviation for this shape, `gain/√fan`; 0 if a dimension is zero.
    ///
    /// # Errors
    ///
    /// [`InitError::Fan`].
    pub fn std(&self, shape: &Shape<'_>) -> Result<f64, InitError> {
        match self.constant_gain_std(shape)? {
            Some(std) => Ok(std),
            None => {
                let fan = fans(shape)?.get(self.mode);
                Ok(gain(self.nonlinearity, self.a) / libm::sqrt(fan as f64))
            }
        }
    }

    /// [`std`](Self::std), where the gain does not depend on `a`.
    pub(crate) fn constant_gain_std(&self, shape: &Shape<'_>) -> Result<Option<f64>, InitError> {
        if shape.is_empty() {
            return Ok(Some(0.0));
        }
        let fan = fans(shape)?.get(self.mode);
        Ok(constant_gain(self.nonlinearity).map(|gain| over_root(gain, fan)))
    }
}

impl<T: Float> Initializer<T> for Kaiming {
    fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
        self.distribution.fill(self.std(shape)?)
    }
}

/// Caffe2's `XavierFill`: uniform with variance `1/fan_in`.
///
/// [`Kaiming`] with `a = 1`, fan_in, leaky ReLU and a uniform distribution.
///
/// ```
/// use weight_init_core::{Fill, initializer::{Caffe2Xavier, Initializer, Shape}};
/// let fill: Fill<f64> = Caffe2Xavier.fill(&Shape::new(&[8, 4]))?;
/// assert_eq!(fill, Fill::uniform(-0.8660254037844386, 0.8660254037844386)?);
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caffe2Xavier;

impl Caffe2Xavier {
    /// The same as a Kaiming initializer.
    pub const KAIMING: Kaiming = Kaiming {
        a: 1.0,
        mode: FanMode::FanIn,
        nonlinearity: Nonlinearity::LeakyRelu,
        distribution: Distribution::Uniform,
    };
}

impl<T: Float> Initializer<T> for Caffe2Xavier {
    fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
        Self::KAIMING.fill(shape)
    }
}
