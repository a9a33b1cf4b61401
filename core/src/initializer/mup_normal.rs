use super::{Draw, InitError, Lower, Shape, fans};
use crate::initializer;

initializer! {
    /// Normal with standard deviation `std·√(base_fan/fan_in)`, or `std·base_fan/fan_in` in the output layer: muP.
    ///
    /// `base_fan` is fan_in of the same weight in the narrow model whose hyperparameters are kept; with it the two are alike.
    /// Greg Yang, Edward J. Hu, Igor Babuschkin, Szymon Sidor, Xiaodong Liu, David Farhi, Nick Ryder, Jakub Pachocki, Weizhu
    /// Chen, Jianfeng Gao: *Tensor Programs V: tuning large neural networks via zero-shot hyperparameter transfer*, 2022,
    /// <https://arxiv.org/abs/2203.03466>, table 3. Its learning rates are the optimizer's affair. A fan of zero counts as one.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, MupNormal, Shape}};
    /// let wide = Shape::new(&[1024, 1024]);
    /// let fill: Fill<f32> = MupNormal { std: 0.5, base_fan: 256, output: false }.fill(&wide)?;
    /// assert_eq!(fill, Fill::normal(0.0, 0.25)?);
    /// let fill: Fill<f32> = MupNormal { std: 0.5, base_fan: 256, output: true }.fill(&wide)?;
    /// assert_eq!(fill, Fill::normal(0.0, 0.125)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct MupNormal {
        /// Standard deviation in the narrow model.
        std: f64 = 0.02, NotNegative;
        /// fan_in of the weight in the narrow model.
        base_fan: u64 = 1, Positive, needed;
        /// Whether the layer is the network's last.
        output: bool = false, Any;
    }
    function: "mup_normal";
    fans: Always;
}

impl Lower for MupNormal {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let fan_in = fans(shape).map_err(InitError::from)?.fan_in.max(1) as f64;
        let ratio = self.base_fan as f64 / fan_in;
        draw.normal(0.0, self.std * if self.output { ratio } else { libm::sqrt(ratio) })
    }
}
