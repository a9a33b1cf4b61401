//! The lane of a device's thread: core's scalar one, but for what the device has instructions for.

use core::arch::asm;

use weight_init_core as weights;
use weight_init_core::lanes::{Arithmetic, Int, Lane, Lanes, Scalar, Table};

/// One lane.
#[derive(Clone, Copy)]
pub(crate) struct Thread;

/// Methods that are those of [`Scalar`].
macro_rules! as_scalar {
    ($trait:ty: $($name:ident($($x:ident: $type:ty),*) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name(self, $($x: $type),*) -> $result {
            <Scalar as $trait>::$name(Scalar, $($x),*)
        }
    )*};
}

macro_rules! arithmetic {
    ($float:ident, $bits:ident) => {
        impl Arithmetic<$float> for Thread {
            type Int = $bits;
            type Float = $float;
            type Mask = bool;

            as_scalar! { Arithmetic<$float>:
                splat_int(x: $bits) -> $bits;
                splat(x: $float) -> $float;
                and(a: $bits, b: $bits) -> $bits;
                xor(a: $bits, b: $bits) -> $bits;
                add_int(a: $bits, b: $bits) -> $bits;
                shl(a: $bits, by: u32) -> $bits;
                shr(a: $bits, by: u32) -> $bits;
                to_float(a: $bits) -> $float;
                to_bits(a: $float) -> $bits;
                from_bits(a: $bits) -> $float;
                add(a: $float, b: $float) -> $float;
                sub(a: $float, b: $float) -> $float;
                mul(a: $float, b: $float) -> $float;
                div(a: $float, b: $float) -> $float;
                min(a: $float, b: $float) -> $float;
                max(a: $float, b: $float) -> $float;
                top_bit(a: $bits) -> bool;
                any(mask: bool) -> bool;
                less(a: $float, b: $float) -> bool;
                select(mask: bool, a: $float, b: $float) -> $float;
            }
            #[inline(always)]
            fn rows<T: Table<$float>>(self, index: $bits) -> [$float; 4] {
                Arithmetic::<$float>::rows::<T>(Scalar, index)
            }

            /// The instruction; libm's function would be software here.
            #[inline(always)]
            fn sqrt(self, a: $float) -> $float {
                core::$float::math::sqrt(a)
            }
        }
    };
}

arithmetic!(f32, u32);
arithmetic!(f64, u64);

impl Lanes for Thread {
    const N: usize = 1;

    as_scalar! { Lanes:
        counters(first: u32) -> Int<f32, Self>;
        join(low: Int<f32, Self>, high: Int<f32, Self>) -> Int<f64, Self>;
        store_f32(x: [Lane<f32, Self>; 4], out: &mut [f32]) -> ();
        store_f64(x: [Lane<f64, Self>; 2], out: &mut [f64]) -> ();
    }
    /// One multiplication, whose halves the compiler shall take for what they are. It would go on with both in one
    /// wide register, at several instructions more for each round.
    #[inline(always)]
    fn mul_hilo(self, a: u32, b: u32) -> [u32; 2] {
        let (product, high, low): (u64, u32, u32);
        // SAFETY: an instruction that has registers for operands and no other effect.
        unsafe {
            asm!("mul.wide.u32 {}, {}, {};", out(reg64) product, in(reg32) a, in(reg32) b, options(pure, nomem, nostack));
        }
        // SAFETY: as above.
        unsafe {
            asm!("mov.b64 {{{}, {}}}, {};", out(reg32) low, out(reg32) high, in(reg64) product, options(pure, nomem, nostack));
        }
        [high, low]
    }
    /// The instruction, which rounds to nearest even; NaN does not occur.
    #[inline(always)]
    fn store_f16(self, x: [f32; 4], out: &mut [weights::f16]) {
        if let Ok(out) = <&mut [weights::f16; 4]>::try_from(out) {
            *out = x.map(|x| weights::f16::from_bits((x as f16).to_bits()));
        }
    }
    /// Nearest, ties to even, in integers; NaN does not occur.
    #[inline(always)]
    fn store_bf16(self, x: [f32; 4], out: &mut [weights::bf16]) {
        if let Ok(out) = <&mut [weights::bf16; 4]>::try_from(out) {
            *out = x.map(|x| {
                let bits = x.to_bits();
                let odd = (bits >> 16) & 1;
                weights::bf16::from_bits((bits.wrapping_add(0x7fff).wrapping_add(odd) >> 16) as u16)
            });
        }
    }
}
