//! Element types as bits, so that comparisons see every one of them.

use std::fmt::Debug;

use weight_init_core::{Float, bf16, f16};

/// An element type whose bits can be seen.
pub trait Bits: Float {
    /// The bits of a value.
    type Pattern: Copy + Eq + Debug + Send + Sync;

    /// The bits.
    fn pattern(self) -> Self::Pattern;
    /// The bytes, little endian, appended to `out`.
    fn append_to(self, out: &mut Vec<u8>);
}

macro_rules! bits {
    ($($type:ident: $bits:ident),*) => {$(
        impl Bits for $type {
            type Pattern = $bits;

            fn pattern(self) -> $bits {
                self.to_bits()
            }
            fn append_to(self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
        }
    )*};
}

bits!(f32: u32, f64: u64, f16: u16, bf16: u16);

/// Whether two lists have the same bits.
pub fn same<T: Bits>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.pattern() == b.pattern())
}
