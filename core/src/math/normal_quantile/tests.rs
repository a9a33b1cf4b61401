#![allow(
    clippy::disallowed_methods,
    reason = "references to measure against, never part of a weight"
)]

use super::*;
use crate::{
    lanes::Scalar,
    math::reference::{Dd, largest, scatter, ulps_f32, ulps_f64},
};

/// The smallest tail that the samplers feed: that of 8 standard deviations, times the first share.
const DEEPEST_F32: f32 = 7e-26;
const DEEPEST_F64: f64 = 3.4e-32;

/// Error in ulp against the true quantile, which is one Newton step of higher order away.
fn error_f32(p: f32) -> f64 {
    let z: f32 = normal_quantile_lanes::<f32, _>(Scalar, p);
    if p == 0.5 {
        return if z == 0.0 { 0.0 } else { f64::NAN };
    }
    let wide = f64::from(z);
    let tail = 0.5 * libm::erfc(wide * core::f64::consts::FRAC_1_SQRT_2);
    let density = 0.398_942_280_401_432_7 * libm::exp(-0.5 * wide * wide);
    // Close to the centre the difference from ½ is exact, the tail's is not.
    let residual = if wide < 0.5 {
        f64::from(0.5 - p) - 0.5 * libm::erf(wide * core::f64::consts::FRAC_1_SQRT_2)
    } else {
        tail - f64::from(p)
    };
    let step = residual / density;
    ulps_f32(z, wide + step / (1.0 - 0.5 * wide * step))
}

fn f32_every(step: u64) {
    let (start, end) = (DEEPEST_F32.to_bits(), 0.5_f32.to_bits());
    let (start, end) = (u64::from(start) / step, u64::from(end) / step + 1);
    let (error, at) = largest(start..end, |i| error_f32(f32::from_bits((i * step) as u32)));
    let p = f32::from_bits((at * step) as u32);
    std::println!("quantile f32: {error} ulp at {p:e}");
    assert!(error <= 4.0, "{error} at {p:e}");
}

#[test]
fn f32_dense() {
    f32_every(31);
}

#[test]
#[ignore = "exhaustive: run by CI"]
fn f32_exhaustive() {
    f32_every(1);
}

#[test]
fn f32_exhaustive_next_to_the_centre_and_the_seam() {
    for p in [0.5_f32, 1.0 / 512.0] {
        let centre = u64::from(p.to_bits());
        let (error, _) =
            largest(centre - 500_000..centre + 1, |b| error_f32(f32::from_bits(b as u32)));
        assert!(error <= 4.0, "{error}");
    }
}

#[test]
fn f64_sampled() {
    let check = |p: f64| {
        let z: f64 = normal_quantile_lanes::<f64, _>(Scalar, p);
        if p == 0.5 {
            return if z == 0.0 { 0.0 } else { f64::NAN };
        }
        let step = (Dd::normal_tail(z) - Dd::new(p)) / Dd::normal_density(z);
        let higher = 1.0 - 0.5 * z * step.0;
        ulps_f64(z, Dd::new(z) + step / Dd::new(higher))
    };
    let (error, at) = largest(0..150_000, |i| {
        let share = (scatter(i) >> 11) as f64 * 0.5_f64.powi(54);
        check(share.max(DEEPEST_F64))
    });
    let span = (0.5 / DEEPEST_F64).ln();
    let (deep, deep_at) = largest(0..150_000, |i| {
        let share = (scatter(i) >> 11) as f64 * 0.5_f64.powi(53);
        check((0.5 * (-span * share).exp()).max(DEEPEST_F64))
    });
    let (centre, _) = largest(0..100_000, |i| {
        let x = scatter(i);
        check(0.5 - f64::from_bits((1021 - (x >> 58)) << 52 | x >> 12))
    });
    std::println!("quantile f64: {error} ulp at {at}, tails {deep} at {deep_at}, centre {centre}");
    assert!(error <= 4.0 && deep <= 4.0 && centre <= 4.0, "{error} {deep} {centre}");
}
