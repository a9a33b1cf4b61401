use super::{Draw, Lower, Shape};
use crate::initializer;

initializer! {
    /// Normal with this mean and standard deviation.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, Normal, Shape}};
    /// let fill: Fill<f32> = Normal { std: 0.01, ..Normal::default() }.fill(&Shape::new(&[64]))?;
    /// assert_eq!(fill, Fill::normal(0.0, 0.01)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Normal {
        /// Mean.
        mean: f64 = 0.0, Finite;
        /// Standard deviation.
        std: f64 = 1.0, NotNegative;
    }
    function: "normal";
}

impl Lower for Normal {
    #[inline]
    fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.normal(self.mean, self.std)
    }
}
