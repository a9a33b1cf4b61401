use super::{Draw, InitError, Lower, Shape};
use crate::fill::Diagonal;
use crate::initializer;

initializer! {
    /// A matrix with `gain` on its diagonal, zeros beside it.
    ///
    /// Keras' `Identity`; with `gain=1`, PyTorch's `eye_`. The shape has two dimensions, not necessarily alike. Quoc V. Le,
    /// Navdeep Jaitly, Geoffrey E. Hinton: *A simple way to initialize recurrent networks of rectified linear units*, 2015,
    /// <https://arxiv.org/abs/1504.00941>, begin recurrent weights so.
    ///
    /// ```
    /// use weight_init_core::{Fill, Stream, initializer::{Identity, Initializer, Shape}};
    /// let fill: Fill<f32> = Identity { gain: 0.5 }.fill(&Shape::new(&[2, 3]))?;
    /// let mut weight = [[0.0; 3]; 2];
    /// fill.write(Stream::new(42, "rnn.weight_hh"), 0, weight.as_flattened_mut());
    /// assert_eq!(weight, [[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]]);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct Identity {
        /// The value on the diagonal.
        gain: f64 = 1.0, Finite;
    }
    function: "identity";
}

impl Lower for Identity {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let &[rows, columns] = shape.dims() else {
            let found = shape.dims().len();
            return Err(InitError::Dimensions { found, fewest: 2, most: 2 }.into());
        };
        let (count, stride) = (rows.min(columns) as u64, (columns as u64).saturating_add(1));
        let on = Diagonal { offset: 0, stride, count, group_stride: 0, groups: 1 };
        draw.diagonal(self.gain, on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fill, Initializer, Stream, bf16};

    #[test]
    fn wide_high_and_empty_matrices() {
        let ones = |rows: usize, columns: usize| {
            let dims = [rows, columns];
            let fill: Fill<bf16> = Identity::DEFAULT.fill(&Shape::new(&dims)).unwrap();
            let mut out = std::vec![bf16::NAN; rows * columns];
            fill.write(Stream::with_id(1, 1), 0, &mut out);
            for (number, x) in out.iter().enumerate() {
                let is_one = number / columns == number % columns;
                assert_eq!(*x, bf16::from_f32(f32::from(u8::from(is_one))), "{dims:?} {number}");
            }
        };
        for (rows, columns) in [(3, 3), (2, 5), (5, 2), (1, 1), (1, 4), (0, 3), (3, 0)] {
            ones(rows, columns);
        }
    }

    #[test]
    fn a_vector_and_a_kernel_are_refused() {
        for dims in [&[][..], &[3], &[3, 3, 3]] {
            let refused: Result<Fill<f32>, _> = Identity::DEFAULT.fill(&Shape::new(dims));
            let found = dims.len();
            assert_eq!(refused, Err(InitError::Dimensions { found, fewest: 2, most: 2 }));
        }
    }
}
