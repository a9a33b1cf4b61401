#![allow(
    clippy::disallowed_methods,
    reason = "references to measure against, never part of a weight"
)]

use super::*;
use crate::{
    lanes::Scalar,
    math::reference::{Dd, largest, scatter, ulps_f32, ulps_f64},
};

/// Cosine and sine of an angle in quadrant `q`, out of those of its rest.
fn turn<T: Copy>(q: u64, [c, s]: [T; 2], negate: impl Fn(T) -> T) -> [T; 2] {
    match q {
        0 => [c, s],
        1 => [negate(s), c],
        2 => [negate(c), negate(s)],
        _ => [s, negate(c)],
    }
}

#[test]
fn f32_exhaustive() {
    // Every angle; the 6 lowest bits of a word do not count.
    let (error, at) = largest(0..1 << 26, |i| {
        let word = (i as u32) << 6;
        let [c, s]: [f32; 2] = sincos_lanes::<f32, _>(Scalar, word);
        assert_eq!([c, s], sincos_lanes::<f32, _>(Scalar, word | 63),);
        let turned = (u64::from(word) + (1 << 29)) & 0xffff_ffff;
        let k = (turned & 0x3fff_ffff) >> 6;
        let angle = (k as f64 - 8_388_607.5) * (core::f64::consts::PI / 33_554_432.0);
        let truth = turn(turned >> 30, [libm::cos(angle), libm::sin(angle)], |x| -x);
        ulps_f32(c, truth[0]).max(ulps_f32(s, truth[1]))
    });
    std::println!("sincos f32: {error} ulp at {at}");
    assert!(error <= 2.0, "{error} at {at:#x}");
}

#[test]
fn f64_sampled() {
    let check = |word: u64| {
        let [c, s]: [f64; 2] = sincos_lanes::<f64, _>(Scalar, word);
        let turned = word.wrapping_add(1 << 61);
        let k = (turned << 2) >> 11;
        let angle = Dd::PI * Dd::new(k as f64 - 4_503_599_627_370_495.5).scale(0.5_f64.powi(54));
        let truth = turn(turned >> 62, angle.cos_sin(), |x| Dd(-x.0, -x.1));
        ulps_f64(c, truth[0]).max(ulps_f64(s, truth[1]))
    };
    let (error, at) = largest(0..600_000, |i| check(scatter(i)));
    // Next to the axes and diagonals, at every distance.
    let (near, near_at) = largest(0..400_000, |i| {
        let word = scatter(i);
        check((word >> 61 << 61).wrapping_add(word << 3 >> 3 >> (i % 60)))
    });
    std::println!("sincos f64: {error} ulp at {at}, next to axes {near} at {near_at}");
    assert!(error <= 2.0 && near <= 2.0, "{error} {near}");
}

#[test]
fn angles_are_those_of_the_words() {
    for i in 0..1000 {
        let word = scatter(i);
        let angle = word as f64 * (core::f64::consts::TAU * 0.5_f64.powi(64));
        let [c, s]: [f64; 2] = sincos_lanes::<f64, _>(Scalar, word);
        assert!((c - libm::cos(angle)).abs() < 2e-15 && (s - libm::sin(angle)).abs() < 2e-15);
        let [c, s]: [f32; 2] = sincos_lanes::<f32, _>(Scalar, (word >> 32) as u32);
        assert!((f64::from(c) - libm::cos(angle)).abs() < 3e-7);
        assert!((f64::from(s) - libm::sin(angle)).abs() < 3e-7);
    }
}
