#![allow(
    clippy::disallowed_methods,
    reason = "references to measure against, never part of a weight"
)]

use std::vec::Vec;

use exact::{SAMPLES, WORDS};
use leaf::LEAVES;

use super::*;
use crate::{Float, lanes::Scalar, math::reference::largest};

#[path = "exact.rs"]
#[allow(clippy::type_complexity, reason = "generated")]
mod exact;
#[path = "leaf.rs"]
#[allow(clippy::approx_constant, clippy::type_complexity, reason = "generated")]
mod leaf;

fn numbers<T: Float>([mean, std, a, b]: [f64; 4]) -> TruncNormal<T::Compute> {
    TruncNormal {
        min: T::at_least(a).to_compute(),
        max: T::at_most(b).to_compute(),
        method: plan(mean, std, a, b).expect("in range"),
    }
}

fn samples_f64(arguments: [f64; 4], words: &[u64]) -> Vec<f64> {
    let numbers = numbers::<f64>(arguments);
    let one = |&word| <_ as Sampler<f64>>::pair(&numbers, Scalar, [word, 0])[0];
    words.iter().map(one).collect()
}

fn samples_f32(arguments: [f64; 4], words: &[u64]) -> Vec<f64> {
    let numbers = numbers::<f32>(arguments);
    let one = |&word: &u64| {
        let word = (word >> 32) as u32;
        f64::from(<_ as Sampler<f32>>::pair(&numbers, Scalar, [word, 0])[0])
    };
    words.iter().map(one).collect()
}

#[test]
fn exact_samples() {
    for (arguments, wide, narrow) in SAMPLES {
        let [mean, std, ..] = arguments;
        // Body samples are as exact as the farthest normal sample's last digit; the others as the
        // last digit of the spread of the samples.
        let spread = (wide[7] - wide[0]).abs();
        let body = matches!(numbers::<f64>(arguments).method, Method::Body { .. });
        let unit = if body { mean.abs().max(std) } else { spread };
        for (x, truth) in samples_f64(arguments, &WORDS).into_iter().zip(wide) {
            let error = (x - truth).abs() / (unit * f64::EPSILON);
            assert!(error <= 8.0, "{arguments:?}: {x}, not {truth}: {error}");
        }
        for (x, truth) in samples_f32(arguments, &WORDS).into_iter().zip(narrow) {
            let error = (x - truth).abs() / (unit * f64::from(f32::EPSILON));
            assert!(error <= 8.0, "{arguments:?}: {x}, not {truth}: {error}");
        }
    }
}

#[test]
fn golden_quantiles_and_moments() {
    for leaf in LEAVES {
        let scale = leaf.std;
        let words: Vec<u64> =
            (1..100).map(|k| (u128::from(k as u64) << 64).div_euclid(100) as u64).collect();
        for (x, truth) in samples_f64(leaf.arguments, &words).into_iter().zip(leaf.quantiles) {
            assert!((x - truth).abs() <= 1e-13 * scale, "{:?}: {x} {truth}", leaf.arguments);
        }
        for (x, truth) in samples_f32(leaf.arguments, &words).into_iter().zip(leaf.quantiles) {
            assert!((x - truth).abs() <= 1e-5 * scale, "{:?}: {x} {truth}", leaf.arguments);
        }
        // The middles of 2¹⁶ equal shares.
        let words: Vec<u64> = (0..1 << 16).map(|k| (2 * k + 1) << 47).collect();
        for samples in [samples_f64(leaf.arguments, &words), samples_f32(leaf.arguments, &words)] {
            let n = samples.len() as f64;
            let mean = samples.iter().sum::<f64>() / n;
            let variance = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            assert!((mean - leaf.mean).abs() <= 2e-5 * scale, "{:?}: {mean}", leaf.arguments);
            assert!(
                (variance.sqrt() / leaf.std - 1.0).abs() <= 2e-4,
                "{:?}: {}",
                leaf.arguments,
                variance.sqrt()
            );
        }
    }
}

#[test]
fn samples_grow_with_the_word_and_stay_inside() {
    for (arguments, ..) in SAMPLES {
        let [_, _, a, b] = arguments;
        let words: Vec<u64> = (0..1 << 16).map(|k| k << 48 | k).collect();
        let slack = [f64::EPSILON, f64::from(f32::EPSILON)];
        for (samples, slack) in
            [samples_f64(arguments, &words), samples_f32(arguments, &words)].iter().zip(slack)
        {
            let spread = samples[(1 << 16) - 1] - samples[0];
            assert!(samples.iter().all(|x| (a..=b).contains(x)), "{arguments:?}");
            // Rounding may turn neighbours around by a few last places, never more.
            let slack = slack * 8.0 * spread.max(arguments[0].abs());
            assert!(samples.windows(2).all(|x| x[1] >= x[0] - slack), "{arguments:?}");
        }
    }
}

#[test]
fn no_mass_at_distant_bounds() {
    // mmengine's bf16: 0.4 % exactly −2. The extreme words are 6.2 standard deviations away.
    let extremes = samples_f32([0.0, 0.02, -2.0, 2.0], &[0, u64::MAX]);
    assert!(extremes[0] > -0.13 && extremes[1] < 0.13, "{extremes:?}");
}

/// Of the standard normal, cut where no sample is: the error in `z` of the samples of every `step`-th share from 0 to ½, within ±5.4
/// and
/// beyond, and of the mirrored words, whose shares are above ½.
fn f32_error_in_z(step: u64) -> [f64; 2] {
    const WITHIN: f64 = 5.4;
    let numbers = numbers::<f32>([0.0, 1.0, -100.0, 100.0]);
    let sample = |word: u32| <_ as Sampler<f32>>::pair(&numbers, Scalar, [word, 0])[0];
    let error = |share: u64| {
        let word = (share << 1) as u32;
        let (z, mirrored) = (f64::from(-sample(word)), f64::from(sample(!word)));
        let p = (share as f64 + 0.5) / f64::from(1_u32 << 31);
        let density = 0.398_942_280_401_432_7 * libm::exp(-0.5 * z * z);
        let step = (0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2) - p) / density;
        let truth = z + step / (1.0 - 0.5 * z * step);
        ((z - truth).abs().max((mirrored - truth).abs()), truth)
    };
    let shares = 0..(1 << 30) / step;
    [true, false].map(|within| {
        // Shares below 2⁸ are more than 5.4 standard deviations away, and no other.
        let shares = if within { shares.clone() } else { 0..256 };
        let step = if within { step } else { 1 };
        let of = |share| match error(share * step) {
            (error, z) if z.is_nan() || (z < WITHIN) == within => error,
            _ => 0.0,
        };
        largest(shares, of).0
    })
}

#[test]
fn f32_words_are_accurate() {
    let [within, beyond] = f32_error_in_z(1009);
    assert!(within <= 1e-6 && beyond <= 1e-6, "{within:e}, {beyond:e}");
}

#[test]
#[ignore = "exhaustive: run by CI"]
fn f32_exhaustive() {
    let [within, beyond] = f32_error_in_z(1);
    std::println!("samples f32: {within:e} in z within 5.4 standard deviations, {beyond:e} beyond");
    assert!(within <= 1e-6 && beyond <= 1e-6, "{within:e}, {beyond:e}");
}
