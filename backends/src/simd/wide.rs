//! Lanes as plain arrays, which the compiler turns into whatever vectors the surrounding function may use.

use weight_init_core::lanes::{Arithmetic, Lanes};

/// `N` lanes without any instruction of their own: loops over arrays.
///
/// Masks are integers of all ones or zeros, which compilers vectorize where arrays of `bool` stay scalar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide<const N: usize>;

/// An array, element by element.
macro_rules! each {
    ($n:ident, $zero:expr, |$i:ident| $value:expr) => {{
        let mut out = [$zero; $n];
        let mut $i = 0;
        while $i < $n {
            out[$i] = $value;
            $i += 1;
        }
        out
    }};
}

macro_rules! arithmetic {
    ($float:ident, $bits:ident, |$x:ident| $to_float:expr) => {
        impl<const N: usize> Arithmetic<$float> for Wide<N> {
            type Int = [$bits; N];
            type Float = [$float; N];
            type Mask = [$bits; N];

            #[inline(always)]
            fn splat_int(self, x: $bits) -> [$bits; N] {
                [x; N]
            }
            #[inline(always)]
            fn splat(self, x: $float) -> [$float; N] {
                [x; N]
            }
            #[inline(always)]
            fn and(self, a: [$bits; N], b: [$bits; N]) -> [$bits; N] {
                each!(N, 0, |i| a[i] & b[i])
            }
            #[inline(always)]
            fn xor(self, a: [$bits; N], b: [$bits; N]) -> [$bits; N] {
                each!(N, 0, |i| a[i] ^ b[i])
            }
            #[inline(always)]
            fn add_int(self, a: [$bits; N], b: [$bits; N]) -> [$bits; N] {
                each!(N, 0, |i| a[i].wrapping_add(b[i]))
            }
            #[inline(always)]
            fn shl(self, a: [$bits; N], by: u32) -> [$bits; N] {
                each!(N, 0, |i| a[i].wrapping_shl(by))
            }
            #[inline(always)]
            fn shr(self, a: [$bits; N], by: u32) -> [$bits; N] {
                each!(N, 0, |i| a[i].wrapping_shr(by))
            }
            #[inline(always)]
            fn to_float(self, a: [$bits; N]) -> [$float; N] {
                each!(N, 0.0, |i| {
                    let $x = a[i];
                    $to_float
                })
            }
            #[inline(always)]
            fn to_bits(self, a: [$float; N]) -> [$bits; N] {
                each!(N, 0, |i| a[i].to_bits())
            }
            #[inline(always)]
            fn from_bits(self, a: [$bits; N]) -> [$float; N] {
                each!(N, 0.0, |i| $float::from_bits(a[i]))
            }
            #[inline(always)]
            fn add(self, a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| a[i] + b[i])
            }
            #[inline(always)]
            fn sub(self, a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| a[i] - b[i])
            }
            #[inline(always)]
            fn mul(self, a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| a[i] * b[i])
            }
            #[inline(always)]
            fn div(self, a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| a[i] / b[i])
            }
            #[inline(always)]
            fn sqrt(self, a: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| a[i].sqrt())
            }
            #[inline(always)]
            fn min(self, a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| if a[i] < b[i] { a[i] } else { b[i] })
            }
            #[inline(always)]
            fn max(self, a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| if a[i] > b[i] { a[i] } else { b[i] })
            }
            #[inline(always)]
            fn less(self, a: [$float; N], b: [$float; N]) -> [$bits; N] {
                each!(N, 0, |i| $bits::from(a[i] < b[i]).wrapping_neg())
            }
            #[inline(always)]
            fn top_bit(self, a: [$bits; N]) -> [$bits; N] {
                each!(N, 0, |i| (a[i].cast_signed() >> ($bits::BITS - 1)).cast_unsigned())
            }
            #[inline(always)]
            fn any(self, mask: [$bits; N]) -> bool {
                mask.iter().fold(0, |any, lane| any | lane) != 0
            }
            #[inline(always)]
            fn select(self, mask: [$bits; N], a: [$float; N], b: [$float; N]) -> [$float; N] {
                each!(N, 0.0, |i| {
                    $float::from_bits((a[i].to_bits() & mask[i]) | (b[i].to_bits() & !mask[i]))
                })
            }
        }
    };
}

arithmetic!(f32, u32, |x| x.cast_signed() as f32);
// Halves in the mantissas of 2^84 and 2^52: exact below 2^53, and there is no 64-bit conversion before AVX-512.
arithmetic!(f64, u64, |x| {
    let high = f64::from_bits((x >> 32) | 0x4530_0000_0000_0000);
    let low = f64::from_bits((x & 0xFFFF_FFFF) | 0x4330_0000_0000_0000);
    (high - 19_342_813_118_337_666_422_669_312.0) + low
});

impl<const LANES: usize> Lanes for Wide<LANES> {
    const N: usize = LANES;

    #[inline(always)]
    fn counters(self, first: u32) -> [u32; LANES] {
        each!(LANES, 0, |i| first.wrapping_add(i as u32))
    }

    #[inline(always)]
    fn mul_hilo(self, a: [u32; LANES], b: u32) -> [[u32; LANES]; 2] {
        let high = each!(LANES, 0, |i| ((u64::from(a[i]) * u64::from(b)) >> 32) as u32);
        [high, each!(LANES, 0, |i| a[i].wrapping_mul(b))]
    }

    #[inline(always)]
    fn join(self, low: [u32; LANES], high: [u32; LANES]) -> [u64; LANES] {
        each!(LANES, 0, |i| u64::from(low[i]) | (u64::from(high[i]) << 32))
    }

    #[inline(always)]
    fn store_f32(self, x: [[f32; LANES]; 4], out: &mut [f32]) {
        if out.len() == 4 * LANES {
            let (blocks, _) = out.as_chunks_mut::<4>();
            for (j, block) in blocks.iter_mut().enumerate().take(LANES) {
                *block = [x[0][j], x[1][j], x[2][j], x[3][j]];
            }
        }
    }

    #[inline(always)]
    fn store_f64(self, x: [[f64; LANES]; 2], out: &mut [f64]) {
        if out.len() == 2 * LANES {
            let (blocks, _) = out.as_chunks_mut::<2>();
            for (j, block) in blocks.iter_mut().enumerate().take(LANES) {
                *block = [x[0][j], x[1][j]];
            }
        }
    }
}
