use std::fmt;
use std::sync::Arc;

use crate::checkpoint::StoredType;

/// A tensor of a [`StateDict`](super::StateDict).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTensor {
    pub(super) name: String,
    pub(super) dtype: StoredType,
    pub(super) shape: Vec<u64>,
    pub(super) place: Place,
}

impl StoredTensor {
    /// The name in the checkpoint.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of the elements.
    #[must_use]
    pub const fn dtype(&self) -> StoredType {
        self.dtype
    }

    /// The extents, outermost first; empty for a scalar.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        crate::checkpoint::elements(&self.shape)
    }

    /// Bytes of all elements, row by row.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        // Elements below one byte are packed; the total is rounded up to whole bytes.
        let bits = u128::from(self.elements()) * u128::from(self.dtype.bits());
        u64::try_from(bits / 8).unwrap_or(u64::MAX)
    }
}

/// A value of a checkpoint that is not read, under a name that a tensor could have: an object, a sparse or quantized
/// tensor, an array of texts. It refuses nothing but a parameter of its name.
#[derive(Clone, PartialEq, Eq)]
pub struct Unread {
    pub(super) name: String,
    pub(super) what: Arc<str>,
}

impl Unread {
    /// The name in the checkpoint.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A description in words: `an object of 'numpy.core.multiarray.scalar'`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unread({:?}: {})", self.name, self.what)
    }
}

/// Where the elements of a tensor are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which of the sources.
    pub(crate) source: usize,
    /// Bytes from its start to the first element.
    pub(crate) offset: u64,
    /// Elements from one index to the next, by dimension; `None`: row by row.
    pub(crate) strides: Option<Vec<u64>>,
    /// Whether the most significant byte comes first.
    pub(crate) big_endian: bool,
    /// Conjugation and negation that are applied to the stored elements.
    pub(crate) signs: Signs,
}

/// Signs that a view gives the elements of its storage: PyTorch keeps them as bits of the tensor (`x.conj()`,
/// `x.conj().imag`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signs {
    /// Each element is the negative of what lies there.
    pub(crate) negated: bool,
    /// Each element is the complex conjugate of what lies there.
    pub(crate) conjugated: bool,
}

impl Signs {
    /// Gives little-endian elements their signs.
    pub(super) fn apply(self, dtype: StoredType, bytes: &mut [u8]) {
        use safetensors::Dtype;

        if self == Self::default() {
            return;
        }
        match dtype.format_type() {
            // Real and imaginary part; of the negative of a conjugate, the imaginary part is as it was.
            Dtype::C64 => {
                for element in bytes.as_chunks_mut::<8>().0 {
                    element[3] ^= u8::from(self.negated) << 7;
                    element[7] ^= u8::from(self.negated != self.conjugated) << 7;
                }
            }
            _ if !self.negated => {}
            Dtype::I8 | Dtype::U8 => bytes.chunks_exact_mut(1).for_each(negate),
            Dtype::I16 | Dtype::U16 => bytes.chunks_exact_mut(2).for_each(negate),
            Dtype::I32 | Dtype::U32 => bytes.chunks_exact_mut(4).for_each(negate),
            Dtype::I64 | Dtype::U64 => bytes.chunks_exact_mut(8).for_each(negate),
            Dtype::BOOL | Dtype::F8_E8M0 => {}
            // The sign of a floating-point number is its highest bit.
            _ => {
                for element in bytes.chunks_exact_mut(((dtype.bits() / 8) as usize).max(1)) {
                    element.last_mut().into_iter().for_each(|byte| *byte ^= 0x80);
                }
            }
        }
    }
}

/// The two's complement of a little-endian number.
fn negate(number: &mut [u8]) {
    let mut carry = true;
    for byte in number {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use safetensors::Dtype;

    use super::*;

    #[test]
    fn signs_are_those_of_the_numbers() {
        let of = |dtype, bytes: &[u8], negated, conjugated| {
            let mut bytes = bytes.to_vec();
            Signs { negated, conjugated }.apply(StoredType(dtype), &mut bytes);
            bytes
        };
        for x in [0_i16, 1, -1, 255, 256, i16::MIN] {
            let bytes = of(Dtype::I16, &x.to_le_bytes(), true, false);
            assert_eq!(bytes, x.wrapping_neg().to_le_bytes());
        }
        for x in [0_f32, -2.5, f32::INFINITY] {
            assert_eq!(of(Dtype::F32, &x.to_le_bytes(), true, false), (-x).to_le_bytes());
            assert_eq!(of(Dtype::F32, &x.to_le_bytes(), false, true), x.to_le_bytes());
        }
        let complex = |re: f32, im: f32| [re.to_le_bytes(), im.to_le_bytes()].concat();
        for (negated, conjugated, re, im) in
            [(true, false, -1.0, -2.0), (false, true, 1.0, -2.0), (true, true, -1.0, 2.0)]
        {
            let bytes = of(Dtype::C64, &complex(1.0, 2.0), negated, conjugated);
            assert_eq!(bytes, complex(re, im));
        }
    }
}
