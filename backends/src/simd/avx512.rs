//! AVX-512: 16 lanes, `f64` in pairs of registers.
//!
//! Lane `4i + k` carries block `4k + i` of a group. So the words of four consecutive blocks lie at
//! the same place of the four quarters of a register, and bringing words into the order of
//! elements takes no more than a transposition within each quarter.

use core::arch::x86_64::*;

use weight_init_core::lanes::{
    Arithmetic, Halves, Lane, Lanes, ROWS, Table, Twice, rows_by_comparison,
};
use weight_init_core::line_fill::{LineFill, ScratchError};
use weight_init_core::{Fill, Float, Stream, bf16, f16};

use super::blocks::Blocks;
use super::fills::fills;
use super::instructions::{abreast, functions, instructions, store};

/// Proof that the processor has AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Avx512<'l> {
    /// Whether stores go past the caches where they can.
    uncached: bool,
    /// Which blocks a group takes.
    blocks: Blocks<'l>,
}

impl Avx512<'static> {
    pub(super) fn detect() -> Option<Self> {
        let detected = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl");
        detected.then_some(Self { uncached: false, blocks: Blocks::InOrder })
    }

    /// As this one, but stores go past the caches where `out` is aligned to 64 bytes. Whoever
    /// uses it calls `_mm_sfence` in the end.
    pub(super) const fn uncached(self) -> Self {
        Self { uncached: true, blocks: Blocks::InOrder }
    }
}

impl Avx512<'_> {
    /// As this one, but a group takes these blocks.
    pub(super) const fn of(self, blocks: Blocks<'_>) -> Avx512<'_> {
        Avx512 { uncached: self.uncached, blocks }
    }
}

fills!(Avx512: "avx512f,avx512bw,avx512dq,avx512vl", |lanes| Twice(Twice(lanes)));

impl Arithmetic<f32> for Avx512<'_> {
    const ABREAST: usize = 8;

    type Int = __m512i;
    type Float = __m512;
    type Mask = __mmask16;

    instructions! {
        splat_int(x: u32) -> __m512i = _mm512_set1_epi32(x.cast_signed());
        splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        and(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        xor(a: __m512i, b: __m512i) -> __m512i = _mm512_xor_si512(a, b);
        add_int(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        shl(a: __m512i, by: u32) -> __m512i = shl_32(a, by);
        shr(a: __m512i, by: u32) -> __m512i = shr_32(a, by);
        to_float(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        to_bits(a: __m512) -> __m512i = _mm512_castps_si512(a);
        from_bits(a: __m512i) -> __m512 = _mm512_castsi512_ps(a);
        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        less(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        top_bit(a: __m512i) -> __mmask16 = _mm512_movepi32_mask(a);
        select(mask: __mmask16, a: __m512, b: __m512) -> __m512 = _mm512_mask_blend_ps(mask, b, a);
        abreast(a: __m512, b: __m512) -> [__m512; 2] = abreast_32(a, b);
    }
    #[inline(always)]
    fn any(self, mask: __mmask16) -> bool {
        mask != 0
    }
    #[inline(always)]
    fn rows<T: Table<f32>>(self, index: __m512i) -> [__m512; 4] {
        // SAFETY: a value of these lanes is only made where the processor has the instructions.
        unsafe { rows(T::COLUMNS, index) }
    }
}

/// One register of `f64`: half the lanes of [`Avx512`].
#[derive(Clone, Copy)]
pub(super) struct Half(());

impl Arithmetic<f64> for Half {
    const ABREAST: usize = 8;

    type Int = __m512i;
    type Float = __m512d;
    type Mask = __mmask8;

    instructions! {
        splat_int(x: u64) -> __m512i = _mm512_set1_epi64(x.cast_signed());
        splat(x: f64) -> __m512d = _mm512_set1_pd(x);
        and(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        xor(a: __m512i, b: __m512i) -> __m512i = _mm512_xor_si512(a, b);
        add_int(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi64(a, b);
        shl(a: __m512i, by: u32) -> __m512i = shl_64(a, by);
        shr(a: __m512i, by: u32) -> __m512i = shr_64(a, by);
        to_float(a: __m512i) -> __m512d = _mm512_cvtepi64_pd(a);
        to_bits(a: __m512d) -> __m512i = _mm512_castpd_si512(a);
        from_bits(a: __m512i) -> __m512d = _mm512_castsi512_pd(a);
        add(a: __m512d, b: __m512d) -> __m512d = _mm512_add_pd(a, b);
        sub(a: __m512d, b: __m512d) -> __m512d = _mm512_sub_pd(a, b);
        mul(a: __m512d, b: __m512d) -> __m512d = _mm512_mul_pd(a, b);
        div(a: __m512d, b: __m512d) -> __m512d = _mm512_div_pd(a, b);
        sqrt(a: __m512d) -> __m512d = _mm512_sqrt_pd(a);
        min(a: __m512d, b: __m512d) -> __m512d = _mm512_min_pd(a, b);
        max(a: __m512d, b: __m512d) -> __m512d = _mm512_max_pd(a, b);
        less(a: __m512d, b: __m512d) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b);
        top_bit(a: __m512i) -> __mmask8 = _mm512_movepi64_mask(a);
        select(mask: __mmask8, a: __m512d, b: __m512d) -> __m512d =
            _mm512_mask_blend_pd(mask, b, a);
        abreast(a: __m512d, b: __m512d) -> [__m512d; 2] = abreast_64(a, b);
    }
    #[inline(always)]
    fn any(self, mask: __mmask8) -> bool {
        mask != 0
    }
    #[inline(always)]
    fn rows<T: Table<f64>>(self, index: Self::Int) -> [Self::Float; 4] {
        rows_by_comparison::<f64, Self, T>(self, index)
    }
}

impl Halves<f64> for Avx512<'_> {
    type Half = Half;

    #[inline(always)]
    fn half(self) -> Half {
        Half(())
    }
}

impl Lanes for Avx512<'_> {
    const N: usize = 16;

    instructions! {
        mul_hilo(a: __m512i, b: u32) -> [__m512i; 2] = mul_hilo(a, b);
        join(low: __m512i, high: __m512i) -> [__m512i; 2] = unpack_32(low, high);
    }
    #[inline(always)]
    fn counters(self, first: u32) -> __m512i {
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

impl Avx512<'_> {
    instructions! {
        order_f32(x: [__m512; 4]) -> [__m512i; 4] = order_f32(x);
        order_f64(x: [[__m512d; 2]; 2]) -> [__m512i; 4] = order_f64(x);
        order_f16(x: [__m512; 4]) -> [__m512i; 2] = order_f16(x);
        order_bf16(x: [__m512; 4]) -> [__m512i; 2] = order_bf16(x);
    }

    store!(__m512i, _mm512_storeu_si512, _mm512_stream_si512);
}

functions! {
    "avx512f,avx512bw,avx512dq,avx512vl";

    fn shl_32(a: __m512i, by: u32) -> __m512i {
        _mm512_sll_epi32(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shr_32(a: __m512i, by: u32) -> __m512i {
        _mm512_srl_epi32(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shl_64(a: __m512i, by: u32) -> __m512i {
        _mm512_sll_epi64(a, _mm_cvtsi32_si128(by.cast_signed()))
    }
    fn shr_64(a: __m512i, by: u32) -> __m512i {
        _mm512_srl_epi64(a, _mm_cvtsi32_si128(by.cast_signed()))
    }

    fn abreast_32(a: __m512, b: __m512) -> [__m512; 2] {
        abreast!(zmm_reg, a, b)
    }
    fn abreast_64(a: __m512d, b: __m512d) -> [__m512d; 2] {
        abreast!(zmm_reg, a, b)
    }

    /// Two registers hold a column, and one instruction reads them by the five low bits of each lane.
    fn rows(columns: &[[f32; ROWS]; 4], index: __m512i) -> [__m512; 4] {
        [
            column(&columns[0], index),
            column(&columns[1], index),
            column(&columns[2], index),
            column(&columns[3], index),
        ]
    }
    fn column(column: &[f32; ROWS], index: __m512i) -> __m512 {
        let (low, high) = column.split_at(ROWS / 2);
        // SAFETY: half a column is a register of numbers.
        let low = unsafe { _mm512_loadu_ps(low.as_ptr()) };
        // SAFETY: as above.
        let high = unsafe { _mm512_loadu_ps(high.as_ptr()) };
        _mm512_permutex2var_ps(low, index, high)
    }

    /// The block of each lane.
    fn place() -> __m512i {
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
    }

    fn counters(first: u32) -> __m512i {
        _mm512_add_epi32(_mm512_set1_epi32(first.cast_signed()), place())
    }

    /// The numbers in the order in which lanes carry blocks.
    fn listed(numbers: [u32; 16]) -> __m512i {
        // SAFETY: there are as many numbers as lanes.
        let numbers = unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) };
        _mm512_permutexvar_epi32(place(), numbers)
    }

    /// The even lanes and the odd lanes multiplied to 64 bits, and put together again.
    fn mul_hilo(a: __m512i, b: u32) -> [__m512i; 2] {
        let b = _mm512_set1_epi32(b.cast_signed());
        let even = _mm512_mul_epu32(a, b);
        let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(a), b);
        let high = _mm512_mask_shuffle_epi32::<0b11_11_01_01>(odd, 0x5555, even);
        let low = _mm512_mask_shuffle_epi32::<0b10_10_00_00>(even, 0xAAAA, odd);
        [high, low]
    }

    /// The first and second, and the third and fourth lanes of each quarter, of `a` and `b` in turn.
    fn unpack_32(a: __m512i, b: __m512i) -> [__m512i; 2] {
        [_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b)]
    }

    /// Words of blocks to blocks.
    fn order_f32(x: [__m512; 4]) -> [__m512i; 4] {
        let [a, b] = unpack_32(_mm512_castps_si512(x[0]), _mm512_castps_si512(x[1]));
        let [c, d] = unpack_32(_mm512_castps_si512(x[2]), _mm512_castps_si512(x[3]));
        [
            _mm512_unpacklo_epi64(a, c),
            _mm512_unpackhi_epi64(a, c),
            _mm512_unpacklo_epi64(b, d),
            _mm512_unpackhi_epi64(b, d),
        ]
    }

    fn order_f64(x: [[__m512d; 2]; 2]) -> [__m512i; 4] {
        [
            _mm512_castpd_si512(_mm512_unpacklo_pd(x[0][0], x[1][0])),
            _mm512_castpd_si512(_mm512_unpackhi_pd(x[0][0], x[1][0])),
            _mm512_castpd_si512(_mm512_unpacklo_pd(x[0][1], x[1][1])),
            _mm512_castpd_si512(_mm512_unpackhi_pd(x[0][1], x[1][1])),
        ]
    }

    /// As the conversion of `half` for numbers that are not NaN, subnormal results included.
    fn order_f16(x: [__m512; 4]) -> [__m512i; 2] {
        order_16([joined_f16(x[0], x[1]), joined_f16(x[2], x[3])])
    }
    fn order_bf16(x: [__m512; 4]) -> [__m512i; 2] {
        order_16([joined_bf16(x[0], x[1]), joined_bf16(x[2], x[3])])
    }

    /// Pairs of words of blocks to blocks.
    fn order_16(x: [__m512i; 2]) -> [__m512i; 2] {
        let [a, b] = unpack_32(x[0], x[1]);
        let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
        [_mm512_permutexvar_epi64(order, a), _mm512_permutexvar_epi64(order, b)]
    }

    /// Two words of 16 bits in each lane, the first one low.
    fn joined_f16(low: __m512, high: __m512) -> __m512i {
        let low = _mm512_cvtepu16_epi32(_mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(low));
        let high = _mm512_cvtepu16_epi32(_mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(high));
        _mm512_or_si512(low, _mm512_slli_epi32::<16>(high))
    }
    fn joined_bf16(low: __m512, high: __m512) -> __m512i {
        let low = _mm512_srli_epi32::<16>(rounded_bf16(low));
        _mm512_mask_blend_epi16(0xAAAA_AAAA, low, rounded_bf16(high))
    }

    /// The nearest number of 16 bits, ties to even, in the upper half: right for all but NaN.
    fn rounded_bf16(x: __m512) -> __m512i {
        let bits = _mm512_castps_si512(x);
        let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
        _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd)
    }
}
