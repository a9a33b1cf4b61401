use super::{Draw, Lower, Shape, ordered};
use crate::initializer;

initializer! {
    /// Uniform in [a, b).
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, Shape, Uniform}};
    /// let fill: Fill<f32> = Uniform::default().fill(&Shape::new(&[64]))?;
    /// assert_eq!(fill, Fill::uniform(0.0, 1.0)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Uniform {
        /// Lower bound, inclusive.
        a: f64 = 0.0, Finite;
        /// Upper bound, exclusive as this double: a narrower element type may hold the number nearest to it, if that is
        /// less.
        b: f64 = 1.0, Finite;
    }
    function: "uniform";
    check(this) { ordered(this.a, this.b) }
}

impl Lower for Uniform {
    #[inline]
    fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.uniform(self.a, self.b)
    }
}
