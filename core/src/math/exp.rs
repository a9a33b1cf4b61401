//! Exponential function, for the constants of truncated normal distributions.

/// eˣ: 0 below −745, +∞ above 709.8; NaN for NaN. Relative error below 4·10⁻¹⁶ for normal results.
///
/// `x = k·ln 2 + r` with `|r| <= ½ ln 2`; the Taylor series of `eʳ` to `r¹³` (rest below 10⁻¹⁷); the
/// scaling by `2ᵏ` in two steps, so that subnormal results are rounded once more but not lost.
pub(crate) fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 710.0 {
        return f64::INFINITY;
    }
    if x < -746.0 {
        return 0.0;
    }
    // Adding 1.5·2⁵² rounds to an integer, whatever the platform's `round`.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let k = (x * core::f64::consts::LOG2_E + ROUND) - ROUND;
    let high = x - k * f64::from_bits(0x3fe6_2e42_fefa_3800);
    let low = k * f64::from_bits(0x3d2e_f357_93c7_6730);
    let r = high - low;
    // The rounding error of the subtraction, to first order.
    let lost = (high - r) - low;
    let mut sum = 1.0;
    let mut n = 13.0;
    while n > 1.0 {
        sum = 1.0 + r * sum / n;
        n -= 1.0;
    }
    let value = 1.0 + (r * sum + lost);
    let k = k as i64;
    value * power_of_two(k / 2) * power_of_two(k - k / 2)
}

/// `eˣ − 1`, without the loss of digits near zero. Relative error below 10⁻¹⁵.
pub(crate) fn exp_m1(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 0.5 {
        return exp(x) - 1.0;
    }
    // Taylor's series; the rest is below 2⁻¹⁴/15!.
    let (mut sum, mut n) = (1.0, 16.0);
    while n > 1.0 {
        sum = 1.0 + x * sum / n;
        n -= 1.0;
    }
    x * sum
}

/// `2ᵏ` for `|k| < 1000`.
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) << 52).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_m1};

    /// (x, eˣ), 17 digits from mpmath.
    const KNOWN: [(f64, f64); 9] = [
        (0.0, 1.0),
        (1.0, core::f64::consts::E),
        (-1.0, 0.36787944117144233),
        (0.5, 1.6487212707001282),
        (-36.7, 1.1518409493076097e-16),
        (100.25, 3.451610733125924e43),
        (-300.125, 4.543270750163927e-131),
        (709.7, 1.6549840276802644e308),
        (-707.5, 5.453232991066742e-308),
    ];

    /// (x, eˣ − 1), 17 digits from mpmath.
    const LESS_ONE: &[(f64, f64)] = &[
        (1e-10, 1.00000000005e-10),
        (-0.0001, -9.999500016666251e-05),
        (0.001, 0.0010005001667083417),
        (-0.1, -0.09516258196404043),
        (0.3, 0.3498588075760031),
        (-0.499, -0.3928625062612104),
        (0.7, 1.0137527074704764),
        (-2.0, -0.8646647167633873),
        (5.0, 147.4131591025766),
    ];

    #[test]
    fn less_one_keeps_its_digits_near_zero() {
        for &(x, expected) in LESS_ONE {
            assert!((exp_m1(x) - expected).abs() <= 1e-15 * expected.abs(), "{x}: {}", exp_m1(x));
        }
        assert_eq!(exp_m1(-800.0), -1.0);
        assert!(exp_m1(f64::NAN).is_nan());
    }

    #[test]
    fn known_answers() {
        for (x, y) in KNOWN {
            let error = (exp(x) / y - 1.0).abs();
            assert!(error <= 4e-16, "exp({x}) = {}: off by {error}", exp(x));
        }
        assert_eq!(exp(-800.0), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp(800.0), f64::INFINITY);
        assert!(exp(-745.0) > 0.0);
        assert!(exp(f64::NAN).is_nan());
    }
}
