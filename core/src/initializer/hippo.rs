use super::argument::choice;
use super::lines::rows;
use super::{Draw, Lower, Shape};
use crate::initializer;
use crate::line_fill::{Computed, Formula};

initializer! {
    /// The matrices of HiPPO-LegS: A with `−√((2n+1)(2k+1))` below its diagonal, `−(n+1)` on it and zeros above, and B with `√(2n+1)`.
    ///
    /// Albert Gu, Tri Dao, Stefano Ermon, Atri Rudra, Christopher Ré: *HiPPO: Recurrent memory with optimal polynomial
    /// projections*, NeurIPS 2020, <https://arxiv.org/abs/2008.07669>, theorem 2, in the sign of S4, `x' = A·x + B·u`. The last two
    /// dimensions of A are `n` and `k`; B has `n` in its last dimension, or in the one before it where the last is 1. Dimensions
    /// in front repeat the matrix. Nothing is random.
    ///
    /// ```
    /// use weight_init_core::initializer::{AnyFill, HiPPO, Init, Shape};
    /// use weight_init_core::Stream;
    /// let AnyFill::Lines(fill) = Init::HiPPO(HiPPO::DEFAULT).any_fill::<f32>(&Shape::new(&[3, 3]))? else { panic!("by lines") };
    /// let mut a = [[0.0; 3]; 3];
    /// fill.write(Stream::new(42, "ssm.A"), 0, &mut [], a.as_flattened_mut())?;
    /// assert_eq!(a, [[-1.0, 0.0, 0.0], [-1.7320508, -2.0, 0.0], [-2.236068, -3.8729835, -3.0]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct HiPPO {
        /// Which of the two.
        of: HiPPOMatrix = HiPPOMatrix::A, Any;
    }
    function: "hippo_{of}";
}

choice! {
    /// Which matrix of [`HiPPO`] a parameter is.
    pub enum HiPPOMatrix: "a matrix" {
        /// The transition of the state.
        A = "A",
        /// What the input adds to the state.
        B = "B",
    }
}

/// `2n + 1`.
const fn odd(n: usize) -> f64 {
    2.0 * n as f64 + 1.0
}

impl Lower for HiPPO {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let is_a = self.of == HiPPOMatrix::A;
        let lines = rows(shape, if is_a { 2 } else { 1 })?;
        let order = shape.dims().iter().nth_back(1).copied().unwrap_or(1).max(1);
        let is_column = lines.length == 1;
        let (name, formula, largest) = if is_a {
            let a = Formula::ByPlace(|&[order, ..], line, k| {
                let n = line % order as usize;
                match n.cmp(&k) {
                    core::cmp::Ordering::Less => 0.0,
                    core::cmp::Ordering::Equal => -(n as f64 + 1.0),
                    core::cmp::Ordering::Greater => -libm::sqrt(odd(n) * odd(k)),
                }
            });
            ("hippo_a", a, odd(order))
        } else if is_column {
            let b =
                Formula::ByPlace(|&[order, ..], line, _| libm::sqrt(odd(line % order as usize)));
            ("hippo_b_column", b, libm::sqrt(odd(order)))
        } else {
            let b = Formula::ByPlace(|_, _, n| libm::sqrt(odd(n)));
            ("hippo_b", b, libm::sqrt(odd(lines.length)))
        };
        draw.computed(Computed { name, formula, numbers: [order as f64, 0.0, 0.0], largest }, lines)
    }
}
