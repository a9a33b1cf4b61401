//! Upper tail of the normal distribution, for the constants of truncated normal distributions.
//!
//! `Q(x) = φ(x)·M(x)`, `φ(x) = e^(−x²/2)/√(2π)`, `M` Mills' ratio. From 1.5 on `M` is Laplace's
//! continued fraction `1/(x + 1/(x + 2/(x + 3/(x + …))))`, 180 terms (60 from 4 on), whose rest is
//! below 10⁻¹⁶ there; below, `Q = ½ − φ(x)·(x + x³/3 + x⁵/(3·5) + …)`. See Abramowitz and Stegun, *Handbook
//! of Mathematical Functions*, 26.2.11 and 26.2.14.

use super::exp::exp;

/// Probability that a standard normal variable exceeds `x`: `Q(x) = erfc(x/√2)/2`.
///
/// Relative error below 2·10⁻¹⁵ while the result is a normal number (x < 37.5), 0 beyond 39; the
/// same bits everywhere.
///
/// ```
/// use weight_init_core::math::normal_tail;
/// assert_eq!(normal_tail(0.0), 0.5);
/// assert!((normal_tail(1.959963984540054) - 0.025).abs() < 1e-16);
/// assert_eq!(normal_tail(f64::NEG_INFINITY), 1.0);
/// ```
#[must_use]
pub fn normal_tail(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < 0.0 {
        return 1.0 - normal_tail(-x);
    }
    if x >= 39.0 {
        return 0.0;
    }
    if x >= 1.5 {
        return density(x) * mills_ratio(x);
    }
    let z = x * x;
    let (mut term, mut sum, mut n) = (x, x, 3.0);
    while term > 1e-18 {
        term = term * z / n;
        sum += term;
        n += 2.0;
    }
    0.5 - density(x) * sum
}

/// `Q(x)/φ(x)` for `x >= 1.5`.
pub(crate) fn mills_ratio(x: f64) -> f64 {
    let mut rest = x;
    let mut n = if x < 4.0 { 180.0 } else { 60.0 };
    while n > 0.0 {
        rest = x + n / rest;
        n -= 1.0;
    }
    1.0 / rest
}

/// `φ(x)` for `|x| < 39`. The square is taken of the upper 27 bits of `x`, exactly, and the rest
/// added apart: rounding `x²` would cost a relative error of `x²·10⁻¹⁶`.
fn density(x: f64) -> f64 {
    const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;
    let high = f64::from_bits(x.to_bits() & !0x07ff_ffff);
    let rest = (x - high) * (x + high);
    INV_SQRT_TAU * (exp(-0.5 * high * high) * exp(-0.5 * rest))
}

#[cfg(test)]
mod tests {
    use super::normal_tail;

    /// (x, Q(x)), 18 digits from mpmath.
    const KNOWN: [(f64, f64); 10] = [
        (0.25, 0.4012936743170763),
        (0.5, 0.3085375387259869),
        (1.0, 0.15865525393145705),
        (1.25, 0.10564977366685525),
        (2.0, 0.02275013194817921),
        (5.0, 2.866515718791939e-07),
        (8.0, 6.220960574271784e-16),
        (12.5, 3.732564298877713e-36),
        (30.0, 4.906713927148187e-198),
        (37.5, 4.605353009581955e-308),
    ];

    #[test]
    fn known_answers() {
        for (x, q) in KNOWN {
            let error = (normal_tail(x) / q - 1.0).abs();
            assert!(error <= 2e-15, "Q({x}) off by {error}");
            assert_eq!(normal_tail(-x), 1.0 - normal_tail(x));
        }
        assert_eq!(normal_tail(40.0), 0.0);
        assert_eq!(normal_tail(f64::INFINITY), 0.0);
        assert!(normal_tail(f64::NAN).is_nan());
    }

    #[test]
    fn the_two_methods_meet() {
        let (below, above) = (normal_tail(1.5_f64.next_down()), normal_tail(1.5));
        assert!((below / above - 1.0).abs() < 2e-15);
    }
}
