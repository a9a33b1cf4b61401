//! SSE2, which every x86-64 processor has: 4 lanes, `f64` in pairs of registers.

use core::arch::x86_64::*;

use weight_init_core::lanes::{
    Arithmetic, Halves, Lane, Lanes, ROWS, Table, Twice, rows_by_comparison,
};
use weight_init_core::line_fill::{LineFill, ScratchError};
use weight_init_core::{Fill, Float, Stream, bf16, f16};

use super::blocks::Blocks;
use super::fills::fills;
use super::instructions::{abreast, functions, instructions, store};

/// Four lanes. Needs no proof: every processor of this target has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sse2<'l> {
    /// Whether stores go past the caches where they can.
    uncached: bool,
    /// Which blocks a group takes.
    blocks: Blocks<'l>,
}

impl Sse2<'static> {
    pub(super) const fn new() -> Self {
        Self { uncached: false, blocks: Blocks::InOrder }
    }

    /// As this one, but stores go past the caches where `out` is aligned to 16 bytes. Whoever
    /// uses it calls `_mm_sfence` in the end.
    pub(super) const fn uncached(self) -> Self {
        Self { uncached: true, blocks: Blocks::InOrder }
    }
}

impl Sse2<'_> {
    /// As this one, but a group takes these blocks.
    pub(super) const fn of(self, blocks: Blocks<'_>) -> Sse2<'_> {
        Sse2 { uncached: self.uncached, blocks }
    }
}

fills!(Sse2, |lanes| Twice(lanes));

impl Arithmetic<f32> for Sse2<'_> {
    const ABREAST: usize = 8;

    type Int = __m128i;
    type Float = __m128;
    type Mask = __m128;

    instructions! {
        splat_int(x: u32) -> __m128i = _mm_set1_epi32(x.cast_signed());
        splat(x: f32) -> __m128 = _mm_set1_ps(x);
        and(a: __m128i, b: __m128i) -> __m128i = _mm_and_si128(a, b);
        xor(a: __m128i, b: __m128i) -> __m128i = _mm_xor_si128(a, b);
        add_int(a: __m128i, b: __m128i) -> __m128i = _mm_add_epi32(a, b);
        shl(a: __m128i, by: u32) -> __m128i = shl_32(a, by);
        shr(a: __m128i, by: u32) -> __m128i = shr_32(a, by);
        to_float(a: __m128i) -> __m128 = _mm_cvtepi32_ps(a);
        to_bits(a: __m128) -> __m128i = _mm_castps_si128(a);
        from_bits(a: __m128i) -> __m128 = _mm_castsi128_ps(a);
        add(a: __m128, b: __m128) -> __m128 = _mm_add_ps(a, b);
        sub(a: __m128, b: __m128) -> __m128 = _mm_sub_ps(a, b);
        mul(a: __m128, b: __m128) -> __m128 = _mm_mul_ps(a, b);
        div(a: __m128, b: __m128) -> __m128 = _mm_div_ps(a, b);
        sqrt(a: __m128) -> __m128 = _mm_sqrt_ps(a);
        min(a: __m128, b: __m128) -> __m128 = _mm_min_ps(a, b);
        max(a: __m128, b: __m128) -> __m128 = _mm_max_ps(a, b);
        less(a: __m128, b: __m128) -> __m128 = _mm_cmplt_ps(a, b);
        top_bit(a: __m128i) -> __m128 = top_bit_32(a);
        any(mask: __m128) -> bool = _mm_movemask_ps(mask) != 0;
        select(mask: __m128, a: __m128, b: __m128) -> __m128 = select_32(mask, a, b);
        abreast(a: __m128, b: __m128) -> [__m128; 2] = abreast_32(a, b);
    }
    #[inline(always)]
    fn rows<T: Table<f32>>(self, index: __m128i) -> [__m128; 4] {
        // SAFETY: every processor of this target has the instructions.
        unsafe { rows(T::ROWS, index) }
    }
}

/// One register of `f64`: half the lanes of [`Sse2`].
#[derive(Clone, Copy)]
pub(super) struct Half;

impl Arithmetic<f64> for Half {
    const ABREAST: usize = 8;

    type Int = __m128i;
    type Float = __m128d;
    type Mask = __m128d;

    instructions! {
        splat_int(x: u64) -> __m128i = _mm_set1_epi64x(x.cast_signed());
        splat(x: f64) -> __m128d = _mm_set1_pd(x);
        and(a: __m128i, b: __m128i) -> __m128i = _mm_and_si128(a, b);
        xor(a: __m128i, b: __m128i) -> __m128i = _mm_xor_si128(a, b);
        add_int(a: __m128i, b: __m128i) -> __m128i = _mm_add_epi64(a, b);
        shl(a: __m128i, by: u32) -> __m128i = shl_64(a, by);
        shr(a: __m128i, by: u32) -> __m128i = shr_64(a, by);
        to_float(a: __m128i) -> __m128d = to_float_64(a);
        to_bits(a: __m128d) -> __m128i = _mm_castpd_si128(a);
        from_bits(a: __m128i) -> __m128d = _mm_castsi128_pd(a);
        add(a: __m128d, b: __m128d) -> __m128d = _mm_add_pd(a, b);
        sub(a: __m128d, b: __m128d) -> __m128d = _mm_sub_pd(a, b);
        mul(a: __m128d, b: __m128d) -> __m128d = _mm_mul_pd(a, b);
        div(a: __m128d, b: __m128d) -> __m128d = _mm_div_pd(a, b);
        sqrt(a: __m128d) -> __m128d = _mm_sqrt_pd(a);
        min(a: __m128d, b: __m128d) -> __m128d = _mm_min_pd(a, b);
        max(a: __m128d, b: __m128d) -> __m128d = _mm_max_pd(a, b);
        less(a: __m128d, b: __m128d) -> __m128d = _mm_cmplt_pd(a, b);
        top_bit(a: __m128i) -> __m128d = top_bit_64(a);
        any(mask: __m128d) -> bool = _mm_movemask_pd(mask) != 0;
        select(mask: __m128d, a: __m128d, b: __m128d) -> __m128d = select_64(mask, a, b);
        abreast(a: __m128d, b: __m128d) -> [__m128d; 2] = abreast_64(a, b);
    }
    #[inline(always)]
    fn rows<T: Table<f64>>(self, index: Self::Int) -> [Self::Float; 4] {
        rows_by_comparison::<f64, Self, T>(self, index)
    }
}

impl Halves<f64> for Sse2<'_> {
    type Half = Half;

    #[inline(always)]
    fn half(self) -> Half {
        Half
    }
}

impl Lanes for Sse2<'_> {
    const N: usize = 4;

    instructions! {
        mul_hilo(a: __m128i, b: u32) -> [__m128i; 2] = mul_hilo(a, b);
        join(low: __m128i, high: __m128i) -> [__m128i; 2] = unpack_32(low, high);
    }
    #[inline(always)]
    fn counters(self, first: u32) -> __m128i {
        match self.blocks.listed(first) {
            // SAFETY: a value of these lanes is only made where the processor has the instructions.
            Some(numbers) => unsafe { listed(numbers) },
            // SAFETY: as above.
            None => unsafe { counters(first) },
        }
    }
    #[inline(always)]
    fn store_f32(self, x: [Lane<f32, Self>; 4], out: &mut [f32]) {
        self.store(self.order_f32(x), out);
    }
    #[inline(always)]
    fn store_f64(self, x: [Lane<f64, Self>; 2], out: &mut [f64]) {
        self.store(self.order_f64(x), out);
    }
    #[inline(always)]
    fn store_f16(self, x: [Lane<f32, Self>; 4], out: &mut [f16]) {
        let [a, b] = [self.rounded_f16(x[0]), self.rounded_f16(x[1])];
        let [c, d] = [self.rounded_f16(x[2]), self.rounded_f16(x[3])];
        self.store(self.order_16([a, b, c, d]), out);
    }
    #[inline(always)]
    fn store_bf16(self, x: [Lane<f32, Self>; 4], out: &mut [bf16]) {
        let [a, b] = [self.rounded_bf16(x[0]), self.rounded_bf16(x[1])];
        let [c, d] = [self.rounded_bf16(x[2]), self.rounded_bf16(x[3])];
        self.store(self.order_16([a, b, c, d]), out);
    }
}

impl Sse2<'_> {
    instructions! {
        order_f32(x: [__m128; 4]) -> [__m128i; 4] = order_f32(x);
        order_f64(x: [[__m128d; 2]; 2]) -> [__m128i; 4] = order_f64(x);
        order_16(x: [__m128i; 4]) -> [__m128i; 2] = order_16(x);
        rounded_f16(x: __m128) -> __m128i = rounded_f16(x);
        rounded_bf16(x: __m128) -> __m128i = rounded_bf16(x);
    }

    store!(__m128i, _mm_storeu_si128, _mm_stream_si128);
}

functions! {
    "sse2";

    fn shl_32(a: __m128i, by: u32) -> __m128i {
        _mm_sll_epi32(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shr_32(a: __m128i, by: u32) -> __m128i {
        _mm_srl_epi32(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shl_64(a: __m128i, by: u32) -> __m128i {
        _mm_sll_epi64(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shr_64(a: __m128i, by: u32) -> __m128i {
        _mm_srl_epi64(a, _mm_cvtsi32_si128(by.cast_signed()))
    }

    /// All bits of a lane like its highest one.
    fn top_bit_32(a: __m128i) -> __m128 {
        _mm_castsi128_ps(_mm_srai_epi32::<31>(a))
    }
    /// All bits of a lane like its highest one.
    fn top_bit_64(a: __m128i) -> __m128d {
        _mm_castsi128_pd(_mm_shuffle_epi32::<0b11_11_01_01>(_mm_srai_epi32::<31>(a)))
    }
    fn select_32(mask: __m128, a: __m128, b: __m128) -> __m128 {
        _mm_or_ps(_mm_and_ps(mask, a), _mm_andnot_ps(mask, b))
    }
    fn select_64(mask: __m128d, a: __m128d, b: __m128d) -> __m128d {
        _mm_or_pd(_mm_and_pd(mask, a), _mm_andnot_pd(mask, b))
    }

    /// The high half in the mantissa of 2⁸⁴, the low half in that of 2⁵², and both of these
    /// subtracted: exact below 2⁵³.
    fn to_float_64(a: __m128i) -> __m128d {
        let low = _mm_and_si128(a, _mm_set1_epi64x(0xFFFF_FFFF));
        let low = _mm_or_si128(low, _mm_set1_epi64x(0x4330_0000_0000_0000));
        let high = _mm_srli_epi64::<32>(a);
        let high = _mm_or_si128(high, _mm_set1_epi64x(0x4530_0000_0000_0000));
        // 2⁸⁴ + 2⁵².
        let both = _mm_set1_pd(19_342_813_118_337_666_422_669_312.0);
        _mm_add_pd(_mm_sub_pd(_mm_castsi128_pd(high), both), _mm_castsi128_pd(low))
    }

    fn abreast_32(a: __m128, b: __m128) -> [__m128; 2] {
        abreast!(xmm_reg, a, b)
    }
    fn abreast_64(a: __m128d, b: __m128d) -> [__m128d; 2] {
        abreast!(xmm_reg, a, b)
    }

    /// A row for each lane, transposed.
    fn rows(rows: &[[f32; 4]; ROWS], index: __m128i) -> [__m128; 4] {
        // Bytes from the first row on, which pass two at a time.
        let places = _mm_slli_epi32::<4>(_mm_and_si128(index, _mm_set1_epi32(ROWS as i32 - 1)));
        let low = _mm_cvtsi128_si64(places).cast_unsigned();
        let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(places, places)).cast_unsigned();
        // SAFETY: a row of four numbers begins there.
        let row = |place: u64| unsafe { _mm_loadu_ps(rows.as_ptr().wrapping_byte_add(place as usize).cast()) };
        let [a, b] = [row(u64::from(low as u32)), row(low >> 32)];
        let [c, d] = [row(u64::from(high as u32)), row(high >> 32)];
        let (low, high) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
        let (lower, higher) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
        [
            _mm_movelh_ps(low, high),
            _mm_movehl_ps(high, low),
            _mm_movelh_ps(lower, higher),
            _mm_movehl_ps(higher, lower),
        ]
    }

    fn counters(first: u32) -> __m128i {
        _mm_add_epi32(_mm_set1_epi32(first.cast_signed()), _mm_setr_epi32(0, 1, 2, 3))
    }

    fn listed(numbers: [u32; 4]) -> __m128i {
        // SAFETY: there are as many numbers as lanes.
        unsafe { _mm_loadu_si128(numbers.as_ptr().cast()) }
    }

    /// The even lanes and the odd lanes multiplied to 64 bits, and put together again.
    fn mul_hilo(a: __m128i, b: u32) -> [__m128i; 2] {
        let b = _mm_set1_epi32(b.cast_signed());
        let even = _mm_castsi128_ps(_mm_mul_epu32(a, b));
        let odd = _mm_castsi128_ps(_mm_mul_epu32(_mm_srli_epi64::<32>(a), b));
        // Lanes 0, 2, 1, 3.
        let high = _mm_castps_si128(_mm_shuffle_ps::<0b11_01_11_01>(even, odd));
        let low = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(even, odd));
        [_mm_shuffle_epi32::<0b11_01_10_00>(high), _mm_shuffle_epi32::<0b11_01_10_00>(low)]
    }

    /// The first and second, and the third and fourth lanes of `a` and `b` in turn.
    fn unpack_32(a: __m128i, b: __m128i) -> [__m128i; 2] {
        [_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b)]
    }

    /// Words of blocks to blocks.
    fn order_f32(x: [__m128; 4]) -> [__m128i; 4] {
        let [a, b] = unpack_32(_mm_castps_si128(x[0]), _mm_castps_si128(x[1]));
        let [c, d] = unpack_32(_mm_castps_si128(x[2]), _mm_castps_si128(x[3]));
        [
            _mm_unpacklo_epi64(a, c),
            _mm_unpackhi_epi64(a, c),
            _mm_unpacklo_epi64(b, d),
            _mm_unpackhi_epi64(b, d),
        ]
    }

    fn order_f64(x: [[__m128d; 2]; 2]) -> [__m128i; 4] {
        [
            _mm_castpd_si128(_mm_unpacklo_pd(x[0][0], x[1][0])),
            _mm_castpd_si128(_mm_unpackhi_pd(x[0][0], x[1][0])),
            _mm_castpd_si128(_mm_unpacklo_pd(x[0][1], x[1][1])),
            _mm_castpd_si128(_mm_unpackhi_pd(x[0][1], x[1][1])),
        ]
    }

    /// Words of blocks, 16 bits in the lower half of each lane, to blocks.
    fn order_16(x: [__m128i; 4]) -> [__m128i; 2] {
        let even = _mm_or_si128(x[0], _mm_slli_epi32::<16>(x[1]));
        let odd = _mm_or_si128(x[2], _mm_slli_epi32::<16>(x[3]));
        unpack_32(even, odd)
    }

    /// The nearest `f16`, ties to even, in the lower half: right for all but NaN.
    ///
    /// A normal result is rounded as an integer. A subnormal one is a multiple of 2⁻²⁴, and so is
    /// what adding ½ leaves in the mantissa of `f32`.
    fn rounded_f16(x: __m128) -> __m128i {
        let bits = _mm_castps_si128(x);
        let magnitude = _mm_and_si128(bits, _mm_set1_epi32(0x7FFF_FFFF));
        let sign = _mm_srli_epi32::<16>(_mm_xor_si128(bits, magnitude));

        let odd = _mm_and_si128(_mm_srli_epi32::<13>(bits), _mm_set1_epi32(1));
        // Just below half a unit; the exponent's bias is 15 in place of 127.
        let adjust = _mm_set1_epi32(0xFFF - (112 << 23));
        let normal = _mm_add_epi32(_mm_add_epi32(magnitude, adjust), odd);
        let normal = _mm_srli_epi32::<13>(normal);

        let half = _mm_set1_ps(0.5);
        let subnormal = _mm_castps_si128(_mm_add_ps(_mm_castsi128_ps(magnitude), half));
        let subnormal = _mm_sub_epi32(subnormal, _mm_castps_si128(half));

        // Below 2⁻¹⁴; from 2¹⁶ on.
        let small = _mm_cmplt_epi32(magnitude, _mm_set1_epi32(113 << 23));
        let large = _mm_cmpgt_epi32(magnitude, _mm_set1_epi32((143 << 23) - 1));
        let finite = _mm_or_si128(
            _mm_and_si128(small, subnormal),
            _mm_andnot_si128(_mm_or_si128(small, large), normal),
        );
        let infinite = _mm_and_si128(large, _mm_set1_epi32(0x7C00));
        _mm_or_si128(_mm_or_si128(finite, infinite), sign)
    }

    /// The nearest `bf16`, ties to even, in the lower half: right for all but NaN.
    fn rounded_bf16(x: __m128) -> __m128i {
        let bits = _mm_castps_si128(x);
        let odd = _mm_and_si128(_mm_srli_epi32::<16>(bits), _mm_set1_epi32(1));
        let below_half = _mm_set1_epi32(0x7FFF);
        _mm_srli_epi32::<16>(_mm_add_epi32(_mm_add_epi32(bits, below_half), odd))
    }
}
