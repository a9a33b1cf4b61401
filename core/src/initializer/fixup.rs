use super::{
    ArgError, ArgProblem, Distribution, Draw, FanMode, InitError, Lower, Shape, Xavier, fans,
};
use crate::initializer;
use crate::math::{exp::exp, ln};

initializer! {
    /// Kaiming-normal for ReLU times `layers^(−1/(2·depth − 2))`: the weights of a residual branch of `depth` layers, but for its last.
    ///
    /// Hongyi Zhang, Yann N. Dauphin, Tengyu Ma: *Fixup initialization: Residual learning without normalization*, ICLR 2019,
    /// <https://arxiv.org/abs/1901.09321>, section 2. The last layer of each branch, and the classifier, are `Zeros`.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Fixup, Initializer, Shape}};
    /// let fill: Fill<f32> = Fixup { layers: 4, ..Fixup::DEFAULT }.fill(&Shape::new(&[8, 8]))?;
    /// assert_eq!(fill, Fill::normal(0.0, 0.25)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Fixup {
        /// Residual branches of the network.
        layers: u64 = 1, Positive, needed;
        /// Layers of a branch: 2 of a basic block of ResNet, 3 of a bottleneck.
        depth: u64 = 2, Positive;
        /// Which fan scales the variance.
        mode: FanMode = FanMode::FanOut, Any;
    }
    function: "fixup";
    fans: Always;
    check(this) {
        if this.depth < 2 {
            let problem = ArgProblem::Below { x: this.depth as f64, least: 2.0 };
            Err(ArgError { argument: "depth", problem })
        } else {
            Ok(())
        }
    }
}

impl Lower for Fixup {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let fan = fans(shape).map_err(InitError::from)?.get(self.mode).max(1) as f64;
        let layers = self.layers as f64;
        let factor = match self.depth {
            2 => 1.0 / libm::sqrt(layers),
            3 => 1.0 / libm::sqrt(libm::sqrt(layers)),
            depth => exp(-ln(layers) / (2.0 * depth as f64 - 2.0)),
        };
        draw.normal(0.0, libm::sqrt(2.0 / fan) * factor)
    }
}

initializer! {
    /// T-Fixup: Xavier-uniform times `0.67·layers^(−¼)` in an encoder, `(9·layers)^(−¼)` in a decoder.
    ///
    /// Xiao Shi Huang, Felipe Pérez, Jimmy Ba, Maksims Volkovs: *Improving transformer optimization through better
    /// initialization*, ICML 2020, <https://proceedings.mlr.press/v119/huang20f.html>, section 3.2: the values and the output of
    /// attention, both matrices of the feed-forward part, and the embeddings, which are normal with standard deviation
    /// `d^(−½)` before that factor. Queries, keys and all else are `Xavier`.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, Shape, TFixup}};
    /// // (9·9)^(−¼) is ⅓, and 16 channels have standard deviation ¼.
    /// let embedding = TFixup { layers: 9, decoder: true, embedding: true };
    /// let fill: Fill<f32> = embedding.fill(&Shape::new(&[1000, 16]))?;
    /// assert_eq!(fill, Fill::normal(0.0, 0.25 / 3.0)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct TFixup {
        /// Layers of the encoder, or of the decoder.
        layers: u64 = 1, Positive, needed;
        /// Whether the weight is of the decoder.
        decoder: bool = false, Any;
        /// Whether it is an embedding.
        embedding: bool = false, Any;
    }
    function: "t_fixup";
    fans: Always;
}

impl Lower for TFixup {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let layers = self.layers as f64;
        let factor = if self.decoder {
            1.0 / libm::sqrt(libm::sqrt(9.0 * layers))
        } else {
            0.67 / libm::sqrt(libm::sqrt(layers))
        };
        if self.embedding {
            let channels = shape.dims().last().copied().unwrap_or(1).max(1) as f64;
            return draw.normal(0.0, factor / libm::sqrt(channels));
        }
        draw.around_zero(Distribution::Uniform, Xavier::DEFAULT.std(shape)? * factor)
    }
}
