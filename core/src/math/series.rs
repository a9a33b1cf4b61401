//! Polynomials fitted to a function at construction.
//!
//! A series is a polynomial on [−1, 1], highest coefficient first, that equals a function at the
//! Chebyshev nodes `cos(π(2k+1)/2n)`. Lloyd N. Trefethen, *Approximation Theory and Approximation
//! Practice* (2013), chapters 2 to 8.

use super::sincos::sincos_lanes;
use crate::lanes::Scalar;

/// The most coefficients of a series.
const MAX: usize = 24;

/// Writes the series of `f`.
pub(crate) fn interpolate(series: &mut [f64], mut f: impl FnMut(f64) -> f64) {
    let n = series.len().min(MAX);
    let mut values = [0.0; MAX];
    for (k, value) in values.iter_mut().enumerate().take(n) {
        *value = f(node(k, n, 1));
    }
    // Chebyshev coefficients a_j = 2/n·Σ f(c_k)·T_j(c_k), then powers by T_{j+1} = 2x·T_j − T_{j−1}.
    // `current` and `previous` hold the powers' coefficients, lowest first: integers, exact.
    let mut powers = [0.0; MAX];
    let (mut previous, mut current) = ([0.0; MAX], [0.0; MAX]);
    current[0] = 1.0;
    for j in 0..n {
        let mut a = 0.0;
        for (k, value) in values.iter().enumerate().take(n) {
            a += value * node(k, n, j);
        }
        a *= if j == 0 { 1.0 } else { 2.0 } / n as f64;
        for (power, t) in powers.iter_mut().zip(current) {
            *power += a * t;
        }
        let mut next = [0.0; MAX];
        let factor = if j == 0 { 1.0 } else { 2.0 };
        for i in 0..MAX {
            let shifted = if i == 0 { 0.0 } else { current[i - 1] };
            next[i] = factor * shifted - previous[i];
        }
        (previous, current) = (current, next);
    }
    for (coefficient, power) in series.iter_mut().zip(powers[..n].iter().rev()) {
        *coefficient = *power;
    }
}

/// Turns the series of a function `g` into that of `∫₋₁ˣ g(s) ds / (x + 1)`, its mean from −1 to `x`.
///
/// The quotient of `x^(j+1) − (−1)^(j+1)` by `x + 1` is `Σᵢ (−1)^(j−i)·xⁱ`, so the new coefficients
/// are `bᵢ = aᵢ/(i+1) − bᵢ₊₁`: nothing is lost where the integral is small.
pub(crate) fn mean_from_start(series: &mut [f64]) {
    let mut degree = series.len() as f64;
    let mut above = 0.0;
    for coefficient in series {
        *coefficient = *coefficient / degree - above;
        above = *coefficient;
        degree -= 1.0;
    }
}

/// The value of a series.
pub(crate) fn evaluate(series: &[f64], x: f64) -> f64 {
    series.iter().fold(0.0, |sum, c| sum * x + c)
}

/// `T_j` at node `k` of `n`: the cosine of `j·(2k+1)/4n` turns.
fn node(k: usize, n: usize, j: usize) -> f64 {
    let turn = (u64::MAX / (4 * n as u64)).wrapping_mul(2 * k as u64 + 1);
    if j == 0 {
        return 1.0;
    }
    let [cosine, _] = sincos_lanes::<f64, _>(Scalar, turn.wrapping_mul(j as u64));
    cosine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::exp::exp;

    #[test]
    fn fits_to_the_last_bits() {
        let mut series = [0.0; 22];
        interpolate(&mut series, |x| exp(-x));
        for k in 0..=100 {
            let x = f64::from(k) / 50.0 - 1.0;
            assert!((evaluate(&series, x) / exp(-x) - 1.0).abs() < 2e-15, "{x}");
        }
    }

    #[test]
    fn means_are_accurate_near_the_start() {
        let mut series = [0.0; 22];
        interpolate(&mut series, exp);
        mean_from_start(&mut series);
        // (e^x − e^−1)/(x + 1); at −1 + 2⁻²⁰ by its Taylor series.
        let h = f64::from_bits((1023 - 20) << 52);
        let expected = exp(-1.0) * (1.0 + h / 2.0 + h * h / 6.0);
        assert!((evaluate(&series, h - 1.0) / expected - 1.0).abs() < 2e-15);
        let expected = (exp(1.0) - exp(-1.0)) / 2.0;
        assert!((evaluate(&series, 1.0) / expected - 1.0).abs() < 2e-15);
    }
}
