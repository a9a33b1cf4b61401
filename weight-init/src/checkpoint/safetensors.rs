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

use weight_init_core::{DType, Opaque};

pub mod read;
pub mod write;

pub use read::{SafetensorsFile, TensorEntry};
pub(crate) use write::header_of;
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
/// let bf16 = StoredType::of(DType::BF16).ok_or("no such type")?;
/// assert_eq!((bf16.to_string().as_str(), bf16.bits(), bf16.dtype()), ("BF16", 16, Some(DType::BF16)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredType(pub(in crate::checkpoint) ::safetensors::Dtype);

impl StoredType {
    /// The type in which elements of a type are stored; `None` for those that the format does not have.
    #[must_use]
    pub const fn of(dtype: DType) -> Option<Self> {
        use ::safetensors::Dtype;

        Some(Self(match dtype {
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
            DType::Opaque(Opaque::U16) => Dtype::U16,
            DType::Opaque(Opaque::U32) => Dtype::U32,
            DType::Opaque(Opaque::U64) => Dtype::U64,
            DType::Opaque(Opaque::C64) => Dtype::C64,
            DType::Opaque(Opaque::F8E4M3) => Dtype::F8_E4M3,
            DType::Opaque(Opaque::F8E4M3Fnuz) => Dtype::F8_E4M3FNUZ,
            DType::Opaque(Opaque::F8E5M2) => Dtype::F8_E5M2,
            DType::Opaque(Opaque::F8E5M2Fnuz) => Dtype::F8_E5M2FNUZ,
            DType::Opaque(Opaque::F8E8M0) => Dtype::F8_E8M0,
            DType::Opaque(_) => return None,
        }))
    }

    /// Bits of one element.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0.bitsize() as u64
    }

    /// The element type whose numbers are stored so; `None` for types that are opaque, or that no parameter has.
    #[must_use]
    pub fn dtype(self) -> Option<DType> {
        DType::ALL.into_iter().find(|&dtype| Self::of(dtype) == Some(self))
    }

    pub(crate) const fn format_type(self) -> ::safetensors::Dtype {
        self.0
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
            let stored = StoredType::of(dtype).unwrap();
            assert_eq!(stored.bits(), 8 * dtype.size() as u64);
            assert_eq!(stored.dtype(), Some(dtype));
        }
        for dtype in Opaque::ALL.map(DType::Opaque) {
            let Some(stored) = StoredType::of(dtype) else { continue };
            assert_eq!(stored.bits(), 8 * dtype.size() as u64);
            assert_eq!(stored.dtype(), None);
        }
        assert_eq!(StoredType(::safetensors::Dtype::U16).dtype(), None);
    }
}
