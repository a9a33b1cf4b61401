//! NEON, which every 64-bit Arm processor has: 4 lanes, `f64` in pairs of registers.

use core::arch::aarch64::*;

use weight_init_core::lanes::{
    Arithmetic, Halves, Lane, Lanes, ROWS, Table, Twice, rows_by_comparison,
};
use weight_init_core::line_fill::{LineFill, ScratchError};
use weight_init_core::{Fill, Float, Stream, bf16, f16};

use super::blocks::Blocks;
use super::fills::fills;
use super::instructions::{functions, instructions};

/// Four lanes. Needs no proof: every processor of this target has the instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neon<'l> {
    /// Which blocks a group takes.
    blocks: Blocks<'l>,
}

impl Neon<'static> {
    pub(super) const fn new() -> Self {
        Self { blocks: Blocks::InOrder }
    }
}

impl Neon<'_> {
    /// As this one, but a group takes these blocks.
    pub(super) const fn of(self, blocks: Blocks<'_>) -> Neon<'_> {
        Neon { blocks }
    }
}

fills!(Neon, |lanes| Twice(lanes));

impl Arithmetic<f32> for Neon<'_> {
    const ABREAST: usize = 8;

    type Int = uint32x4_t;
    type Float = float32x4_t;
    type Mask = uint32x4_t;

    instructions! {
        splat_int(x: u32) -> uint32x4_t = vdupq_n_u32(x);
        splat(x: f32) -> float32x4_t = vdupq_n_f32(x);
        and(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t = vandq_u32(a, b);
        xor(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t = veorq_u32(a, b);
        add_int(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t = vaddq_u32(a, b);
        shl(a: uint32x4_t, by: u32) -> uint32x4_t = shl_32(a, by);
        shr(a: uint32x4_t, by: u32) -> uint32x4_t = shr_32(a, by);
        to_float(a: uint32x4_t) -> float32x4_t = to_float_32(a);
        to_bits(a: float32x4_t) -> uint32x4_t = vreinterpretq_u32_f32(a);
        from_bits(a: uint32x4_t) -> float32x4_t = vreinterpretq_f32_u32(a);
        add(a: float32x4_t, b: float32x4_t) -> float32x4_t = vaddq_f32(a, b);
        sub(a: float32x4_t, b: float32x4_t) -> float32x4_t = vsubq_f32(a, b);
        mul(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmulq_f32(a, b);
        div(a: float32x4_t, b: float32x4_t) -> float32x4_t = vdivq_f32(a, b);
        sqrt(a: float32x4_t) -> float32x4_t = vsqrtq_f32(a);
        min(a: float32x4_t, b: float32x4_t) -> float32x4_t = min_32(a, b);
        max(a: float32x4_t, b: float32x4_t) -> float32x4_t = max_32(a, b);
        less(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcltq_f32(a, b);
        top_bit(a: uint32x4_t) -> uint32x4_t = top_bit_32(a);
        any(mask: uint32x4_t) -> bool = vmaxvq_u32(mask) != 0;
        select(mask: uint32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t =
            vbslq_f32(mask, a, b);
    }
    #[inline(always)]
    fn rows<T: Table<f32>>(self, index: uint32x4_t) -> [float32x4_t; 4] {
        // SAFETY: every processor of this target has the instructions.
        unsafe { rows(T::ROWS, index) }
    }
}

/// One register of `f64`: half the lanes of [`Neon`].
#[derive(Clone, Copy)]
pub(super) struct Half;

impl Arithmetic<f64> for Half {
    const ABREAST: usize = 8;

    type Int = uint64x2_t;
    type Float = float64x2_t;
    type Mask = uint64x2_t;

    instructions! {
        splat_int(x: u64) -> uint64x2_t = vdupq_n_u64(x);
        splat(x: f64) -> float64x2_t = vdupq_n_f64(x);
        and(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t = vandq_u64(a, b);
        xor(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t = veorq_u64(a, b);
        add_int(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t = vaddq_u64(a, b);
        shl(a: uint64x2_t, by: u32) -> uint64x2_t = shl_64(a, by);
        shr(a: uint64x2_t, by: u32) -> uint64x2_t = shr_64(a, by);
        to_float(a: uint64x2_t) -> float64x2_t = vcvtq_f64_u64(a);
        to_bits(a: float64x2_t) -> uint64x2_t = vreinterpretq_u64_f64(a);
        from_bits(a: uint64x2_t) -> float64x2_t = vreinterpretq_f64_u64(a);
        add(a: float64x2_t, b: float64x2_t) -> float64x2_t = vaddq_f64(a, b);
        sub(a: float64x2_t, b: float64x2_t) -> float64x2_t = vsubq_f64(a, b);
        mul(a: float64x2_t, b: float64x2_t) -> float64x2_t = vmulq_f64(a, b);
        div(a: float64x2_t, b: float64x2_t) -> float64x2_t = vdivq_f64(a, b);
        sqrt(a: float64x2_t) -> float64x2_t = vsqrtq_f64(a);
        min(a: float64x2_t, b: float64x2_t) -> float64x2_t = min_64(a, b);
        max(a: float64x2_t, b: float64x2_t) -> float64x2_t = max_64(a, b);
        less(a: float64x2_t, b: float64x2_t) -> uint64x2_t = vcltq_f64(a, b);
        top_bit(a: uint64x2_t) -> uint64x2_t = top_bit_64(a);
        any(mask: uint64x2_t) -> bool = vmaxvq_u32(vreinterpretq_u32_u64(mask)) != 0;
        select(mask: uint64x2_t, a: float64x2_t, b: float64x2_t) -> float64x2_t =
            vbslq_f64(mask, a, b);
    }
    #[inline(always)]
    fn rows<T: Table<f64>>(self, index: Self::Int) -> [Self::Float; 4] {
        rows_by_comparison::<f64, Self, T>(self, index)
    }
}

impl Halves<f64> for Neon<'_> {
    type Half = Half;

    #[inline(always)]
    fn half(self) -> Half {
        Half
    }
}

impl Lanes for Neon<'_> {
    const N: usize = 4;

    instructions! {
        mul_hilo(a: uint32x4_t, b: u32) -> [uint32x4_t; 2] = mul_hilo(a, b);
        join(low: uint32x4_t, high: uint32x4_t) -> [uint64x2_t; 2] = join(low, high);
    }
    #[inline(always)]
    fn counters(self, first: u32) -> uint32x4_t {
        match self.blocks.listed(first) {
            // SAFETY: every processor of this target has the instructions.
            Some(numbers) => unsafe { listed(numbers) },
            // SAFETY: as above.
            None => unsafe { counters(first) },
        }
    }
    #[inline(always)]
    fn store_f32(self, x: [Lane<f32, Self>; 4], out: &mut [f32]) {
        if out.len() == 16 {
            // SAFETY: `out` is that long; every processor of this target has the instruction.
            unsafe { vst4q_f32(out.as_mut_ptr(), float32x4x4_t(x[0], x[1], x[2], x[3])) };
        }
    }
    #[inline(always)]
    fn store_f64(self, x: [Lane<f64, Self>; 2], out: &mut [f64]) {
        if let Some((front, back)) = out.split_at_mut_checked(4)
            && back.len() == 4
        {
            // SAFETY: as above.
            unsafe { vst2q_f64(front.as_mut_ptr(), float64x2x2_t(x[0][0], x[1][0])) };
            // SAFETY: as above.
            unsafe { vst2q_f64(back.as_mut_ptr(), float64x2x2_t(x[0][1], x[1][1])) };
        }
    }
    #[inline(always)]
    fn store_f16(self, x: [Lane<f32, Self>; 4], out: &mut [f16]) {
        let [a, b] = [self.rounded_f16(x[0]), self.rounded_f16(x[1])];
        let [c, d] = [self.rounded_f16(x[2]), self.rounded_f16(x[3])];
        if out.len() == 16 {
            // SAFETY: as above; `f16` is a `u16` in memory, and any bits are a number.
            unsafe { vst4_u16(out.as_mut_ptr().cast(), uint16x4x4_t(a, b, c, d)) };
        }
    }
    #[inline(always)]
    fn store_bf16(self, x: [Lane<f32, Self>; 4], out: &mut [bf16]) {
        let [a, b] = [self.rounded_bf16(x[0]), self.rounded_bf16(x[1])];
        let [c, d] = [self.rounded_bf16(x[2]), self.rounded_bf16(x[3])];
        if out.len() == 16 {
            // SAFETY: as above; `bf16` is a `u16` in memory, and any bits are a number.
            unsafe { vst4_u16(out.as_mut_ptr().cast(), uint16x4x4_t(a, b, c, d)) };
        }
    }
}

impl Neon<'_> {
    instructions! {
        rounded_f16(x: float32x4_t) -> uint16x4_t = rounded_f16(x);
        rounded_bf16(x: float32x4_t) -> uint16x4_t = rounded_bf16(x);
    }
}

functions! {
    "neon";

    fn shl_32(a: uint32x4_t, by: u32) -> uint32x4_t {
        vshlq_u32(a, vdupq_n_s32(by.cast_signed()))
    }
    fn shr_32(a: uint32x4_t, by: u32) -> uint32x4_t {
        vshlq_u32(a, vdupq_n_s32(-by.cast_signed()))
    }
    fn shl_64(a: uint64x2_t, by: u32) -> uint64x2_t {
        vshlq_u64(a, vdupq_n_s64(i64::from(by)))
    }
    fn shr_64(a: uint64x2_t, by: u32) -> uint64x2_t {
        vshlq_u64(a, vdupq_n_s64(-i64::from(by)))
    }
    fn to_float_32(a: uint32x4_t) -> float32x4_t {
        vcvtq_f32_s32(vreinterpretq_s32_u32(a))
    }

    // The instructions for the smaller and the larger tell −0 from +0.
    fn min_32(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        vbslq_f32(vcltq_f32(a, b), a, b)
    }
    fn max_32(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        vbslq_f32(vcgtq_f32(a, b), a, b)
    }
    fn min_64(a: float64x2_t, b: float64x2_t) -> float64x2_t {
        vbslq_f64(vcltq_f64(a, b), a, b)
    }
    fn max_64(a: float64x2_t, b: float64x2_t) -> float64x2_t {
        vbslq_f64(vcgtq_f64(a, b), a, b)
    }
    fn top_bit_32(a: uint32x4_t) -> uint32x4_t {
        vcltzq_s32(vreinterpretq_s32_u32(a))
    }
    fn top_bit_64(a: uint64x2_t) -> uint64x2_t {
        vcltzq_s64(vreinterpretq_s64_u64(a))
    }

    /// A row for each lane, transposed.
    fn rows(rows: &[[f32; 4]; ROWS], index: uint32x4_t) -> [float32x4_t; 4] {
        // Bytes from the first row on, which pass two at a time.
        let places = vshlq_n_u32::<4>(vandq_u32(index, vdupq_n_u32(ROWS as u32 - 1)));
        let places = vreinterpretq_u64_u32(places);
        let [low, high] = [vgetq_lane_u64::<0>(places), vgetq_lane_u64::<1>(places)];
        // SAFETY: a row of four numbers begins there.
        let row = |place: u64| unsafe { vld1q_f32(rows.as_ptr().wrapping_byte_add(place as usize).cast()) };
        let [a, b] = [row(u64::from(low as u32)), row(low >> 32)];
        let [c, d] = [row(u64::from(high as u32)), row(high >> 32)];
        let [low, lower] = [vzip1q_f32(a, c), vzip2q_f32(a, c)];
        let [high, higher] = [vzip1q_f32(b, d), vzip2q_f32(b, d)];
        [
            vzip1q_f32(low, high),
            vzip2q_f32(low, high),
            vzip1q_f32(lower, higher),
            vzip2q_f32(lower, higher),
        ]
    }

    fn counters(first: u32) -> uint32x4_t {
        let place = vcombine_u32(vcreate_u32(1 << 32), vcreate_u32(2 | 3 << 32));
        vaddq_u32(vdupq_n_u32(first), place)
    }

    fn listed(numbers: [u32; 4]) -> uint32x4_t {
        // SAFETY: there are as many numbers as lanes.
        unsafe { vld1q_u32(numbers.as_ptr()) }
    }

    fn mul_hilo(a: uint32x4_t, b: u32) -> [uint32x4_t; 2] {
        let front = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), vdup_n_u32(b)));
        let back = vreinterpretq_u32_u64(vmull_high_u32(a, vdupq_n_u32(b)));
        [vuzp2q_u32(front, back), vuzp1q_u32(front, back)]
    }

    fn join(low: uint32x4_t, high: uint32x4_t) -> [uint64x2_t; 2] {
        [
            vreinterpretq_u64_u32(vzip1q_u32(low, high)),
            vreinterpretq_u64_u32(vzip2q_u32(low, high)),
        ]
    }

    /// The nearest `f16`, ties to even: right for all but NaN.
    ///
    /// A normal result is rounded as an integer. A subnormal one is a multiple of 2⁻²⁴, and so is
    /// what adding ½ leaves in the mantissa of `f32`.
    fn rounded_f16(x: float32x4_t) -> uint16x4_t {
        let bits = vreinterpretq_u32_f32(x);
        let magnitude = vandq_u32(bits, vdupq_n_u32(0x7FFF_FFFF));
        let sign = vshrq_n_u32::<16>(veorq_u32(bits, magnitude));

        let odd = vandq_u32(vshrq_n_u32::<13>(bits), vdupq_n_u32(1));
        // Just below half a unit; the exponent's bias is 15 in place of 127.
        let adjust = vdupq_n_u32(0xFFF_u32.wrapping_sub(112 << 23));
        let normal = vshrq_n_u32::<13>(vaddq_u32(vaddq_u32(magnitude, adjust), odd));

        let half = vdupq_n_f32(0.5);
        let subnormal = vaddq_f32(vreinterpretq_f32_u32(magnitude), half);
        let subnormal = vsubq_u32(vreinterpretq_u32_f32(subnormal), vreinterpretq_u32_f32(half));

        // Below 2⁻¹⁴; from 2¹⁶ on.
        let small = vcltq_u32(magnitude, vdupq_n_u32(113 << 23));
        let large = vcgeq_u32(magnitude, vdupq_n_u32(143 << 23));
        let finite = vbslq_u32(small, subnormal, normal);
        vmovn_u32(vorrq_u32(vbslq_u32(large, vdupq_n_u32(0x7C00), finite), sign))
    }

    /// The nearest `bf16`, ties to even: right for all but NaN.
    fn rounded_bf16(x: float32x4_t) -> uint16x4_t {
        let bits = vreinterpretq_u32_f32(x);
        let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
        vshrn_n_u32::<16>(vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7FFF)), odd))
    }
}
