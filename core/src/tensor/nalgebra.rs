//! Matrices and vectors of nalgebra that own their memory.

use nalgebra::{Const, Dim, IsContiguous, Matrix, RawStorageMut, SMatrix, Scalar};

use super::{KnownShape, ParamData};
use crate::Float;

/// nalgebra lays matrices out column by column, and elements are numbered as they lie: a matrix of `OUT` rows and `IN` columns is
/// the parameter `[IN, OUT]` of the layout `in_out`, which the field says. A matrix of one column is a vector. A `DMatrix` (by nalgebra's own
/// feature `alloc`) needs `shape = [self.weight.ncols(), self.weight.nrows()]` beside it.
///
/// ```
/// # #[cfg(feature = "derive")]
/// # {
/// use nalgebra::{SMatrix, SVector};
/// use weight_init_core::Layer;
///
/// #[derive(Layer)]
/// struct Linear {
///     #[layer(param, layout = "in_out")]
///     weight: SMatrix<f32, 10, 64>,
///     #[layer(param)]
///     bias: SVector<f32, 10>,
/// }
/// # let _ = Linear { weight: SMatrix::zeros(), bias: SVector::zeros() };
/// # }
/// ```
impl<T, R, C, S> ParamData for Matrix<T, R, C, S>
where
    T: Float + Scalar,
    R: Dim,
    C: Dim,
    S: RawStorageMut<T, R, C> + IsContiguous,
{
    type Element = T;

    fn elements(&self) -> &[T] {
        self.as_slice()
    }

    fn elements_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

/// As the elements lie: `[C, R]`, and `[R]` of a vector.
impl<T, const R: usize, const C: usize> KnownShape for SMatrix<T, R, C>
where
    Const<R>: Dim,
    Const<C>: Dim,
{
    const DIMS: &'static [usize] = if C == 1 { &[R] } else { &[C, R] };
}

#[cfg(test)]
mod tests {
    use nalgebra::{Matrix2x3, SVector};

    use super::*;

    #[test]
    fn elements_are_those_of_the_columns() {
        let mut matrix = Matrix2x3::<f32>::zeros();
        matrix.elements_mut()[2] = 1.0;
        assert_eq!(matrix[(0, 1)], 1.0);
    }

    #[test]
    fn matrices_of_constant_size_know_their_shape() {
        assert_eq!(<Matrix2x3<f32> as KnownShape>::DIMS, [3, 2]);
        assert_eq!(<SVector<f64, 4> as KnownShape>::DIMS, [4]);
    }
}
