//! Sine and cosine of any angle, for tables.

use super::series::evaluate;

/// 2/π.
const TWO_OVER_PI: f64 = core::f64::consts::FRAC_2_PI;
/// π/2 in three parts; the products of the first two with a number of 20 bits are exact.
const FRAC_PI_2: [f64; 3] = [
    f64::from_bits(0x3ff9_21fb_5440_0000),
    f64::from_bits(0x3dd0_b461_1a60_0000),
    f64::from_bits(0x3ba3_198a_2e03_7073),
];

/// `[sin x, cos x]` of an angle in radians: within 2⁻⁵² of the sine and cosine of the very `x` up to a million, and within
/// `x·2⁻⁵²` beyond; NaN of what is not finite.
///
/// `x = k·π/2 + r` with `|r| <= π/4`, and Taylor's series of `r`, up to `r¹⁷` and `r¹⁸`. The same bits everywhere.
pub(crate) fn sin_cos(x: f64) -> [f64; 2] {
    // Beyond this no double is near enough to its neighbours to have an angle.
    if x.is_nan() || x.abs() > 9_007_199_254_740_992.0 {
        return [f64::NAN; 2];
    }
    // Adding 1.5·2⁵² rounds to an integer, whatever the platform's `round`.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let k = (x * TWO_OVER_PI + ROUND) - ROUND;
    let r = ((x - k * FRAC_PI_2[0]) - k * FRAC_PI_2[1]) - k * FRAC_PI_2[2];
    let z = r * r;
    // 1/n! with alternating signs, the highest first.
    const SINE: [f64; 8] = [
        2.811_457_254_345_520_6e-15,
        -7.647_163_731_819_816e-13,
        1.605_904_383_682_161_3e-10,
        -2.505_210_838_544_172e-8,
        2.755_731_922_398_589_3e-6,
        -1.984_126_984_126_984e-4,
        8.333_333_333_333_333e-3,
        -1.666_666_666_666_666_6e-1,
    ];
    const COSINE: [f64; 8] = [
        -1.561_920_696_858_622_5e-16,
        4.779_477_332_387_385e-14,
        -1.147_074_559_772_972_5e-11,
        2.087_675_698_786_81e-9,
        -2.755_731_922_398_589e-7,
        2.480_158_730_158_73e-5,
        -1.388_888_888_888_889e-3,
        4.166_666_666_666_666_4e-2,
    ];
    let sine = r + r * z * evaluate(&SINE, z);
    let cosine = (1.0 - z * 0.5) + z * z * evaluate(&COSINE, z);
    match (k as i64).rem_euclid(4) {
        0 => [sine, cosine],
        1 => [cosine, -sine],
        2 => [-sine, -cosine],
        _ => [-cosine, sine],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (x, sin x, cos x), 17 digits from mpmath.
    #[allow(clippy::approx_constant, reason = "angles and their sines")]
    const KNOWN: &[(f64, f64, f64)] = &[
        (0.0, 0.0, 1.0),
        (0.5, 0.479425538604203, 0.8775825618903728),
        (0.7853981633974483, 0.7071067811865475, 0.7071067811865476),
        (1.0, 0.8414709848078965, 0.5403023058681398),
        (1.5707963267948966, 1.0, 6.123233995736766e-17),
        (2.0, 0.9092974268256817, -0.4161468365471424),
        (3.0, 0.1411200080598672, -0.9899924966004454),
        (3.141592653589793, 1.2246467991473532e-16, -1.0),
        (4.5, -0.977530117665097, -0.2107957994307797),
        (5.75, -0.5082790774992584, 0.8611924171615208),
        (100.0, -0.5063656411097588, 0.8623188722876839),
        (1000.5, 0.9952739571052135, 0.09710690144438526),
        (31415.926, -0.0005358979072580454, 0.9999998564067062),
        (99999.0, 0.860248280789742, -0.5098753724179009),
        (123456.789, -0.9986640823432246, 0.05167253271870138),
        (999983.0, 0.996896526277026, 0.07872303282266793),
    ];

    #[test]
    fn known_answers() {
        for &(x, sine, cosine) in KNOWN {
            for (sign, x) in [(1.0, x), (-1.0, -x)] {
                let [found_sine, found_cosine] = sin_cos(x);
                assert!((found_sine - sign * sine).abs() <= 2.5e-16, "sin {x}: {found_sine}");
                assert!((found_cosine - cosine).abs() <= 2.5e-16, "cos {x}: {found_cosine}");
            }
        }
        assert!(sin_cos(f64::INFINITY)[0].is_nan() && sin_cos(f64::NAN)[1].is_nan());
    }
}
