use super::{Draw, InitError, Lower, Shape, fans};
use crate::initializer;

initializer! {
    /// Uniform within `±√(6/fan_in)/omega`, or `±1/fan_in` in the first layer: networks whose activation is `sin(omega·x)`.
    ///
    /// Vincent Sitzmann, Julien N. P. Martel, Alexander W. Bergman, David B. Lindell, Gordon Wetzstein: *Implicit neural
    /// representations with periodic activation functions*, NeurIPS 2020, <https://arxiv.org/abs/2006.09661>. A fan of zero
    /// counts as one.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, Shape, Siren}};
    /// let first: Fill<f32> = Siren { first: true, ..Siren::DEFAULT }.fill(&Shape::new(&[256, 2]))?;
    /// assert_eq!(first, Fill::uniform(-0.5, 0.5)?);
    /// let inner: Fill<f32> = Siren { omega: 8.0, first: false }.fill(&Shape::new(&[6, 6]))?;
    /// assert_eq!(inner, Fill::uniform(-0.125, 0.125)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Siren {
        /// Factor of the argument of the sine.
        omega: f64 = 30.0, Positive;
        /// Whether the layer is the network's first.
        first: bool = false, Any;
    }
    function: "siren";
    fans: Always;
}

impl Lower for Siren {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let fan_in = fans(shape).map_err(InitError::from)?.fan_in.max(1) as f64;
        let bound = if self.first { 1.0 / fan_in } else { libm::sqrt(6.0 / fan_in) / self.omega };
        draw.uniform(-bound, bound)
    }
}
