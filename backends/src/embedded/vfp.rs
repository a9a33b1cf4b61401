//! One lane on ARM processors with a floating-point unit, such as Cortex-M4F.

use core::arch::asm;

use weight_init_core::lanes::{Arithmetic, Int, Lane, Lanes, Scalar};
use weight_init_core::{bf16, f16};

/// The scalar reference with the square root of the floating-point unit, which `core` offers by no name yet.
///
/// The root is correctly rounded, as `libm`'s is, so the bits are the same; it takes one instruction instead of a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vfp;

macro_rules! as_scalar {
    ($($name:ident($($x:ident: $type:ty),*) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name(self, $($x: $type),*) -> $result {
            Scalar.$name($($x),*)
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
            fn splat_int(self, x: $bits) -> $bits {
                x
            }
            #[inline(always)]
            fn shl(self, a: $bits, by: u32) -> $bits {
                Arithmetic::<$float>::shl(Scalar, a, by)
            }
            #[inline(always)]
            fn shr(self, a: $bits, by: u32) -> $bits {
                Arithmetic::<$float>::shr(Scalar, a, by)
            }
            #[inline(always)]
            fn any(self, mask: bool) -> bool {
                mask
            }
            #[inline(always)]
            fn sqrt(self, $a: $float) -> $float {
                $sqrt
            }
            as_scalar! {
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
arithmetic!(f64, u64, |a| Scalar.sqrt(a));

#[inline(always)]
fn sqrt(x: f32) -> f32 {
    let root;
    // SAFETY: every ARM target of the ABI eabihf has the instruction (VFPv2 and later); it reads and writes the named
    // registers, and flags of the floating-point status that nothing reads.
    unsafe {
        asm!("vsqrt.f32 {root}, {x}", root = lateout(sreg) root, x = in(sreg) x, options(pure, nomem, nostack));
    }
    root
}

impl Lanes for Vfp {
    const N: usize = 1;

    as_scalar! {
        counters(first: u32) -> Int<f32, Self>;
        mul_hilo(a: u32, b: u32) -> [Int<f32, Self>; 2];
        join(low: u32, high: u32) -> Int<f64, Self>;
        store_f32(x: [Lane<f32, Self>; 4], out: &mut [f32]) -> ();
        store_f64(x: [Lane<f64, Self>; 2], out: &mut [f64]) -> ();
        store_f16(x: [Lane<f32, Self>; 4], out: &mut [f16]) -> ();
        store_bf16(x: [Lane<f32, Self>; 4], out: &mut [bf16]) -> ();
    }
}
