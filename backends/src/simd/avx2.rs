//! AVX2: 8 lanes, `f64` in pairs of registers.
//!
//! Lane `4i + k` carries block `2k + i` of a group, so that bringing words into the order of
//! elements takes no more than a transposition within either half of a register.

use core::arch::x86_64::*;

use weight_init_core::lanes::{
    Arithmetic, Halves, Lane, Lanes, ROWS, Table, Twice, rows_by_comparison,
};
use weight_init_core::line_fill::{LineFill, ScratchError};
use weight_init_core::{Fill, Float, Stream, bf16, f16};

use super::blocks::Blocks;
use super::fills::fills;
use super::instructions::{abreast, functions, instructions, store};

/// Proof that the processor has AVX2 and F16C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Avx2<'l> {
    /// Whether stores go past the caches where they can.
    uncached: bool,
    /// Which blocks a group takes.
    blocks: Blocks<'l>,
}

impl Avx2<'static> {
    pub(super) fn detect() -> Option<Self> {
        let detected = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("f16c");
        detected.then_some(Self { uncached: false, blocks: Blocks::InOrder })
    }

    /// As this one, but stores go past the caches where `out` is aligned to 32 bytes. Whoever
    /// uses it calls `_mm_sfence` in the end.
    pub(super) const fn uncached(self) -> Self {
        Self { uncached: true, blocks: Blocks::InOrder }
    }
}

impl Avx2<'_> {
    /// As this one, but a group takes these blocks.
    pub(super) const fn of(self, blocks: Blocks<'_>) -> Avx2<'_> {
        Avx2 { uncached: self.uncached, blocks }
    }
}

fills!(Avx2: "avx2,f16c", |lanes| Twice(lanes));

impl Arithmetic<f32> for Avx2<'_> {
    const ABREAST: usize = 8;

    type Int = __m256i;
    type Float = __m256;
    type Mask = __m256;

    instructions! {
        splat_int(x: u32) -> __m256i = _mm256_set1_epi32(x.cast_signed());
        splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        and(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        xor(a: __m256i, b: __m256i) -> __m256i = _mm256_xor_si256(a, b);
        add_int(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi32(a, b);
        shl(a: __m256i, by: u32) -> __m256i = shl_32(a, by);
        shr(a: __m256i, by: u32) -> __m256i = shr_32(a, by);
        to_float(a: __m256i) -> __m256 = _mm256_cvtepi32_ps(a);
        to_bits(a: __m256) -> __m256i = _mm256_castps_si256(a);
        from_bits(a: __m256i) -> __m256 = _mm256_castsi256_ps(a);
        add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        sqrt(a: __m256) -> __m256 = _mm256_sqrt_ps(a);
        min(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(a, b);
        max(a: __m256, b: __m256) -> __m256 = _mm256_max_ps(a, b);
        less(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LT_OQ>(a, b);
        // Blends and `any` look at the highest bit of a lane alone.
        top_bit(a: __m256i) -> __m256 = _mm256_castsi256_ps(a);
        any(mask: __m256) -> bool = _mm256_movemask_ps(mask) != 0;
        select(mask: __m256, a: __m256, b: __m256) -> __m256 = _mm256_blendv_ps(b, a, mask);
        abreast(a: __m256, b: __m256) -> [__m256; 2] = abreast_32(a, b);
    }
    #[inline(always)]
    fn rows<T: Table<f32>>(self, index: __m256i) -> [__m256; 4] {
        // SAFETY: a value of these lanes is only made where the processor has the instructions.
        unsafe { rows(T::ROWS, index) }
    }
}

/// One register of `f64`: half the lanes of [`Avx2`].
#[derive(Clone, Copy)]
pub(super) struct Half(());

impl Arithmetic<f64> for Half {
    const ABREAST: usize = 8;

    type Int = __m256i;
    type Float = __m256d;
    type Mask = __m256d;

    instructions! {
        splat_int(x: u64) -> __m256i = _mm256_set1_epi64x(x.cast_signed());
        splat(x: f64) -> __m256d = _mm256_set1_pd(x);
        and(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        xor(a: __m256i, b: __m256i) -> __m256i = _mm256_xor_si256(a, b);
        add_int(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi64(a, b);
        shl(a: __m256i, by: u32) -> __m256i = shl_64(a, by);
        shr(a: __m256i, by: u32) -> __m256i = shr_64(a, by);
        to_float(a: __m256i) -> __m256d = to_float_64(a);
        to_bits(a: __m256d) -> __m256i = _mm256_castpd_si256(a);
        from_bits(a: __m256i) -> __m256d = _mm256_castsi256_pd(a);
        add(a: __m256d, b: __m256d) -> __m256d = _mm256_add_pd(a, b);
        sub(a: __m256d, b: __m256d) -> __m256d = _mm256_sub_pd(a, b);
        mul(a: __m256d, b: __m256d) -> __m256d = _mm256_mul_pd(a, b);
        div(a: __m256d, b: __m256d) -> __m256d = _mm256_div_pd(a, b);
        sqrt(a: __m256d) -> __m256d = _mm256_sqrt_pd(a);
        min(a: __m256d, b: __m256d) -> __m256d = _mm256_min_pd(a, b);
        max(a: __m256d, b: __m256d) -> __m256d = _mm256_max_pd(a, b);
        less(a: __m256d, b: __m256d) -> __m256d = _mm256_cmp_pd::<_CMP_LT_OQ>(a, b);
        top_bit(a: __m256i) -> __m256d = _mm256_castsi256_pd(a);
        any(mask: __m256d) -> bool = _mm256_movemask_pd(mask) != 0;
        select(mask: __m256d, a: __m256d, b: __m256d) -> __m256d = _mm256_blendv_pd(b, a, mask);
        abreast(a: __m256d, b: __m256d) -> [__m256d; 2] = abreast_64(a, b);
    }
    #[inline(always)]
    fn rows<T: Table<f64>>(self, index: Self::Int) -> [Self::Float; 4] {
        rows_by_comparison::<f64, Self, T>(self, index)
    }
}

impl Halves<f64> for Avx2<'_> {
    type Half = Half;

    #[inline(always)]
    fn half(self) -> Half {
        Half(())
    }
}

impl Lanes for Avx2<'_> {
    const N: usize = 8;

    instructions! {
        mul_hilo(a: __m256i, b: u32) -> [__m256i; 2] = mul_hilo(a, b);
        join(low: __m256i, high: __m256i) -> [__m256i; 2] = unpack_32(low, high);
    }
    #[inline(always)]
    fn counters(self, first: u32) -> __m256i {
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
        self.store(self.order_f16(x), out);
    }
    #[inline(always)]
    fn store_bf16(self, x: [Lane<f32, Self>; 4], out: &mut [bf16]) {
        self.store(self.order_bf16(x), out);
    }
}

impl Avx2<'_> {
    instructions! {
        order_f32(x: [__m256; 4]) -> [__m256i; 4] = order_f32(x);
        order_f64(x: [[__m256d; 2]; 2]) -> [__m256i; 4] = order_f64(x);
        order_f16(x: [__m256; 4]) -> [__m256i; 2] = order_f16(x);
        order_bf16(x: [__m256; 4]) -> [__m256i; 2] = order_bf16(x);
    }

    store!(__m256i, _mm256_storeu_si256, _mm256_stream_si256);
}

functions! {
    "avx2,f16c";

    fn shl_32(a: __m256i, by: u32) -> __m256i {
        _mm256_sll_epi32(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shr_32(a: __m256i, by: u32) -> __m256i {
        _mm256_srl_epi32(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shl_64(a: __m256i, by: u32) -> __m256i {
        _mm256_sll_epi64(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shr_64(a: __m256i, by: u32) -> __m256i {
        _mm256_srl_epi64(a, _mm_cvtsi32_si128(by.cast_signed()))
    }

    /// The high half in the mantissa of 2⁸⁴, the low half in that of 2⁵², and both of these
    /// subtracted: exact below 2⁵³.
    fn to_float_64(a: __m256i) -> __m256d {
        let base = _mm256_set1_epi64x(0x4330_0000_0000_0000);
        let low = _mm256_castsi256_pd(_mm256_blend_epi32::<0b1010_1010>(a, base));
        let base = _mm256_set1_epi64x(0x4530_0000_0000_0000);
        let high = _mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64::<32>(a), base));
        // 2⁸⁴ + 2⁵².
        let both = _mm256_set1_pd(19_342_813_118_337_666_422_669_312.0);
        _mm256_add_pd(_mm256_sub_pd(high, both), low)
    }

    fn abreast_32(a: __m256, b: __m256) -> [__m256; 2] {
        abreast!(ymm_reg, a, b)
    }
    fn abreast_64(a: __m256d, b: __m256d) -> [__m256d; 2] {
        abreast!(ymm_reg, a, b)
    }

    /// A row for each lane, those of either half transposed.
    fn rows(rows: &[[f32; 4]; ROWS], index: __m256i) -> [__m256; 4] {
        // Bytes from the first row on, which pass two at a time.
        let places = _mm256_and_si256(index, _mm256_set1_epi32(ROWS as i32 - 1));
        let places = _mm256_slli_epi32::<4>(places);
        let low = _mm256_castsi256_si128(places);
        let high = _mm256_extracti128_si256::<1>(places);
        let [low, low_end] = [_mm_cvtsi128_si64(low), _mm_extract_epi64::<1>(low)];
        let [high, high_end] = [_mm_cvtsi128_si64(high), _mm_extract_epi64::<1>(high)];
        // SAFETY: a row of four numbers begins there.
        let row = |place: u64| unsafe { _mm_loadu_ps(rows.as_ptr().wrapping_byte_add(place as usize).cast()) };
        // The first and the second of either pair, one row in each half.
        let firsts = |low: i64, high: i64| {
            _mm256_set_m128(row(u64::from(high as u32)), row(u64::from(low as u32)))
        };
        let seconds = |low: i64, high: i64| {
            _mm256_set_m128(row(high.cast_unsigned() >> 32), row(low.cast_unsigned() >> 32))
        };
        let [a, b] = [firsts(low, high), seconds(low, high)];
        let [c, d] = [firsts(low_end, high_end), seconds(low_end, high_end)];
        let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
        let (lower, higher) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0b01_00_01_00>(low, high),
            _mm256_shuffle_ps::<0b11_10_11_10>(low, high),
            _mm256_shuffle_ps::<0b01_00_01_00>(lower, higher),
            _mm256_shuffle_ps::<0b11_10_11_10>(lower, higher),
        ]
    }

    /// The block of each lane.
    fn place() -> __m256i {
        _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7)
    }

    fn counters(first: u32) -> __m256i {
        _mm256_add_epi32(_mm256_set1_epi32(first.cast_signed()), place())
    }

    /// The numbers in the order in which lanes carry blocks.
    fn listed(numbers: [u32; 8]) -> __m256i {
        // SAFETY: there are as many numbers as lanes.
        let numbers = unsafe { _mm256_loadu_si256(numbers.as_ptr().cast()) };
        _mm256_permutevar8x32_epi32(numbers, place())
    }

    /// The even lanes and the odd lanes multiplied to 64 bits, and put together again.
    fn mul_hilo(a: __m256i, b: u32) -> [__m256i; 2] {
        let b = _mm256_set1_epi32(b.cast_signed());
        let even = _mm256_mul_epu32(a, b);
        let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), b);
        let high = _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd);
        let low = _mm256_blend_epi32::<0b1010_1010>(even, _mm256_slli_epi64::<32>(odd));
        [high, low]
    }

    /// The first and second, and the third and fourth lanes of either half, of `a` and `b` in turn.
    fn unpack_32(a: __m256i, b: __m256i) -> [__m256i; 2] {
        [_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b)]
    }

    /// Words of blocks to blocks.
    fn order_f32(x: [__m256; 4]) -> [__m256i; 4] {
        let [a, b] = unpack_32(_mm256_castps_si256(x[0]), _mm256_castps_si256(x[1]));
        let [c, d] = unpack_32(_mm256_castps_si256(x[2]), _mm256_castps_si256(x[3]));
        [
            _mm256_unpacklo_epi64(a, c),
            _mm256_unpackhi_epi64(a, c),
            _mm256_unpacklo_epi64(b, d),
            _mm256_unpackhi_epi64(b, d),
        ]
    }

    fn order_f64(x: [[__m256d; 2]; 2]) -> [__m256i; 4] {
        [
            _mm256_castpd_si256(_mm256_unpacklo_pd(x[0][0], x[1][0])),
            _mm256_castpd_si256(_mm256_unpackhi_pd(x[0][0], x[1][0])),
            _mm256_castpd_si256(_mm256_unpacklo_pd(x[0][1], x[1][1])),
            _mm256_castpd_si256(_mm256_unpackhi_pd(x[0][1], x[1][1])),
        ]
    }

    /// As the conversion of `half` for numbers that are not NaN, subnormal results included.
    fn order_f16(x: [__m256; 4]) -> [__m256i; 2] {
        order_16([joined_f16(x[0], x[1]), joined_f16(x[2], x[3])])
    }
    fn order_bf16(x: [__m256; 4]) -> [__m256i; 2] {
        order_16([joined_bf16(x[0], x[1]), joined_bf16(x[2], x[3])])
    }

    /// Pairs of words of blocks to blocks.
    fn order_16(x: [__m256i; 2]) -> [__m256i; 2] {
        let [a, b] = unpack_32(x[0], x[1]);
        [_mm256_permute4x64_epi64::<0b11_01_10_00>(a), _mm256_permute4x64_epi64::<0b11_01_10_00>(b)]
    }

    /// Two words of 16 bits in each lane, the first one low.
    fn joined_f16(low: __m256, high: __m256) -> __m256i {
        let low = _mm256_cvtepu16_epi32(_mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(low));
        let high = _mm256_cvtepu16_epi32(_mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(high));
        _mm256_or_si256(low, _mm256_slli_epi32::<16>(high))
    }
    fn joined_bf16(low: __m256, high: __m256) -> __m256i {
        let low = _mm256_srli_epi32::<16>(rounded_bf16(low));
        _mm256_blend_epi16::<0b1010_1010>(low, rounded_bf16(high))
    }

    /// The nearest number of 16 bits, ties to even, in the upper half: right for all but NaN.
    fn rounded_bf16(x: __m256) -> __m256i {
        let bits = _mm256_castps_si256(x);
        let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd)
    }
}
