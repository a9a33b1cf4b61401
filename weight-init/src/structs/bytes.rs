//! Elements as the bytes of files: little endian.

use std::borrow::Cow;

use weight_init_core::layer_data::{TensorMut, TensorRef};

/// The bytes of the elements; copied where the machine has the other byte order.
pub(super) fn of<'t>(tensor: &TensorRef<'t>) -> Cow<'t, [u8]> {
    let bytes: &[u8] = match *tensor {
        TensorRef::F32(elements) => bytemuck::cast_slice(elements),
        TensorRef::F64(elements) => bytemuck::cast_slice(elements),
        TensorRef::F16(elements) => bytemuck::cast_slice(elements),
        TensorRef::BF16(elements) => bytemuck::cast_slice(elements),
    };
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    swap(&mut bytes, tensor.dtype().size());
    Cow::Owned(bytes)
}

/// The memory of the elements. Bytes of a file that were put into it are made elements by [`arrived`].
pub(super) fn of_mut<'t>(tensor: &'t mut TensorMut<'_>) -> &'t mut [u8] {
    match tensor {
        TensorMut::F32(elements) => bytemuck::cast_slice_mut(elements),
        TensorMut::F64(elements) => bytemuck::cast_slice_mut(elements),
        TensorMut::F16(elements) => bytemuck::cast_slice_mut(elements),
        TensorMut::BF16(elements) => bytemuck::cast_slice_mut(elements),
    }
}

/// Brings elements of this size from the byte order of files into that of the machine.
pub(super) fn arrived(bytes: &mut [u8], size: usize) {
    if cfg!(target_endian = "big") {
        swap(bytes, size);
    }
}

fn swap(bytes: &mut [u8], size: usize) {
    bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
}
