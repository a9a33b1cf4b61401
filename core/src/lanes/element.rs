//! The types that lanes hold.

use core::fmt::Debug;

/// A number on lanes: `f32` or `f64`, with the constants that every function of such numbers takes. Sealed.
///
/// It is the ground floor: [`math`](crate::math) and the samplers are written over it, and the element types
/// of weights stand on top of them.
pub trait Element: Copy + Default + PartialOrd + Debug + Send + Sync + sealed::Element {
    /// Unsigned integer of the same width.
    type Bits: Copy + Debug;

    /// Width in bits.
    const BITS: u32;
    /// ½.
    const HALF: Self;
    /// 1.
    const ONE: Self;
    /// −2.
    const MINUS_TWO: Self;

    /// An integer constant, its low bits.
    #[must_use]
    fn bits(x: u64) -> Self::Bits;
}

#[allow(unnameable_types, reason = "sealed")]
mod sealed {
    pub trait Element: 'static {}
    impl Element for f32 {}
    impl Element for f64 {}
}

impl Element for f32 {
    type Bits = u32;
    const BITS: u32 = 32;
    const HALF: Self = 0.5;
    const ONE: Self = 1.0;
    const MINUS_TWO: Self = -2.0;

    #[inline(always)]
    fn bits(x: u64) -> u32 {
        x as u32
    }
}

impl Element for f64 {
    type Bits = u64;
    const BITS: u32 = 64;
    const HALF: Self = 0.5;
    const ONE: Self = 1.0;
    const MINUS_TWO: Self = -2.0;

    #[inline(always)]
    fn bits(x: u64) -> u64 {
        x
    }
}
