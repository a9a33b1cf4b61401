//! Proves that samples have the distribution that their fill names: shape, moments, tails, and no correlation.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]
#![allow(clippy::disallowed_methods, reason = "to measure samples, never part of a weight")]

use weight_init_core::{Fill, Float, Stream, bf16, f16};
use weight_init_tests::statistics::{
    Law, Rounded, chi_square_limit, correlation, distance_limit, normal_limit, upper_tail,
};

const UNIT: Law = Law::Uniform { a: 0.0, b: 1.0 };
const NORMAL: Law = Law::Normal { mean: 0.0, std: 1.0 };

const fn trunc_normal(mean: f64, std: f64, a: f64, b: f64) -> Law {
    Law::TruncNormal { mean, std, a, b }
}

fn fill<T: Float>(law: Law) -> Fill<T> {
    match law {
        Law::Uniform { a, b } => Fill::uniform(a, b),
        Law::Normal { mean, std } => Fill::normal(mean, std),
        Law::TruncNormal { mean, std, a, b } => Fill::trunc_normal(mean, std, a, b),
    }
    .unwrap()
}

fn samples<T: Float>(law: Law, stream: Stream, count: usize) -> Vec<T> {
    let mut samples = vec![T::default(); count];
    fill(law).write(stream, 0, &mut samples);
    samples
}

fn wide<T: Float>(samples: &[T]) -> Vec<f64> {
    samples.iter().map(|x| x.to_f64_exact()).collect()
}

/// The law of the values as stored.
fn rounded<T: Float>(law: Law) -> Rounded<T> {
    let [min, max] = match law {
        Law::Uniform { a, b } => [T::at_least(a), T::below(b)],
        Law::Normal { .. } => [T::neg_infinity(), T::infinity()],
        Law::TruncNormal { a, b, .. } => [T::at_least(a), T::at_most(b)],
    };
    Rounded { law, min, max }
}

/// Kolmogorov and Smirnov's distance, which sees the whole, and chi-square, which sees what is local.
fn shape<T: Float>(law: Law, mut samples: Vec<T>) {
    let n = samples.len();
    let rounded = rounded::<T>(law);
    samples.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap());
    assert!(samples[0] >= rounded.min && samples[n - 1] <= rounded.max, "{law:?}");
    let distance = rounded.distance(&samples, n / 500_000);
    assert!(distance <= distance_limit(n), "{law:?} in {:?}: {distance:e}", T::DTYPE);
    let (chi_square, cells) = rounded.chi_square(&samples, 250);
    assert!(cells >= 3, "{law:?} in {:?}: {cells} cells", T::DTYPE);
    let limit = chi_square_limit(cells);
    assert!(chi_square <= limit, "{law:?} in {:?}: {chi_square} of {cells}", T::DTYPE);
}

/// Mean and variance, each in its own standard errors.
fn moments<T: Float>(law: Law, samples: &[T]) {
    let (n, exact) = (samples.len() as f64, law.moments());
    let each = || samples.iter().map(|x| x.to_f64_exact() - exact.mean);
    let mean = each().sum::<f64>() / n;
    let variance = each().map(|x| x * x).sum::<f64>() / n;
    let errors = [
        mean / (exact.variance / n).sqrt(),
        (variance - exact.variance) / ((exact.fourth - exact.variance * exact.variance) / n).sqrt(),
    ];
    assert!(
        errors.iter().all(|e| e.abs() <= normal_limit()),
        "{law:?} in {:?}: {errors:?}",
        T::DTYPE
    );
}

/// Everything about ten million `f32` samples.
fn many(law: Law) {
    let samples = samples::<f32>(law, Stream::new(42, "statistics"), 10_000_000);
    moments(law, &samples);
    shape(law, samples);
}

/// Shape and moments of a million samples of another type.
fn some<T: Float>(law: Law) {
    let samples = samples::<T>(law, Stream::new(42, "statistics"), 1_000_000);
    // The grid of 16 bits is too coarse for exact moments.
    if T::WORDS == 2 {
        moments(law, &samples);
    }
    shape(law, samples);
}

macro_rules! laws {
    ($($name:ident: $law:expr, $($type:ident)*;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn f32() {
                many($law);
            }
            $(
                #[test]
                fn $type() {
                    some::<$type>($law);
                }
            )*
        }
    )*};
}

laws! {
    uniform: UNIT, f64 f16 bf16;
    uniform_small: Law::Uniform { a: -0.03, b: 0.03 }, f64 f16 bf16;
    normal: NORMAL, f64 f16 bf16;
    normal_small: Law::Normal { mean: 0.5, std: 0.02 }, f64 f16 bf16;
    trunc_normal_default: trunc_normal(0.0, 1.0, -2.0, 2.0), f64 f16 bf16;
    trunc_normal_wide: trunc_normal(0.0, 0.02, -2.0, 2.0), f64 f16 bf16;
    trunc_normal_skewed: trunc_normal(2.0, 0.5, -2.0, 2.0), f64 f16 bf16;
    trunc_normal_narrow: trunc_normal(0.0, 1.0, -0.1, 0.1), f64 f16 bf16;
    trunc_normal_one_sided: trunc_normal(0.0, 1.0, 1.5, 1e4), f64 f16 bf16;
    trunc_normal_tail: trunc_normal(0.0, 1.0, 5.0, 6.0), f64 f16 bf16;
    trunc_normal_far_tail: trunc_normal(0.0, 1.0, 10.0, 12.0), f64 f16 bf16;
    trunc_normal_lower_tail: trunc_normal(0.0, 0.5, -60.0, -20.0), f64 f16;
    trunc_normal_far_and_narrow: trunc_normal(0.0, 1.0, 100.0, 100.001), f64;
    trunc_normal_very_far: trunc_normal(0.0, 1e-3, 1.0, 2.0), f64;
}

/// The first four moments of the normal, and how many samples lie beyond 3, 4 and 5 standard deviations.
#[test]
fn four_moments_and_tails_of_the_normal() {
    let samples = samples::<f32>(NORMAL, Stream::new(7, "statistics"), 10_000_000);
    let (samples, n) = (wide(&samples), samples.len() as f64);
    // E z^k and the variance of z^k.
    for (k, moment, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let found = samples.iter().map(|z| z.powi(k)).sum::<f64>() / n;
        let errors = (found - moment) / f64::sqrt(variance / n);
        assert!(errors.abs() <= normal_limit(), "moment {k}: {found}");
    }
    for reach in [3.0, 4.0, 5.0] {
        for side in [-1.0, 1.0] {
            let expected = n * upper_tail(reach);
            let found = samples.iter().filter(|z| side * **z > reach).count() as f64;
            // Three samples are expected beyond 5: a Poisson variable is above its mean by more than this with a
            // probability below the normal's and a little more, and never below zero.
            let errors = (found - expected) / expected.sqrt();
            let limit = normal_limit() + normal_limit().powi(2) / (2.0 * expected.sqrt());
            assert!(errors.abs() <= limit, "beyond {}: {found}, not {expected}", side * reach);
        }
    }
}

/// Each of the 24 random bits of a uniform sample is set half of the time.
#[test]
fn bits_of_the_uniform() {
    let samples = samples::<f32>(UNIT, Stream::new(3, "statistics"), 4_000_000);
    for bit in 0..24 {
        let set = samples.iter().filter(|x| (**x * 16_777_216.0) as u32 >> bit & 1 == 1).count();
        let errors = (2.0 * set as f64 - samples.len() as f64) / (samples.len() as f64).sqrt();
        assert!(errors.abs() <= normal_limit(), "bit {bit}: {set}");
    }
}

/// Neither neighbouring elements nor their squares know of each other: pairs come out of one Box–Muller transform.
#[test]
fn neighbours_are_uncorrelated() {
    for law in [UNIT, NORMAL, trunc_normal(0.0, 1.0, -2.0, 2.0)] {
        let exact = law.moments();
        let samples = wide(&samples::<f32>(law, Stream::new(11, "statistics"), 4_000_000));
        let centred: Vec<_> = samples.iter().map(|x| x - exact.mean).collect();
        let squares: Vec<_> = centred.iter().map(|x| x * x).collect();
        let spread = exact.fourth - exact.variance * exact.variance;
        for lag in [1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 1024, 32_768] {
            let errors = [
                correlation(&centred, &centred[lag..], [0.0; 2], exact.variance),
                correlation(&squares, &squares[lag..], [exact.variance; 2], spread),
            ];
            assert!(
                errors.iter().all(|e| e.abs() <= normal_limit()),
                "{law:?} at {lag}: {errors:?}"
            );
        }
    }
}

/// Nor do streams of neighbouring names, or of neighbouring seeds, also not a few elements apart.
#[test]
fn streams_are_uncorrelated() {
    const COUNT: usize = 200_000;
    let stream = |seed, layer| {
        let stream = Stream::new(seed, &format!("backbone.layers.{layer}.weight"));
        wide(&samples::<f32>(NORMAL, stream, COUNT))
    };
    let reference = stream(42, 0);
    let neighbours =
        (1..30).map(|layer| (42, layer)).chain([(41, 0), (43, 0), (42 + (1 << 32), 0)]);
    for (seed, layer) in neighbours {
        let other = stream(seed, layer);
        for lag in [0, 1, 2, 3, 4] {
            for errors in [
                correlation(&reference, &other[lag..], [0.0; 2], 1.0),
                correlation(&reference[lag..], &other, [0.0; 2], 1.0),
            ] {
                assert!(errors.abs() <= normal_limit(), "{seed}, {layer} at {lag}: {errors}");
            }
        }
    }
}
