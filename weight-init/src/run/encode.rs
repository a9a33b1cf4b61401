use weight_init_core::init_cfg::Init;
use weight_init_core::{DType, Float};

use crate::model::Values;
use crate::plan::Lowered;

/// Writes the given values of a floating-point tensor, each rounded once.
pub(super) fn write_floats<T: Float>(values: &Values, first: u64, out: &mut [T]) {
    for (index, element) in (first..).zip(out) {
        *element = T::from_f64_rounded(values.element(index));
    }
}

/// Writes elements of an integer tensor, little endian, from the given one of its sources: values count from `index` on.
pub(super) fn write_integers(dtype: DType, source: &Lowered<'_>, index: u64, out: &mut [u8]) {
    let size = dtype.size();
    for (index, element) in (index..).zip(out.chunks_exact_mut(size)) {
        let x = match source {
            Lowered::Values(values) => values.element(index),
            Lowered::Init { init: Init::Constant(constant), .. } => constant.val,
            // No other initializer is lowered for an integer type, and stored tensors are read elsewhere.
            Lowered::Init { .. }
            | Lowered::Mapped { .. }
            | Lowered::Stored(_)
            | Lowered::Norm(_) => 0.0,
        };
        // Whole numbers in the range of the type, as the plan has checked.
        let bytes = (x as i64).to_le_bytes();
        element.copy_from_slice(bytes.get(..size).unwrap_or_default());
    }
}

/// Exchanges the byte order of what a backend wrote.
pub(super) fn swap_bytes<T: Float + bytemuck::Pod>(elements: &mut [T]) {
    for element in elements {
        bytemuck::bytes_of_mut(element).reverse();
    }
}
