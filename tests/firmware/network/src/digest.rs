//! Digests of the bits of weights.

use core::fmt::Debug;

use weight_init_core::tensor::{ParamData, Row};
use weight_init_core::{Float, Fnv1a, bf16, f16};

/// An element type of the reports.
pub trait Element: Float + Row<Element = Self> + Debug {
    /// Name in the reports.
    const NAME: &'static str;
    /// Zero.
    const ZERO: Self;

    /// Continues a digest by the bytes of a value, little-endian.
    fn hash(self, so_far: Fnv1a) -> Fnv1a;
}

macro_rules! element {
    ($($type:ident = $zero:expr),*) => {$(
        impl Element for $type {
            const NAME: &'static str = stringify!($type);
            const ZERO: Self = $zero;

            fn hash(self, so_far: Fnv1a) -> Fnv1a {
                so_far.write(&self.to_le_bytes())
            }
        }
    )*};
}
element!(f32 = 0.0, f64 = 0.0, f16 = f16::ZERO, bf16 = bf16::ZERO);

/// FNV-1a of the bits of all elements.
pub fn digest<P>(param: &P) -> u64
where
    P: ParamData,
    P::Element: Element,
{
    param.elements().iter().fold(Fnv1a::new(), |hash, element| element.hash(hash)).finish()
}
