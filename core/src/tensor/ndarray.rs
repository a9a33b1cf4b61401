//! Owned arrays of ndarray.

use ndarray::{Array, Dimension};

use super::ParamData;
use crate::Float;

/// Row-major arrays, which is what ndarray makes by itself; the field says its shape. An array in another order, such as one of
/// which axes were exchanged, lends no elements, so that writing it is an error of the layer.
///
/// ```
/// # #[cfg(feature = "derive")]
/// # {
/// use ndarray::{Array1, Array2};
/// use weight_init_core::Layer;
///
/// #[derive(Layer)]
/// struct Linear {
///     #[layer(param, shape = [self.weight.nrows(), self.weight.ncols()])]
///     weight: Array2<f32>,
///     #[layer(param, shape = [self.bias.len()])]
///     bias: Array1<f32>,
/// }
/// # let _ = Linear { weight: Array2::zeros((10, 64)), bias: Array1::zeros(10) };
/// # }
/// ```
impl<T: Float, D: Dimension> ParamData for Array<T, D> {
    type Element = T;

    fn elements(&self) -> &[T] {
        self.as_slice().unwrap_or_default()
    }

    fn elements_mut(&mut self) -> &mut [T] {
        self.as_slice_mut().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array, Array2, Ix4};

    use super::*;

    #[test]
    fn elements_are_those_of_the_rows() {
        let mut matrix = Array2::<f32>::zeros((2, 3));
        matrix.elements_mut()[5] = 1.0;
        assert_eq!(matrix[[1, 2]], 1.0);
        assert_eq!(Array::<f64, Ix4>::zeros((2, 3, 4, 5)).elements().len(), 120);
    }

    #[test]
    fn an_array_in_another_order_lends_nothing() {
        let mut turned = Array2::<f32>::zeros((2, 3)).reversed_axes();
        assert_eq!((turned.elements().len(), turned.elements_mut().len()), (0, 0));
    }
}
