use super::argument::choice;
use super::{Axes, Declared, Draw, FanConvention, FanCount, Lower, Shape};
use crate::initializer;

initializer! {
    /// Variance `scale/fan`.
    ///
    /// Keras' `VarianceScaling` and JAX's `variance_scaling`. A fan of zero counts as one. In Keras `normal` is another name
    /// of `truncated_normal`, in JAX it is `untruncated_normal`; so it is no name here.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, Shape, VarianceDistribution, VarianceScaling}};
    /// let uniform = VarianceScaling { distribution: VarianceDistribution::Uniform, ..VarianceScaling::DEFAULT };
    /// let fill: Fill<f64> = uniform.fill(&Shape::new(&[8, 3]))?;
    /// assert_eq!(fill, Fill::uniform(-1.0, 1.0)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct VarianceScaling {
        /// Factor of the variance.
        scale: f64 = 1.0, Positive;
        /// Which fan divides the variance; fan_avg is the mean of both.
        mode: VarianceMode = VarianceMode::FanIn, Any;
        /// What has that variance; the truncated normal is cut off at two standard deviations before truncation.
        distribution: VarianceDistribution = VarianceDistribution::TruncatedNormal, Any;
        /// How fans are counted.
        fan: FanConvention = FanConvention::Torch, Any, later;
        /// Equal parts of the outputs, each with fans of its own: 3 of the fused weight of queries, keys and values.
        parts: u64 = 1, Positive, later;
        /// Dimensions of the inputs, as in JAX; none: that of the layout among those that nothing else names.
        in_axis: Axes = Axes::NONE, Any, later;
        /// Dimensions of the outputs, likewise.
        out_axis: Axes = Axes::NONE, Any, later;
        /// Dimensions that count for no fan, such as that of stacked layers or experts.
        batch_axis: Axes = Axes::NONE, Any, later;
    }
    function: "variance_scaling";
    fans: Always;
    count(this) {
        let Self { parts, in_axis, out_axis, batch_axis, .. } = *this;
        FanCount { convention: this.fan, parts, in_axis, out_axis, batch_axis }
    }
}

choice! {
    /// Which fan divides the variance of [`VarianceScaling`].
    pub enum VarianceMode: "a mode" {
        /// The inputs of a unit.
        FanIn = "fan_in",
        /// The outputs of a unit.
        FanOut = "fan_out",
        /// The mean of both.
        FanAvg = "fan_avg",
    }
}

choice! {
    /// What has the variance of [`VarianceScaling`].
    pub enum VarianceDistribution: "a distribution" {
        /// A normal distribution that is cut off at two standard deviations; the variance is that of what is left.
        TruncatedNormal = "truncated_normal",
        /// A normal distribution.
        UntruncatedNormal = "untruncated_normal",
        /// A uniform distribution around zero.
        Uniform = "uniform",
    }
}

/// The standard deviation of a standard normal distribution that is cut off at ±2:
/// √(1 − 4·φ(2)/(2·Φ(2) − 1)), as Keras and JAX write it.
const TRUNCATED_STD: f64 = 0.879_625_661_034_239_8;

impl Lower for VarianceScaling {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let fans = self.fan_count().fans(shape)?;
        let fan = match self.mode {
            VarianceMode::FanIn => fans.fan_in as f64,
            VarianceMode::FanOut => fans.fan_out as f64,
            VarianceMode::FanAvg => {
                (u128::from(fans.fan_in) + u128::from(fans.fan_out)) as f64 / 2.0
            }
        };
        let variance = self.scale / fan.max(1.0);
        match self.distribution {
            VarianceDistribution::TruncatedNormal => {
                let std = libm::sqrt(variance) / TRUNCATED_STD;
                draw.trunc_normal(0.0, std, -2.0 * std, 2.0 * std)
            }
            VarianceDistribution::UntruncatedNormal => draw.normal(0.0, libm::sqrt(variance)),
            VarianceDistribution::Uniform => {
                let limit = libm::sqrt(3.0 * variance);
                draw.uniform(-limit, limit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fill, Initializer};

    fn fill(scale: f64, mode: VarianceMode, distribution: VarianceDistribution) -> Fill<f64> {
        // Keras: a kernel of 3×3, from 4 to 6 channels.
        let shape = Shape::new(&[6, 4, 3, 3]);
        VarianceScaling { scale, mode, distribution, ..VarianceScaling::DEFAULT }
            .fill(&shape)
            .unwrap()
    }

    #[test]
    fn scales_are_those_of_keras() {
        use {VarianceDistribution as D, VarianceMode as M};
        let std = |fan: f64| libm::sqrt(2.0 / fan);
        for (mode, fan) in [(M::FanIn, 36.0), (M::FanOut, 54.0), (M::FanAvg, 45.0)] {
            let limit = libm::sqrt(3.0 * (2.0 / fan));
            assert_eq!(fill(2.0, mode, D::Uniform), Fill::uniform(-limit, limit).unwrap());
            let normal = Fill::normal(0.0, std(fan)).unwrap();
            assert_eq!(fill(2.0, mode, D::UntruncatedNormal), normal);
            let wide = std(fan) / TRUNCATED_STD;
            let truncated = Fill::trunc_normal(0.0, wide, -2.0 * wide, 2.0 * wide).unwrap();
            assert_eq!(fill(2.0, mode, D::TruncatedNormal), truncated);
        }
    }

    #[test]
    fn the_correction_is_that_of_keras_and_jax() {
        assert_eq!("0.87962566103423978".parse(), Ok(TRUNCATED_STD));
    }

    #[test]
    fn a_fan_of_zero_counts_as_one_and_a_scale_of_zero_is_refused() {
        let fill: Fill<f64> = VarianceScaling::DEFAULT.fill(&Shape::new(&[5, 0])).unwrap();
        let wide = 1.0 / TRUNCATED_STD;
        assert_eq!(fill, Fill::trunc_normal(0.0, wide, -2.0 * wide, 2.0 * wide).unwrap());
        let error = VarianceScaling { scale: 0.0, ..VarianceScaling::DEFAULT }.check().unwrap_err();
        assert_eq!(
            std::string::ToString::to_string(&error),
            "'scale' is 0, but it must be positive"
        );
    }

    /// √(1 − 4·φ(2)/(2·Φ(2) − 1)) by the samples' own second moment.
    #[test]
    fn the_variance_is_that_of_what_is_left() {
        let fill = fill(1.0, VarianceMode::FanIn, VarianceDistribution::TruncatedNormal);
        let mut samples = std::vec![0.0; 40_000];
        fill.write(crate::Stream::new(1, "w"), 0, &mut samples);
        let variance = samples.iter().map(|x| x * x).sum::<f64>() / 40_000.0;
        // Four standard errors; the fourth moment of the truncated distribution is below 3.
        assert!((variance * 36.0 - 1.0).abs() < 4.0 * libm::sqrt(2.0 / 40_000.0), "{variance}");
    }
}
