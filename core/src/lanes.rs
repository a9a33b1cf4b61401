//! The vector abstraction over which every sampler is written once.
//!
//! **No stability promise**: backends of this workspace implement [`Lanes`]; it may change in any
//! release.
//!
//! [`Arithmetic`] is `N` lanes of one element type (`f32` or `f64`) with integers of the same
//! width; [`Lanes`] joins the two and adds what moves words in and elements out. A value of an
//! implementing type proves that the processor has the instructions, so every method is safe.
//!
//! The operations are those of which SSE2, AVX2, AVX-512, NEON and PTX give the same bits:
//! integers, IEEE 754 `+ − × ÷ √` rounded to nearest even, comparisons, and conversions of
//! *signed* integers (SSE2 and AVX2 have no unsigned ones). No fused multiply-add, no
//! reciprocal, no flush to zero.
//!
//! Lane `j` of a group always belongs to one block of random words. An implementation may assign the
//! group's blocks to lanes in any order, as long as [`Lanes::counters`] and the stores agree on it.
//!
//! # Why tokens, and why two traits
//!
//! A sampler is one generic function. `write_with(Avx2, …)` inside a function with
//! `#[target_feature]` inlines it with the intrinsics of AVX2; `write_with(Scalar, …)` is the
//! reference, with the same operations on one lane. Three rules make the bits agree:
//!
//! 1. Every operation is exactly rounded or exact, so its result does not depend on the width.
//! 2. No sampler sums across lanes, and no lane sees its neighbour: an element depends on its own
//!    block of random words alone. So a window may begin anywhere, and a tail shorter than `N`
//!    blocks is made whole and stored in part.
//! 3. A branch is taken by a mask, per lane ([`Arithmetic::select`]); [`Arithmetic::any`] may skip
//!    work that no lane needs, which changes the time, and no bit.
//!
//! [`Arithmetic`] is split from [`Lanes`] because 64-bit elements take half as many lanes as the
//! 32-bit words that they are made of: `Lanes` fixes the group of blocks, and its `f64` arithmetic is
//! often [`Twice`] a register. `Twice` carries out an operation on two halves; [`Arithmetic::in_step`]
//! keeps the two dependency chains interleaved, and [`Arithmetic::ABREAST`] tells samplers with a
//! short chain how many samples to interleave themselves.
//!
//! Fused multiply-add is given up on purpose: its bits differ from those of a product and a sum, and SSE2
//! and processors without FPU would have to emulate it.

mod element;
mod twice;

use half::{bf16, f16};

pub use self::element::Element;
pub use self::twice::{Halves, Twice};

/// Lanes of `E`, and of integers as wide as `E`.
///
/// ```
/// use weight_init_core::lanes::{Arithmetic, Scalar};
///
/// fn hypotenuse<V: Arithmetic<f32>>(v: V, a: V::Float, b: V::Float) -> V::Float {
///     v.sqrt(v.add(v.mul(a, a), v.mul(b, b)))
/// }
/// assert_eq!(hypotenuse(Scalar, 3.0, 4.0), 5.0);
/// ```
#[allow(clippy::wrong_self_convention, reason = "`self` is the token, not the value")]
pub trait Arithmetic<E: Element>: Copy {
    /// Independent samples that a sampler interleaves, so that the latency of one sample's operations is hidden
    /// behind those of the others. Divided by the registers that one lane value takes.
    const ABREAST: usize = 1;

    /// Integers, one a lane.
    type Int: Copy;
    /// Numbers, one a lane.
    type Float: Copy;
    /// Truth values, one a lane.
    type Mask: Copy;

    /// The same integer in every lane.
    fn splat_int(self, x: E::Bits) -> Self::Int;
    /// The same number in every lane.
    fn splat(self, x: E) -> Self::Float;

    /// Bitwise and.
    fn and(self, a: Self::Int, b: Self::Int) -> Self::Int;
    /// Bitwise exclusive or.
    fn xor(self, a: Self::Int, b: Self::Int) -> Self::Int;
    /// Sum modulo 2³² or 2⁶⁴.
    fn add_int(self, a: Self::Int, b: Self::Int) -> Self::Int;
    /// Shift towards the high bits by a constant below the width; zeros come in.
    fn shl(self, a: Self::Int, by: u32) -> Self::Int;
    /// Shift towards the low bits by a constant below the width; zeros come in.
    fn shr(self, a: Self::Int, by: u32) -> Self::Int;

    /// The integer as a number, rounded to nearest even. Lanes must be below 2³¹ (`f32`) or 2⁵³
    /// (`f64`); of others the result is unspecified.
    ///
    /// `f64` lanes without a 64-bit conversion (SSE2, AVX2) put the high and low half into the
    /// mantissas of 2⁸⁴ and 2⁵² and subtract these.
    fn to_float(self, a: Self::Int) -> Self::Float;
    /// The bits of the numbers.
    fn to_bits(self, a: Self::Float) -> Self::Int;
    /// The numbers of these bits.
    fn from_bits(self, a: Self::Int) -> Self::Float;

    /// `a + b`.
    fn add(self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a − b`.
    fn sub(self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a · b`.
    fn mul(self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a / b`.
    fn div(self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// Square root, correctly rounded.
    fn sqrt(self, a: Self::Float) -> Self::Float;
    /// `if a < b { a } else { b }`: the second of two equal ones (±0), as x86 does.
    fn min(self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `if a > b { a } else { b }`: the second of two equal ones (±0), as x86 does.
    fn max(self, a: Self::Float, b: Self::Float) -> Self::Float;

    /// Whether `a < b`.
    fn less(self, a: Self::Float, b: Self::Float) -> Self::Mask;
    /// Whether the highest bit is set.
    fn top_bit(self, a: Self::Int) -> Self::Mask;
    /// Whether the mask is true in any lane. May always be `true`: it only saves work whose result
    /// no lane would take.
    #[inline(always)]
    fn any(self, mask: Self::Mask) -> bool {
        let _ = mask;
        true
    }
    /// `if mask { a } else { b }`.
    fn select(self, mask: Self::Mask, a: Self::Float, b: Self::Float) -> Self::Float;

    /// `if mask { f(x) } else { other }`, for a mask that is seldom true: work whose result no lane
    /// would take is left out.
    #[inline(always)]
    fn select_rare(
        self,
        mask: Self::Mask,
        f: impl Function<E>,
        x: Self::Float,
        other: Self::Float,
    ) -> Self::Float {
        if self.any(mask) { self.select(mask, f.call(self, x), other) } else { other }
    }

    /// Looks up rows of a table: `[k]` holds the numbers of column `k`, in each lane those of the row that its integer names.
    /// The five low bits of an integer count, whatever the others are.
    ///
    /// Implementations permute registers that hold a column, or load one row for each lane and transpose.
    /// [`rows_by_comparison`] is for lanes of which no sampler asks it.
    fn rows<T: Table<E>>(self, index: Self::Int) -> [Self::Float; 4];

    /// Returns `x`: a scheduling barrier that keeps the registers of a wide value advancing together.
    ///
    /// Long dependency chains call it after each operation. Without it compilers tend to finish the
    /// chain of one register before they start that of the next, and a processor whose reorder window is
    /// shorter than a chain then waits for the latency of every single operation.
    #[inline(always)]
    fn in_step(self, x: Self::Float) -> Self::Float {
        x
    }
    /// Returns both numbers: the barrier of [`in_step`](Arithmetic::in_step) for two registers.
    #[inline(always)]
    fn abreast(self, a: Self::Float, b: Self::Float) -> [Self::Float; 2] {
        [a, b]
    }
}

/// Rows of a [`Table`].
pub const ROWS: usize = 32;

/// A table of 32 rows of four numbers, as [`Arithmetic::rows`] looks them up. Both orders are there, of which a program keeps
/// the one that its lanes read.
pub trait Table<E: 'static> {
    /// Row by row.
    const ROWS: &'static [[E; 4]; ROWS];
    /// The same, column by column.
    const COLUMNS: &'static [[E; ROWS]; 4];
}

/// The columns of these rows.
#[must_use]
pub const fn columns(rows: &[[f32; 4]; ROWS]) -> [[f32; ROWS]; 4] {
    let mut columns = [[0.0; ROWS]; 4];
    let mut place = 0;
    while place < 4 * ROWS {
        columns[place % 4][place / 4] = rows[place / 4][place % 4];
        place += 1;
    }
    columns
}

/// [`Arithmetic::rows`] by comparisons with every row: right on any lanes, and slow.
#[inline(always)]
pub fn rows_by_comparison<E: Element, V: Arithmetic<E>, T: Table<E>>(
    v: V,
    index: V::Int,
) -> [V::Float; 4] {
    let number = |k: usize| v.to_float(v.splat_int(E::bits(k as u64)));
    let row = v.to_float(v.and(index, v.splat_int(E::bits(ROWS as u64 - 1))));
    let mut found = [v.splat(E::default()); 4];
    for (k, numbers) in T::ROWS.iter().enumerate().rev() {
        let is_no_later = v.less(row, v.add(number(k), v.splat(E::HALF)));
        for (found, x) in found.iter_mut().zip(numbers) {
            *found = v.select(is_no_later, v.splat(*x), *found);
        }
    }
    found
}

/// A function of numbers, on any lanes.
pub trait Function<E: Element>: Copy {
    /// Its values.
    fn call<V: Arithmetic<E>>(self, v: V, x: V::Float) -> V::Float;
}

/// A group of [`N`](Lanes::N) blocks of random words and their elements.
///
/// `f64` lanes are as many as `f32` lanes (two registers where a register holds half of them).
pub trait Lanes: Arithmetic<f32> + Arithmetic<f64> {
    /// Blocks in a group: from 1 to [`MAX_LANES`].
    const N: usize;
    /// Whether Philox's per-stream constants are precomputed, which takes 80 bytes of stack. A scalar implementation
    /// may turn this off to save stack.
    const SHARES_ROUNDS: bool = true;

    /// The low words of the block numbers, `first..first + N` modulo 2³².
    fn counters(self, first: u32) -> Int<f32, Self>;
    /// High and low word of the 64-bit product.
    fn mul_hilo(self, a: Int<f32, Self>, b: u32) -> [Int<f32, Self>; 2];
    /// 64-bit words out of their low and high halves.
    fn join(self, low: Int<f32, Self>, high: Int<f32, Self>) -> Int<f64, Self>;

    /// Writes `x[k]` of block `j` to `out[4j + k]`. Without effect if `out.len() != 4N`.
    fn store_f32(self, x: [Lane<f32, Self>; 4], out: &mut [f32]);
    /// Writes `x[k]` of block `j` to `out[2j + k]`. Without effect if `out.len() != 2N`.
    fn store_f64(self, x: [Lane<f64, Self>; 2], out: &mut [f64]);

    /// As [`store_f32`](Lanes::store_f32), each number rounded to nearest even.
    #[inline(always)]
    fn store_f16(self, x: [Lane<f32, Self>; 4], out: &mut [f16]) {
        store_rounded(self, x, out, f16::from_f32);
    }
    /// As [`store_f32`](Lanes::store_f32), each number rounded to nearest even.
    #[inline(always)]
    fn store_bf16(self, x: [Lane<f32, Self>; 4], out: &mut [bf16]) {
        store_rounded(self, x, out, bf16::from_f32);
    }
}

/// The most lanes an implementation may have.
pub const MAX_LANES: usize = 64;

/// Integers as wide as `E` on the lanes `V`.
pub type Int<E, V> = <V as Arithmetic<E>>::Int;
/// Numbers of type `E` on the lanes `V`.
pub type Lane<E, V> = <V as Arithmetic<E>>::Float;

#[inline(always)]
fn store_rounded<L: Lanes, T>(l: L, x: [Lane<f32, L>; 4], out: &mut [T], round: impl Fn(f32) -> T) {
    let mut buffer = [0.0; 4 * MAX_LANES];
    if let Some(wide) = buffer.get_mut(..4 * L::N)
        && out.len() == wide.len()
    {
        l.store_f32(x, wide);
        for (narrow, &wide) in out.iter_mut().zip(&*wide) {
            *narrow = round(wide);
        }
    }
}

/// One lane in plain Rust: the reference, and what a microcontroller runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scalar;

macro_rules! scalar {
    ($float:ident, $bits:ident, $signed:ident, $sqrt:path) => {
        impl Arithmetic<$float> for Scalar {
            type Int = $bits;
            type Float = $float;
            type Mask = bool;

            #[inline(always)]
            fn splat_int(self, x: $bits) -> $bits {
                x
            }
            #[inline(always)]
            fn splat(self, x: $float) -> $float {
                x
            }
            #[inline(always)]
            fn and(self, a: $bits, b: $bits) -> $bits {
                a & b
            }
            #[inline(always)]
            fn xor(self, a: $bits, b: $bits) -> $bits {
                a ^ b
            }
            #[inline(always)]
            fn add_int(self, a: $bits, b: $bits) -> $bits {
                a.wrapping_add(b)
            }
            #[inline(always)]
            fn shl(self, a: $bits, by: u32) -> $bits {
                a.wrapping_shl(by)
            }
            #[inline(always)]
            fn shr(self, a: $bits, by: u32) -> $bits {
                a.wrapping_shr(by)
            }
            #[inline(always)]
            fn to_float(self, a: $bits) -> $float {
                a.cast_signed() as $float
            }
            #[inline(always)]
            fn to_bits(self, a: $float) -> $bits {
                a.to_bits()
            }
            #[inline(always)]
            fn from_bits(self, a: $bits) -> $float {
                $float::from_bits(a)
            }
            #[inline(always)]
            fn add(self, a: $float, b: $float) -> $float {
                a + b
            }
            #[inline(always)]
            fn sub(self, a: $float, b: $float) -> $float {
                a - b
            }
            #[inline(always)]
            fn mul(self, a: $float, b: $float) -> $float {
                a * b
            }
            #[inline(always)]
            fn div(self, a: $float, b: $float) -> $float {
                a / b
            }
            #[inline(always)]
            fn sqrt(self, a: $float) -> $float {
                $sqrt(a)
            }
            #[inline(always)]
            fn min(self, a: $float, b: $float) -> $float {
                if a < b { a } else { b }
            }
            #[inline(always)]
            fn max(self, a: $float, b: $float) -> $float {
                if a > b { a } else { b }
            }
            #[inline(always)]
            fn less(self, a: $float, b: $float) -> bool {
                a < b
            }
            #[inline(always)]
            fn top_bit(self, a: $bits) -> bool {
                a.cast_signed() < 0
            }
            #[inline(always)]
            fn any(self, mask: bool) -> bool {
                mask
            }
            #[inline(always)]
            fn select(self, mask: bool, a: $float, b: $float) -> $float {
                if mask { a } else { b }
            }
            #[inline(always)]
            fn rows<T: Table<$float>>(self, index: $bits) -> [$float; 4] {
                T::ROWS[index as usize % ROWS]
            }
        }
    };
}

scalar!(f32, u32, i32, libm::sqrtf);
scalar!(f64, u64, i64, libm::sqrt);

impl Lanes for Scalar {
    const N: usize = 1;

    #[inline(always)]
    fn counters(self, first: u32) -> u32 {
        first
    }
    #[inline(always)]
    fn mul_hilo(self, a: u32, b: u32) -> [u32; 2] {
        let product = u64::from(a) * u64::from(b);
        [(product >> 32) as u32, product as u32]
    }
    #[inline(always)]
    fn join(self, low: u32, high: u32) -> u64 {
        u64::from(low) | u64::from(high) << 32
    }
    #[inline(always)]
    fn store_f32(self, x: [f32; 4], out: &mut [f32]) {
        if let Ok(out) = <&mut [f32; 4]>::try_from(out) {
            *out = x;
        }
    }
    #[inline(always)]
    fn store_f64(self, x: [f64; 2], out: &mut [f64]) {
        if let Ok(out) = <&mut [f64; 2]>::try_from(out) {
            *out = x;
        }
    }
    #[inline(always)]
    fn store_f16(self, x: [f32; 4], out: &mut [f16]) {
        if let Ok(out) = <&mut [f16; 4]>::try_from(out) {
            *out = [
                f16::from_f32(x[0]),
                f16::from_f32(x[1]),
                f16::from_f32(x[2]),
                f16::from_f32(x[3]),
            ];
        }
    }
    #[inline(always)]
    fn store_bf16(self, x: [f32; 4], out: &mut [bf16]) {
        if let Ok(out) = <&mut [bf16; 4]>::try_from(out) {
            *out = [
                bf16::from_f32(x[0]),
                bf16::from_f32(x[1]),
                bf16::from_f32(x[2]),
                bf16::from_f32(x[3]),
            ];
        }
    }
}
