#![allow(
    clippy::disallowed_methods,
    reason = "references to measure against, never part of a weight"
)]

use super::*;
use crate::math::reference::{Dd, largest, scatter, ulps_f32, ulps_f64};

#[test]
fn f32_exhaustive() {
    // Shares and tail probabilities: 2⁻⁸⁵ to 1.
    let range = u64::from(2.0_f32.powi(-85).to_bits())..u64::from(1.0_f32.to_bits()) + 1;
    let (error, at) = largest(range, |bits| {
        let x = f32::from_bits(bits as u32);
        let y: f32 = ln_lanes::<f32, _>(Scalar, x);
        if x == 1.0 {
            return if y == 0.0 { 0.0 } else { f64::NAN };
        }
        assert!(y < 0.0, "ln({x:e}) = {y}");
        ulps_f32(y, libm::log(f64::from(x)))
    });
    std::println!("ln f32: {error} ulp at {:e}", f32::from_bits(at as u32));
    assert!(error <= 1.5, "{error} at {at:#x}");
}

#[test]
fn f64_sampled() {
    let check = |x: f64| {
        let error = ulps_f64(ln(x), Dd::ln(x));
        let lanes: f64 = ln_lanes::<f64, _>(Scalar, x);
        assert_eq!(lanes.to_bits(), ln(x).to_bits());
        error
    };
    // Any mantissa, exponents of shares; then those next to 1, where the logarithm is small.
    let (error, at) = largest(0..1_500_000, |i| {
        let bits = scatter(i);
        let exponent = 1023 - (bits >> 52) % 120;
        check(f64::from_bits((bits & ((1 << 52) - 1)) | exponent << 52))
    });
    let (near, near_at) = largest(0..500_000, |i| {
        let bits = scatter(i);
        check(1.0 - f64::from_bits((1023 - (bits >> 57)) << 52 | (bits >> 12)).min(0.5))
            .max(check(1.0 + f64::from_bits((1022 - (bits >> 57) % 50) << 52 | (bits >> 12))))
    });
    std::println!("ln f64: {error} ulp at {at}, next to 1 {near} at {near_at}");
    assert!(error <= 1.5 && near <= 1.5, "{error} {near}");
}

#[test]
fn f64_edges() {
    for (x, y) in [
        (f64::MIN_POSITIVE, -708.3964185322641),
        (f64::from_bits(1), -744.4400719213812),
        (f64::MAX, 709.782712893384),
        (1.0, 0.0),
        (f64::INFINITY, f64::INFINITY),
        (0.0, f64::NEG_INFINITY),
        (-0.0, f64::NEG_INFINITY),
    ] {
        assert_eq!(ln(x), y, "ln({x:e})");
    }
    assert!(ln(f64::NAN).is_nan() && ln(-1.0).is_nan() && ln(f64::NEG_INFINITY).is_nan());
}
