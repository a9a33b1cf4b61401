//! Every element of every fill is finite and between its bounds as stored, in every element type.
//!
//! Arguments are anything finite: subnormal, enormous, one step apart. Some are refused, and then for the reason
//! that the error gives. Beside ordinary words the samplers get the rarest ones, all zeros and all ones.

use proptest::prelude::*;
use proptest::sample::select;
use weight_init_core::fill::Argument;
use weight_init_core::random::philox4x32_10;
use weight_init_core::{DType, Fill, FillError, Float, Stream, bf16, f16};
use weight_init_tests::bits::Bits;

use crate::cases;

/// Blocks of stream 0 of seed 0, and which of their words has 32 equal bits.
const RARE: [(u64, usize, u32); 8] = [
    (5_145_262_111, 0, 0),
    (8_546_176_806, 1, 0),
    (3_230_741_590, 2, 0),
    (1_498_094_372, 3, 0),
    (9_339_129_252, 0, u32::MAX),
    (1_538_303_059, 1, u32::MAX),
    (2_024_541_361, 2, u32::MAX),
    (6_949_911_343, 3, u32::MAX),
];

#[test]
fn rare_words_are_rare() {
    for (block, place, word) in RARE {
        let counter = [block as u32, (block >> 32) as u32, 0, 0];
        assert_eq!(philox4x32_10(counter, [0; 2])[place], word);
    }
}

/// The elements that the rare words make, and some ordinary ones.
fn elements<T: Bits>(fill: &Fill<T>) -> Vec<f64> {
    let per_block = 4 / T::WORDS as u64;
    let mut all = vec![T::default(); 4 * RARE.len() + 64];
    let (rare, ordinary) = all.split_at_mut(4 * RARE.len());
    for ((block, ..), out) in RARE.iter().zip(rare.chunks_mut(4)) {
        fill.write(Stream::with_id(0, 0), block * per_block, out);
    }
    fill.write(Stream::with_id(0, 1), 0, ordinary);
    all.into_iter().map(Float::to_f64_exact).collect()
}

/// Largest finite value.
fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => f16::MAX.to_f64(),
        DType::BF16 => bf16::MAX.to_f64(),
        DType::F32 => f64::from(f32::MAX),
        _ => f64::MAX,
    }
}

/// Whether the error gives a true reason; `closed`: the upper bound belongs to the interval.
fn is_true<T: Float>(
    error: FillError,
    mean: f64,
    std: f64,
    bounds: Option<(f64, f64, bool)>,
) -> bool {
    match (error, bounds) {
        (FillError::Overflow { argument, value, dtype }, _) => {
            let dtypes = [T::DTYPE, T::Compute::DTYPE];
            let known = match argument {
                Argument::ExtremeSample => {
                    (mean.abs() + 8.0 * std..=f64::INFINITY).contains(&value)
                }
                _ => true,
            };
            known && dtypes.contains(&dtype) && value.abs() > largest(dtype)
        }
        (FillError::NegativeStd { std: found }, _) => found == std && std < 0.0,
        (FillError::Inverted { .. }, Some((a, b, _))) => a > b,
        (FillError::NoValue { .. }, Some((a, b, closed))) => {
            let next = T::at_least(a).to_f64_exact();
            next >= a && if closed { next > b } else { next >= b }
        }
        (FillError::MeanOutside { .. }, Some((a, b, _))) => std == 0.0 && !(a..=b).contains(&mean),
        _ => false,
    }
}

fn uniform<T: Bits>(a: f64, b: f64) -> Result<(), TestCaseError> {
    let fill = match Fill::<T>::uniform(a, b) {
        Ok(fill) => fill,
        Err(error) => {
            prop_assert!(
                is_true::<T>(error, 0.0, 0.0, Some((a, b, false))),
                "{:?}: {error}",
                T::DTYPE
            );
            return Ok(());
        }
    };
    let constant = T::from_f64_rounded(a).to_f64_exact();
    for x in elements(&fill) {
        let right = if a == b { x == constant } else { a <= x && x < b };
        prop_assert!(x.is_finite() && right, "{:?}: {x:e}", T::DTYPE);
    }
    Ok(())
}

fn normal<T: Bits>(mean: f64, std: f64) -> Result<(), TestCaseError> {
    let fill = match Fill::<T>::normal(mean, std) {
        Ok(fill) => fill,
        Err(error) => {
            prop_assert!(is_true::<T>(error, mean, std, None), "{:?}: {error}", T::DTYPE);
            return Ok(());
        }
    };
    for x in elements(&fill) {
        prop_assert!(x.is_finite(), "{:?}: {x:e}", T::DTYPE);
    }
    Ok(())
}

fn trunc_normal<T: Bits>(mean: f64, std: f64, a: f64, b: f64) -> Result<(), TestCaseError> {
    let fill = match Fill::<T>::trunc_normal(mean, std, a, b) {
        Ok(fill) => fill,
        Err(error) => {
            prop_assert!(
                is_true::<T>(error, mean, std, Some((a, b, true))),
                "{:?}: {error}",
                T::DTYPE
            );
            return Ok(());
        }
    };
    let constant = T::from_f64_rounded(a).to_f64_exact();
    for x in elements(&fill) {
        let right = if a == b { x == constant } else { a <= x && x <= b };
        prop_assert!(x.is_finite() && right, "{:?}: {x:e}", T::DTYPE);
    }
    Ok(())
}

/// Any finite number: of every size alike, and those where something happens.
fn number() -> impl Strategy<Value = f64> {
    let edges = vec![
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.03,
        2.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
        f64::from(f32::MAX),
        f64::from(f32::MIN_POSITIVE),
        f64::from(f32::from_bits(1)),
        f64::from(f32::MAX) * 1.000_000_03,
        65504.0,
        65519.999,
        65520.0,
        -65520.0,
        f64::from(f32::EPSILON),
        bf16::MAX.to_f64(),
        f16::from_bits(1).to_f64(),
        bf16::from_bits(1).to_f64(),
        1e150,
        -1e300,
    ];
    let scaled = (-1.0..1.0, -1074..1024_i32).prop_map(|(x, exponent)| {
        // In two steps, so that the factor is no infinity.
        let finite: f64 =
            x * f64::powi(2.0, exponent / 2) * f64::powi(2.0, exponent - exponent / 2);
        finite
    });
    let bits = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite());
    prop_oneof![2 => select(edges), 3 => scaled, 1 => bits, 3 => -100.0..100.0]
}

/// Two numbers, now and then hardly apart.
fn pair() -> impl Strategy<Value = (f64, f64)> {
    let near = (number(), -3..60_i32, 0.0..2.0).prop_map(|(a, bits, factor)| {
        let step: f64 = a.abs() * f64::powi(2.0, -bits) * factor;
        (a, if (a + step).is_finite() { a + step } else { a })
    });
    prop_oneof![2 => (number(), number()), 1 => near]
        .prop_map(|(a, b)| if a > b { (b, a) } else { (a, b) })
}

fn deviation() -> impl Strategy<Value = f64> {
    prop_oneof![9 => number().prop_map(f64::abs), 1 => number()]
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn uniform_fills((a, b) in prop_oneof![9 => pair(), 1 => (number(), number())]) {
        uniform::<f32>(a, b)?;
        uniform::<f64>(a, b)?;
        uniform::<f16>(a, b)?;
        uniform::<bf16>(a, b)?;
    }

    #[test]
    fn normal_fills(mean in number(), std in deviation()) {
        normal::<f32>(mean, std)?;
        normal::<f64>(mean, std)?;
        normal::<f16>(mean, std)?;
        normal::<bf16>(mean, std)?;
    }

    #[test]
    fn trunc_normal_fills(
        mean in number(),
        std in deviation(),
        (a, b) in prop_oneof![9 => pair(), 1 => (number(), number())],
    ) {
        trunc_normal::<f32>(mean, std, a, b)?;
        trunc_normal::<f64>(mean, std, a, b)?;
        trunc_normal::<f16>(mean, std, a, b)?;
        trunc_normal::<bf16>(mean, std, a, b)?;
    }

    /// Arguments as people write them are not refused, in any type.
    #[test]
    fn ordinary_arguments_are_accepted(
        mean in -100.0..100.0,
        std in 1e-3..100.0,
        a in -100.0..100.0,
        width in 1.0..100.0,
    ) {
        fn accepted<T: Float>(mean: f64, std: f64, a: f64, b: f64) -> Result<(), FillError> {
            Fill::<T>::constant(mean)?;
            Fill::<T>::uniform(a, b)?;
            Fill::<T>::normal(mean, std)?;
            Fill::<T>::trunc_normal(mean, std, a, b).map(drop)
        }
        let b = a + width;
        prop_assert_eq!(accepted::<f32>(mean, std, a, b), Ok(()));
        prop_assert_eq!(accepted::<f64>(mean, std, a, b), Ok(()));
        prop_assert_eq!(accepted::<f16>(mean, std, a, b), Ok(()));
        prop_assert_eq!(accepted::<bf16>(mean, std, a, b), Ok(()));
    }
}

#[test]
fn what_is_not_finite_is_refused() {
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for refused in [
            Fill::<f32>::constant(x),
            Fill::uniform(x, 1.0),
            Fill::uniform(0.0, x),
            Fill::normal(x, 1.0),
            Fill::normal(0.0, x),
            Fill::trunc_normal(x, 1.0, -2.0, 2.0),
            Fill::trunc_normal(0.0, x, -2.0, 2.0),
            Fill::trunc_normal(0.0, 1.0, x, 2.0),
            Fill::trunc_normal(0.0, 1.0, -2.0, x),
        ] {
            assert!(matches!(refused, Err(FillError::NotFinite { .. })), "{x}: {refused:?}");
        }
    }
}
