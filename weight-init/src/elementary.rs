//! Elementary functions out of `+ − × ÷` and integers alone, beside the core's logarithm: the same bits on every processor.

use std::f64::consts::LOG2_E;

use weight_init_core::math::ln;

/// Adding 1.5·2⁵² rounds to an integer, whatever the platform's `round`.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// ln 2 as a sum: the product of the first part with a binary exponent is exact.
const LN2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// eˣ: 0 far below, +∞ above 709.8; NaN for NaN. Relative error below 4·10⁻¹⁶ for normal results.
pub(crate) fn exp(x: f64) -> f64 {
    match x {
        _ if x.is_nan() => x,
        _ if x > 710.0 => f64::INFINITY,
        _ if x < -746.0 => 0.0,
        _ => {
            let (k, rest) = reduced(x);
            // In two steps, so that subnormal results are rounded once more but not lost.
            (1.0 + rest) * power_of_two(k / 2) * power_of_two(k - k / 2)
        }
    }
}

/// eˣ − 1, also where eˣ is close to 1. Relative error below 10⁻¹⁵.
pub(crate) fn exp_m1(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 40.0 {
        return exp(x) - 1.0;
    }
    let (k, rest) = reduced(x);
    let scale = power_of_two(k);
    // The first term is exact, and zero where the result is small.
    (scale - 1.0) + rest * scale
}

/// ln(1 + x), also where x is small. Relative error below 10⁻¹⁵.
pub(crate) fn ln_1p(x: f64) -> f64 {
    let sum = 1.0 + x;
    let added = sum - 1.0;
    if added == 0.0 {
        return x;
    }
    if !(sum > 0.0 && sum.is_finite()) {
        return ln(sum);
    }
    // The logarithm of the rounded sum, corrected by what its rounding changed: William Kahan's method, as Hewlett-Packard's
    // HP-15C Advanced Functions Handbook (1982) tells it.
    ln(sum) * (x / added)
}

/// The number whose softplus ln(1 + eʸ) is x: ln(eˣ − 1); NaN below 0.
pub(crate) fn softplus_inverse(x: f64) -> f64 {
    // Both forms are the same number: the first one does not overflow, the second one keeps the digits of a small x.
    if x > 1.0 { x + ln(-exp_m1(-x)) } else { ln(exp_m1(x)) }
}

/// `(k, eʳ − 1)` with `x = k·ln 2 + r` and `|r| <= ½ ln 2`: the Taylor series to `r¹⁴`, whose rest is below 10⁻¹⁸.
fn reduced(x: f64) -> (i64, f64) {
    let k = (x * LOG2_E + ROUND) - ROUND;
    let [high, low] = LN2;
    let (high, low) = (x - k * high, k * low);
    let r = high - low;
    // The rounding error of the subtraction, to first order.
    let lost = (high - r) - low;
    let mut sum = 1.0;
    let mut n = 14.0;
    while n > 1.0 {
        sum = 1.0 + r * sum / n;
        n -= 1.0;
    }
    let rest = r * sum;
    (k as i64, rest + lost * (1.0 + rest))
}

/// `2ᵏ` for `|k| < 1000`.
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) << 52).cast_unsigned())
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the platform's functions are what these are compared with"
)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, x: f64) {
        let off = if found == expected { 0.0 } else { (found / expected - 1.0).abs() };
        assert!(off <= 1e-15, "{x}: {found} rather than {expected}");
    }

    fn arguments() -> impl Iterator<Item = f64> {
        let near = (-4000..4000).map(|n| f64::from(n) / 1000.0 + 0.000_123);
        let small = (1..300).map(|n| 2_f64.powi(-n / 6) * 1.1);
        near.chain(small.clone()).chain(small.map(|x| -x)).chain([37.5, -30.25, 500.75, -640.5])
    }

    #[test]
    fn they_are_the_functions_of_their_names() {
        for x in arguments() {
            close(exp(x), x.exp(), x);
            close(exp_m1(x), x.exp_m1(), x);
            if x > -1.0 {
                close(ln_1p(x), x.ln_1p(), x);
            }
        }
        assert_eq!((exp(-800.0), exp(800.0), exp_m1(-800.0)), (0.0, f64::INFINITY, -1.0));
        assert_eq!((exp_m1(0.0), ln_1p(0.0), ln_1p(-1.0)), (0.0, 0.0, f64::NEG_INFINITY));
        assert!(exp(f64::NAN).is_nan() && exp_m1(f64::NAN).is_nan() && ln_1p(-1.5).is_nan());
        assert_eq!(ln_1p(f64::INFINITY), f64::INFINITY);
    }

    #[test]
    fn the_inverse_of_softplus_leads_back() {
        for x in [1e-12, 1e-4, 0.1, 0.9, 1.0, 1.1, 5.0, 40.0, 700.0] {
            let back = softplus_inverse(x);
            // ln(1 + eʸ), written so that neither end loses digits.
            let softplus = back.max(0.0) + (-back.abs()).exp().ln_1p();
            let off = (softplus / x - 1.0).abs();
            assert!(off < 1e-14, "{x}: {back}, {softplus}");
        }
        assert_eq!(softplus_inverse(0.0), f64::NEG_INFINITY);
    }

    /// Bits of these are bits of weights.
    #[test]
    fn bits_stay() {
        let functions: [fn(f64) -> f64; 4] = [exp, exp_m1, ln_1p, softplus_inverse];
        let bits = functions.map(|f| [0.001, 0.7, 3.25].map(|x| f(x).to_bits()));
        let expected = [
            [0x3ff0_0419_19b7_ee34, 0x4000_1c2a_6126_8987, 0x4039_ca53_b781_114b],
            [0x3f50_6466_dfb8_cf3a, 0x3ff0_3854_c24d_130d, 0x4038_ca53_b781_114b],
            [0x3f50_6035_4f8c_3ec0, 0x3fe0_fae8_1914_a991, 0x3ff7_2694_84fa_c504],
            [0xc01b_a107_8455_9423, 0x3f8b_f93f_91df_857d, 0x4009_af02_897d_3245],
        ];
        assert_eq!(bits, expected);
    }
}
