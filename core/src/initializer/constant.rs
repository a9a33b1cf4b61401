use super::{Draw, Lower, Shape};
use crate::{initializer, math};

initializer! {
    /// Every element `val`.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Constant, Initializer, Shape}};
    /// let fill: Fill<f32> = Constant { val: 1.0 }.fill(&Shape::new(&[64]))?;
    /// assert_eq!(fill, Fill::Constant(1.0));
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Constant {
        /// The value.
        val: f64 = 0.0, Finite, needed;
    }
    function: "constant";
}

impl Lower for Constant {
    #[inline]
    fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.constant(self.val)
    }
}

/// The bias with which a sigmoid gives probability `p`: `−ln((1 − p)/p)`.
///
/// Finite for `0 < p < 1`; ∓∞ at 0 and 1, NaN outside. Within 2 units in the last place of the
/// logarithm; the same bits everywhere. T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár: *Focal
/// loss for dense object detection*, ICCV 2017, <https://arxiv.org/abs/1708.02002>, section 4.1.
///
/// ```
/// use weight_init_core::initializer::bias_from_prob;
/// assert_eq!(bias_from_prob(0.01), -4.59511985013459);
/// ```
#[must_use]
pub fn bias_from_prob(p: f64) -> f64 {
    -math::ln((1.0 - p) / p)
}
