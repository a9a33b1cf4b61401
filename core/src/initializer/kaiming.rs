use super::gain::constant_gain;
use super::{
    Declared, Distribution, Draw, FanConvention, FanCount, FanMode, Init, InitError, Lower,
    Nonlinearity, Shape, fans, gain,
};
use crate::initializer;
use crate::math::root::over_root;

initializer! {
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
    pub struct Kaiming {
        /// Negative slope of a leaky ReLU; counts for that nonlinearity alone.
        a: f64 = 0.0, Finite;
        /// Which fan scales the variance.
        mode: FanMode = FanMode::FanOut, Any;
        /// The function behind the layer.
        nonlinearity: Nonlinearity = Nonlinearity::Relu, Any;
        /// Normal or uniform.
        distribution: Distribution = Distribution::Normal, Any;
        /// How fans are counted.
        fan: FanConvention = FanConvention::Torch, Any, later;
        /// Equal parts of the outputs, each with fans of its own: 3 of the fused weight of queries, keys and values.
        parts: u64 = 1, Positive, later;
    }
    function: "kaiming_{distribution}";
    fans: UnlessEmpty;
    count(this) { FanCount { convention: this.fan, parts: this.parts, ..FanCount::TORCH } }
}

impl Kaiming {
    /// The standard deviation for this shape, `gain/√fan`; 0 if a dimension is zero.
    ///
    /// # Errors
    ///
    /// Those of [`FanCount::fans`].
    pub fn std(&self, shape: &Shape<'_>) -> Result<f64, InitError> {
        if shape.is_empty() {
            return Ok(0.0);
        }
        let fan = self.fan_count().fans(shape)?.get(self.mode);
        Ok(match constant_gain(self.nonlinearity) {
            Some(gain) => over_root(gain, fan),
            None => gain(self.nonlinearity, self.a) / libm::sqrt(fan as f64),
        })
    }

    /// [`std`](Self::std) by PyTorch's fans, where the gain does not depend on `a`.
    pub(crate) fn constant_gain_std(&self, shape: &Shape<'_>) -> Result<Option<f64>, InitError> {
        if shape.is_empty() {
            return Ok(Some(0.0));
        }
        let fan = fans(shape)?.get(self.mode);
        Ok(constant_gain(self.nonlinearity).map(|gain| over_root(gain, fan)))
    }
}

impl Lower for Kaiming {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        match self.distribution {
            // No gain is beyond 5/3, no fan below 1.
            Distribution::Normal => draw.centred(|| self.std(shape)),
            Distribution::Uniform => draw.around_zero(Distribution::Uniform, self.std(shape)?),
        }
    }
}

initializer! {
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
    pub struct Caffe2Xavier {}
    fans: UnlessEmpty;
    same_as: Init::Kaiming(Self::KAIMING);
}

impl Caffe2Xavier {
    /// The same as a Kaiming initializer.
    pub const KAIMING: Kaiming = Kaiming {
        a: 1.0,
        mode: FanMode::FanIn,
        nonlinearity: Nonlinearity::LeakyRelu,
        distribution: Distribution::Uniform,
        ..Kaiming::DEFAULT
    };
}

impl Lower for Caffe2Xavier {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.around_zero(Distribution::Uniform, Self::KAIMING.std(shape)?)
    }
}
