use super::{Draw, Lower, Shape};
use crate::initializer;

initializer! {
    /// Normal with standard deviation `std/√(2·layers)`: the projections that end the two residual branches of each layer.
    ///
    /// Alec Radford, Jeffrey Wu, Rewon Child, David Luan, Dario Amodei, Ilya Sutskever: *Language models are unsupervised
    /// multitask learners*, 2019, section 2.3 (GPT-2): the sum of all branches then varies as much as one of them.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{DepthScaled, Initializer, Shape}};
    /// let fill: Fill<f32> = DepthScaled { std: 0.02, layers: 8 }.fill(&Shape::new(&[768, 768]))?;
    /// assert_eq!(fill, Fill::normal(0.0, 0.005)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct DepthScaled {
        /// Standard deviation of the other weights.
        std: f64 = 0.02, NotNegative;
        /// Layers of the model, each with two residual branches.
        layers: u64 = 1, Positive, needed;
    }
    function: "depth_scaled";
}

impl Lower for DepthScaled {
    #[inline]
    fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.normal(0.0, self.std / libm::sqrt(2.0 * self.layers as f64))
    }
}
