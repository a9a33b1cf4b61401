use super::{InitError, Initializer, Shape};
use crate::{Fill, Float, math};

/// Every element `val`.
///
/// ```
/// use weight_init_core::{Fill, initializer::{Constant, Initializer, Shape}};
/// let fill: Fill<f32> = Constant { val: 1.0 }.fill(&Shape::new(&[64]))?;
/// assert_eq!(fill, Fill::Constant(1.0));
/// # Ok::<(), weight_init_core::initializer::InitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Constant {
    /// The value.
    pub val: f64,
}

impl Constant {
    /// MMEngine's default: zero.
    pub const DEFAULT: Self = Self { val: 0.0 };
}

impl<T: Float> Initializer<T> for Constant {
    fn fill(&self, _: &Shape<'_>) -> Result<Fill<T>, InitError> {
        Ok(Fill::constant(self.val)?)
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
