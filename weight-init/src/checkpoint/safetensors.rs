//! The safetensors format: a JSON header that says where each tensor lies, then the tensors.
//!
//! ```text
//! 8 bytes   length N of the header, little endian
//! N bytes   {"__metadata__": {KEY: TEXT, …}, NAME: {"dtype": "F32", "shape": […], "data_offsets": [BEGIN, END]}, …}
//! the rest  the tensors, row-major, little endian, without gaps; offsets count from here
//! ```
//!
//! Which element types there are is taken from the `safetensors` crate; header and checks are our own. The
//! crate's writer orders metadata by chance and neither synchronizes nor asks the umask, and its reader wants
//! the whole file in memory and takes a header with the same name twice.
//!
//! See <https://github.com/huggingface/safetensors#format>.

use std::fmt;

use weight_init_core::DType;

pub mod read;
pub mod write;

pub use read::{SafetensorsFile, TensorEntry};
pub use write::{SafetensorsWriter, TensorInfo};

/// The longest header that the format allows, in bytes.
pub const MAX_HEADER_BYTES: u64 = 100_000_000;

/// The key of the file's own texts among the tensors' names.
const METADATA: &str = "__metadata__";

/// An element type of the format; there are more of them than a model is initialized with.
///
/// ```
/// use weight_init::checkpoint::StoredType;
/// use weight_init_core::DType;
///
/// let bf16 = StoredType::from(DType::BF16);
/// assert_eq!((bf16.to_string().as_str(), bf16.bits(), bf16.dtype()), ("BF16", 16, Some(DType::BF16)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredType(pub(in crate::checkpoint) ::safetensors::Dtype);

impl StoredType {
    /// Bits of one element.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0.bitsize() as u64
    }

    /// The element type of a parameter that is stored so; `None` for types that parameters do not have.
    #[must_use]
    pub fn dtype(self) -> Option<DType> {
        DType::ALL.into_iter().find(|&dtype| Self::from(dtype) == self)
    }

    pub(crate) const fn format_type(self) -> ::safetensors::Dtype {
        self.0
    }
}

impl From<DType> for StoredType {
    fn from(dtype: DType) -> Self {
        use ::safetensors::Dtype;

        Self(match dtype {
            DType::Bool => Dtype::BOOL,
            DType::U8 => Dtype::U8,
            DType::I8 => Dtype::I8,
            DType::I16 => Dtype::I16,
            DType::I32 => Dtype::I32,
            DType::I64 => Dtype::I64,
            DType::F16 => Dtype::F16,
            DType::BF16 => Dtype::BF16,
            DType::F32 => Dtype::F32,
            DType::F64 => Dtype::F64,
        })
    }
}

/// The name in the header: `F32`, `BF16`, `F8_E4M3`, …
impl fmt::Display for StoredType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn sizes_agree_with_the_format() {
        for dtype in DType::ALL {
            let stored = StoredType::from(dtype);
            assert_eq!(stored.bits(), 8 * dtype.size() as u64);
            assert_eq!(stored.dtype(), Some(dtype));
        }
        assert_eq!(StoredType(::safetensors::Dtype::U16).dtype(), None);
    }
}
