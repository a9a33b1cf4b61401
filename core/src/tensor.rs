//! The memory of parameters that people's own structs hold.

#[cfg(feature = "nalgebra")]
mod nalgebra;
#[cfg(feature = "ndarray")]
mod ndarray;

use crate::{Float, bf16, f16};

/// Memory of a parameter's elements, row-major: nested arrays, and flat storage of any kind.
///
/// ```
/// use weight_init_core::tensor::{KnownShape, ParamData};
///
/// let mut weight = [[0.0_f32; 4]; 2];
/// weight.elements_mut()[5] = 1.0;
/// assert_eq!(weight, [[0.0; 4], [0.0, 1.0, 0.0, 0.0]]);
/// assert_eq!(<[[f32; 4]; 2]>::DIMS, [2, 4]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold the elements of a parameter",
    label = "marked `#[layer(param)]`",
    note = "parameters are (nested) arrays, `Vec`s, slices, and boxes of these, of f32, f64, f16 or bf16; any of them may \
            stand in an `Option`; arrays of ndarray and matrices of nalgebra by the features of these names"
)]
pub trait ParamData {
    /// Element type.
    type Element: Float;

    /// All elements.
    fn elements(&self) -> &[Self::Element];

    /// All elements, to be written.
    fn elements_mut(&mut self) -> &mut [Self::Element];
}

/// A parameter whose type says its shape: nested arrays.
#[diagnostic::on_unimplemented(
    message = "the type `{Self}` does not say the shape of the parameter",
    note = "write it beside the field: `#[layer(param, shape = [64, 128])]`; the expressions may use `self`"
)]
pub trait KnownShape {
    /// Dimensions, outermost first.
    const DIMS: &'static [usize];
}

/// Something that can be an element of a nested array: a number, or such an array.
///
/// Implemented for arrays of up to eight dimensions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of a parameter",
    note = "a row is a number (f32, f64, f16, bf16) or an array of rows, so that all elements lie side by side: in place of a \
            `Vec` of `Vec`s, use one flat `Vec` and write its `shape`"
)]
pub trait Row: Sized {
    /// Element type.
    type Element: Float;
    /// Number of dimensions.
    const RANK: usize;
    /// The dimensions, outermost first; zeros behind them.
    const PADDED: [usize; MAX_RANK];

    /// The elements of rows that lie side by side.
    fn flat(rows: &[Self]) -> &[Self::Element];

    /// The elements of rows that lie side by side, to be written.
    fn flat_mut(rows: &mut [Self]) -> &mut [Self::Element];
}

/// Dimensions of a nested array, at most.
const MAX_RANK: usize = 8;

macro_rules! scalar_row {
    ($($type:ty),*) => {$(
        impl Row for $type {
            type Element = Self;
            const RANK: usize = 0;
            const PADDED: [usize; MAX_RANK] = [0; MAX_RANK];

            fn flat(rows: &[Self]) -> &[Self] {
                rows
            }

            fn flat_mut(rows: &mut [Self]) -> &mut [Self] {
                rows
            }
        }
    )*};
}
scalar_row!(f32, f64, f16, bf16);

impl<R: Row, const N: usize> Row for [R; N] {
    type Element = R::Element;
    const RANK: usize = R::RANK + 1;
    const PADDED: [usize; MAX_RANK] = {
        assert!(R::RANK < MAX_RANK, "an array of more than eight dimensions");
        let mut padded = [N; MAX_RANK];
        let mut axis = 1;
        while axis < MAX_RANK {
            padded[axis] = R::PADDED[axis - 1];
            axis += 1;
        }
        padded
    };

    fn flat(rows: &[Self]) -> &[R::Element] {
        R::flat(rows.as_flattened())
    }

    fn flat_mut(rows: &mut [Self]) -> &mut [R::Element] {
        R::flat_mut(rows.as_flattened_mut())
    }
}

impl<R: Row, const N: usize> KnownShape for [R; N] {
    const DIMS: &'static [usize] = <Self as PaddedRef>::PADDED_REF.split_at(<Self as Row>::RANK).0;
}

/// The padded dimensions where a constant can borrow them.
trait PaddedRef {
    const PADDED_REF: &'static [usize];
}

impl<R: Row> PaddedRef for R {
    const PADDED_REF: &'static [usize] = &R::PADDED;
}

impl<R: Row, const N: usize> ParamData for [R; N] {
    type Element = R::Element;

    fn elements(&self) -> &[R::Element] {
        R::flat(self)
    }

    fn elements_mut(&mut self) -> &mut [R::Element] {
        R::flat_mut(self)
    }
}

impl<R: Row> ParamData for [R] {
    type Element = R::Element;

    fn elements(&self) -> &[R::Element] {
        R::flat(self)
    }

    fn elements_mut(&mut self) -> &mut [R::Element] {
        R::flat_mut(self)
    }
}

impl<P: ParamData + ?Sized> ParamData for &mut P {
    type Element = P::Element;

    fn elements(&self) -> &[P::Element] {
        (**self).elements()
    }

    fn elements_mut(&mut self) -> &mut [P::Element] {
        (**self).elements_mut()
    }
}

impl<R: Row, const N: usize> ParamData for heapless::Vec<R, N> {
    type Element = R::Element;

    fn elements(&self) -> &[R::Element] {
        R::flat(self)
    }

    fn elements_mut(&mut self) -> &mut [R::Element] {
        R::flat_mut(self)
    }
}

#[cfg(feature = "alloc")]
impl<R: Row> ParamData for alloc::vec::Vec<R> {
    type Element = R::Element;

    fn elements(&self) -> &[R::Element] {
        R::flat(self)
    }

    fn elements_mut(&mut self) -> &mut [R::Element] {
        R::flat_mut(self)
    }
}

#[cfg(feature = "alloc")]
impl<P: ParamData + ?Sized> ParamData for alloc::boxed::Box<P> {
    type Element = P::Element;

    fn elements(&self) -> &[P::Element] {
        (**self).elements()
    }

    fn elements_mut(&mut self) -> &mut [P::Element] {
        (**self).elements_mut()
    }
}

#[cfg(feature = "alloc")]
impl<P: KnownShape> KnownShape for alloc::boxed::Box<P> {
    const DIMS: &'static [usize] = P::DIMS;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_arrays_know_their_shape() {
        assert_eq!(<[f32; 3] as KnownShape>::DIMS, [3]);
        assert_eq!(<[[[[bf16; 7]; 5]; 3]; 2] as KnownShape>::DIMS, [2, 3, 5, 7]);
        assert_eq!(<[[f64; 0]; 2] as KnownShape>::DIMS, [2, 0]);
    }

    #[test]
    fn elements_are_row_major() {
        let mut cube = [[[0_f32; 4]; 3]; 2];
        for (index, element) in (0_u16..).zip(cube.elements_mut()) {
            *element = f32::from(index);
        }
        assert_eq!((cube[1][2][3], cube[1][0][0], cube.elements().len()), (23.0, 12.0, 24));
    }
}
