//! One lane on ARM processors with a floating-point unit, such as Cortex-M4F.

use core::arch::asm;

use weight_init_core::lanes::{Arithmetic, Int, Lane, Lanes, Scalar};
use weight_init_core::{bf16, f16};

/// The scalar reference with the square root of the floating-point unit, which `core` offers by no name yet.
///
/// The root is correctly rounded, as `libm`'s is, so the bits are the same; it takes one instruction instead of a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vfp;

/// Methods of a trait that are the scalar reference's.
macro_rules! as_scalar {
    ($trait:ty: $($name:ident($($x:ident: $type:ty),*) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name(self, $($x: $type),*) -> $result {
            <Scalar as $trait>::$name(Scalar, $($x),*)
        }
    )*};
}

macro_rules! arithmetic {
    ($float:ident, $bits:ident, |$a:ident| $sqrt:expr) => {
        impl Arithmetic<$float> for Vfp {
            type Int = $bits;
            type Float = $float;
            type Mask = bool;

            #[inline(always)]
            fn sqrt(self, $a: $float) -> $float {
                $sqrt
            }
            as_scalar! {
                Arithmetic<$float>:
                splat_int(x: $bits) -> $bits;
                shl(a: $bits, by: u32) -> $bits;
                shr(a: $bits, by: u32) -> $bits;
                any(mask: bool) -> bool;
                splat(x: $float) -> $float;
                and(a: $bits, b: $bits) -> $bits;
                xor(a: $bits, b: $bits) -> $bits;
                add_int(a: $bits, b: $bits) -> $bits;
                to_float(a: $bits) -> $float;
                to_bits(a: $float) -> $bits;
                from_bits(a: $bits) -> $float;
                add(a: $float, b: $float) -> $float;
                sub(a: $float, b: $float) -> $float;
                mul(a: $float, b: $float) -> $float;
                div(a: $float, b: $float) -> $float;
                min(a: $float, b: $float) -> $float;
                max(a: $float, b: $float) -> $float;
                less(a: $float, b: $float) -> bool;
                top_bit(a: $bits) -> bool;
                select(mask: bool, a: $float, b: $float) -> $float;
            }
        }
    };
}
arithmetic!(f32, u32, |a| sqrt(a));
// Units of Cortex-M4 know f32 alone.
arithmetic!(f64, u64, |a| Arithmetic::<f64>::sqrt(Scalar, a));

#[inline(always)]
fn sqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: every ARM target of the ABI eabihf has these instructions (VFPv2 and later). The register s0, which the
    // compiler lets none name where doubles are missing, is left as it was; the floating-point status gets flags that
    // nothing reads.
    unsafe {
        asm!(
            "vpush {{s0}}",
            "vmov s0, {bits}",
            "vsqrt.f32 s0, s0",
            "vmov {bits}, s0",
            "vpop {{s0}}",
            bits = inout(reg) bits,
            options(pure, nomem),
        );
    }
    f32::from_bits(bits)
}

impl Lanes for Vfp {
    const N: usize = 1;

    as_scalar! {
        Lanes:
        counters(first: u32) -> Int<f32, Self>;
        mul_hilo(a: u32, b: u32) -> [Int<f32, Self>; 2];
        join(low: u32, high: u32) -> Int<f64, Self>;
        store_f32(x: [Lane<f32, Self>; 4], out: &mut [f32]) -> ();
        store_f64(x: [Lane<f64, Self>; 2], out: &mut [f64]) -> ();
        store_f16(x: [Lane<f32, Self>; 4], out: &mut [f16]) -> ();
        store_bf16(x: [Lane<f32, Self>; 4], out: &mut [bf16]) -> ();
    }
}
