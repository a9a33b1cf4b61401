//! Element types of weights, and the types in which samples are computed.

use core::fmt::Debug;

use half::{bf16, f16};

use crate::{
    DType,
    lanes::{Arithmetic, Element, Int, Lanes, Twice},
    math::{ln::Ln, normal_quantile::NormalQuantile, sincos::SinCos},
};

/// A floating-point element type of a parameter: `f32`, `f64`, [`f16`](struct@f16), [`bf16`]. Sealed.
///
/// `num_traits::Float` is a bound for generic code, never a source of functions: its `ln`, `exp`,
/// `sin` change their last bits when any crate of the build turns on `num-traits/std`.
///
/// ```
/// use weight_init_core::{Float, bf16};
/// // 1 + 2⁻⁸ + 2⁻⁴⁰ is above the middle of two bf16 numbers; by way of f32 it would become 1.
/// let x = 1.0 + f64::powi(2.0, -8) + f64::powi(2.0, -40);
/// assert_eq!(bf16::from_f64_rounded(x).to_f64(), 1.0 + f64::powi(2.0, -7));
/// ```
pub trait Float:
    num_traits::Float + Copy + Default + Send + Sync + Debug + 'static + sealed::Float
{
    /// The type's name in model descriptions and files.
    const DTYPE: DType;
    /// Random 32-bit words that one element takes: 2 for `f64`, else 1.
    const WORDS: usize;
    /// The type in which samples are computed: `f64` for `f64`, else `f32`.
    type Compute: Compute;

    /// The nearest value, ties to even, in one rounding. Beyond the range: ±∞.
    #[must_use]
    fn from_f64_rounded(x: f64) -> Self;
    /// The value as `f64`, exact.
    #[must_use]
    fn to_f64_exact(self) -> f64;
    /// The value as [`Compute`](Float::Compute), exact.
    #[must_use]
    fn to_compute(self) -> Self::Compute;

    /// The smallest value that is `>= x`: +∞ if there is no finite one; NaN for NaN.
    #[must_use]
    fn at_least(x: f64) -> Self;
    /// The largest value that is `< x`: −∞ if there is no finite one; NaN for NaN.
    #[must_use]
    fn below(x: f64) -> Self {
        // Negation mirrors the order: y < x exactly if −y > −x.
        let y = -Self::at_least(-x);
        if y.to_f64_exact() < x { y } else { y.next_down() }
    }
    /// The largest value that is `<= x`: −∞ if there is no finite one; NaN for NaN.
    #[must_use]
    fn at_most(x: f64) -> Self {
        -Self::at_least(-x)
    }
    /// The next smaller value.
    #[must_use]
    fn next_down(self) -> Self;
}

/// The types in which samples are computed: `f32` and `f64`. Sealed.
pub trait Compute: Float + Element + Ln + SinCos + NormalQuantile {
    /// Coefficients of a polynomial fitted for one [`Fill`](crate::Fill).
    type Series: Copy + PartialEq + Debug + Send + Sync + AsRef<[Self]>;

    /// Leaves the bits of a word that make a uniform sample: 24 or 53.
    const UNIFORM_SHIFT: u32;
    /// 2⁻²⁴ or 2⁻⁵³.
    const UNIFORM_STEP: Self;
    /// Leaves the bits of a word that make a share of probability: 31, the most that a signed
    /// conversion takes, or 53.
    const RANDOM_SHIFT: u32;
    /// 2⁻³¹ or 2⁻⁵³.
    const RANDOM_STEP: Self;

    /// The coefficients, each rounded once.
    #[must_use]
    fn series(fit: impl FnOnce(&mut [f64])) -> Self::Series;
}

#[allow(unnameable_types, reason = "sealed")]
pub(crate) mod sealed {
    use crate::lanes::{Arithmetic, Int, Lane, Lanes};

    /// How a type's elements are made of random words.
    pub trait Float: Sized {
        /// Elements of one block of words.
        const PER_BLOCK: usize;

        /// One group of blocks: words to samples (two at a time) to `out`.
        fn group<L: Lanes>(
            l: L,
            words: [Int<f32, L>; 4],
            sampler: impl Sampler<Self::Compute>,
            out: &mut [Self],
        ) where
            Self: super::Float;

        /// The scratch memory of the type that elements are computed in.
        fn scratch<'s>(singles: &'s mut [f32], doubles: &'s mut [f64]) -> &'s mut [Self::Compute]
        where
            Self: super::Float;

        /// The elements as what they are computed in, if it is the same type.
        fn as_compute(elements: &mut [Self]) -> Option<&mut [Self::Compute]>
        where
            Self: super::Float;
    }

    /// The numbers of a distribution, which make a pair of samples of a pair of words.
    pub trait Sampler<E: super::Compute>: Copy {
        fn pair<V: Arithmetic<E>>(self, v: V, words: [Int<E, V>; 2]) -> [Lane<E, V>; 2];
    }
}

macro_rules! single {
    ($type:ident, $store:ident, $as_compute:expr) => {
        impl sealed::Float for $type {
            const PER_BLOCK: usize = 4;

            #[inline(always)]
            fn group<L: Lanes>(
                l: L,
                words: [Int<f32, L>; 4],
                sampler: impl sealed::Sampler<f32>,
                out: &mut [Self],
            ) {
                let [first, second, third, fourth] = words;
                let [[a, c], [b, d]] = if <L as Arithmetic<f32>>::ABREAST > 1 {
                    sampler.pair(Twice(l), [[first, third], [second, fourth]])
                } else {
                    let [a, b] = sampler.pair(l, [first, second]);
                    let [c, d] = sampler.pair(l, [third, fourth]);
                    [[a, c], [b, d]]
                };
                l.$store([a, b, c, d], out);
            }

            #[inline(always)]
            fn scratch<'s>(singles: &'s mut [f32], _: &'s mut [f64]) -> &'s mut [f32] {
                singles
            }

            #[inline(always)]
            fn as_compute(elements: &mut [Self]) -> Option<&mut [f32]> {
                $as_compute(elements)
            }
        }
    };
}

single!(f32, store_f32, Some);
single!(f16, store_f16, |_| None);
single!(bf16, store_bf16, |_| None);

impl sealed::Float for f64 {
    const PER_BLOCK: usize = 2;

    #[inline(always)]
    fn group<L: Lanes>(
        l: L,
        words: [Int<f32, L>; 4],
        sampler: impl sealed::Sampler<Self>,
        out: &mut [Self],
    ) {
        let words = [l.join(words[0], words[1]), l.join(words[2], words[3])];
        l.store_f64(sampler.pair(l, words), out);
    }

    #[inline(always)]
    fn scratch<'s>(_: &'s mut [f32], doubles: &'s mut [Self]) -> &'s mut [Self] {
        doubles
    }

    #[inline(always)]
    fn as_compute(elements: &mut [Self]) -> Option<&mut [Self]> {
        Some(elements)
    }
}

macro_rules! float {
    ($type:ident, $bits:ident, $dtype:expr, $words:expr, $compute:ident, $round:expr) => {
        impl Float for $type {
            const DTYPE: DType = $dtype;
            const WORDS: usize = $words;
            type Compute = $compute;

            #[inline]
            fn from_f64_rounded(x: f64) -> Self {
                $round(x)
            }
            #[inline]
            fn to_f64_exact(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn to_compute(self) -> $compute {
                $compute::from(self)
            }
            fn at_least(x: f64) -> Self {
                let y = Self::from_f64_rounded(x);
                if f64::from(y) >= x || x.is_nan() {
                    return y;
                }
                // Next larger: away from zero in magnitude if positive, towards it if negative.
                let bits = y.to_bits();
                if y.is_sign_positive() {
                    Self::from_bits(bits + 1)
                } else {
                    Self::from_bits(bits - 1)
                }
            }
            fn next_down(self) -> Self {
                let bits = self.to_bits();
                if self.is_nan() || (self.is_infinite() && self.is_sign_negative()) {
                    self
                } else if bits << 1 == 0 {
                    // Either zero: the smallest negative number.
                    Self::from_bits((1 << ($bits::BITS - 1)) | 1)
                } else if self.is_sign_positive() {
                    Self::from_bits(bits - 1)
                } else {
                    Self::from_bits(bits + 1)
                }
            }
        }
    };
}

float!(f32, u32, DType::F32, 1, f32, |x| x as f32);
float!(f64, u64, DType::F64, 2, f64, |x| x);
float!(f16, u16, DType::F16, 1, f32, |x: f64| f16::from_bits(round_to_16::<5>(x.to_bits())));
float!(bf16, u16, DType::BF16, 1, f32, |x: f64| bf16::from_bits(round_to_16::<8>(x.to_bits())));

impl Compute for f32 {
    type Series = [Self; 12];
    const UNIFORM_SHIFT: u32 = 8;
    const UNIFORM_STEP: Self = 1.0 / 16_777_216.0;
    const RANDOM_SHIFT: u32 = 1;
    const RANDOM_STEP: Self = 1.0 / 2_147_483_648.0;

    fn series(fit: impl FnOnce(&mut [f64])) -> [Self; 12] {
        let mut wide = [0.0; 12];
        fit(&mut wide);
        wide.map(|c| c as Self)
    }
}

impl Compute for f64 {
    type Series = [Self; 22];
    const UNIFORM_SHIFT: u32 = 11;
    const UNIFORM_STEP: Self = 1.0 / 9_007_199_254_740_992.0;
    const RANDOM_SHIFT: u32 = 11;
    const RANDOM_STEP: Self = 1.0 / 9_007_199_254_740_992.0;

    fn series(fit: impl FnOnce(&mut [Self])) -> [Self; 22] {
        let mut series = [0.0; 22];
        fit(&mut series);
        series
    }
}

/// The bits of the nearest 16-bit number with `E` exponent bits, ties to even.
///
/// `half`'s own conversion looks at the upper 32 bits only and, with F16C, goes through `f32`:
/// both may round a second time.
const fn round_to_16<const E: u32>(bits: u64) -> u16 {
    let mantissa = 15 - E;
    let bias = (1 << (E - 1)) - 1;
    let sign = ((bits >> 48) & 0x8000) as u16;
    let magnitude = bits & !(1 << 63);
    let infinity = ((1 << E) - 1) << mantissa;
    if magnitude > 0x7ff0_0000_0000_0000 {
        return sign | infinity | 1 << (mantissa - 1);
    }
    // Exponent the result would have if normal, at least that of the subnormal numbers.
    let exponent = (magnitude >> 52) as i32 - 1023 + bias;
    let normal = exponent >= 1;
    let dropped = 52 - mantissa + if normal { 0 } else { (1 - exponent) as u32 };
    if dropped > 54 {
        return sign;
    }
    let significand = (magnitude & ((1 << 52) - 1)) | 1 << 52;
    let half = 1 << (dropped - 1);
    let odd = (significand >> dropped) & 1;
    // A carry out of the mantissa rightly raises the exponent, up to infinity.
    let rounded = (significand + half - 1 + odd) >> dropped;
    let exponent = if normal { exponent as u64 - 1 } else { 0 };
    let value = (exponent << mantissa) + rounded;
    if value >= infinity as u64 { sign | infinity } else { sign | value as u16 }
}

#[cfg(test)]
mod tests;
