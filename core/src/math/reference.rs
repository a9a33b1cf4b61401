//! References of the accuracy tests: `f64` functions of `libm` for `f32`, numbers of twice
//! `f64`'s digits for `f64`.

#![allow(
    clippy::disallowed_methods,
    reason = "references to measure against, never part of a weight"
)]

use std::{ops, thread, vec::Vec};

/// Distance of `x` from the true value in units in the last place of the true value.
pub(crate) fn ulps_f32(x: f32, truth: f64) -> f64 {
    let ulp = f32::from_bits((truth as f32).abs().to_bits() + 1) - (truth as f32).abs();
    (f64::from(x) - truth).abs() / f64::from(ulp)
}

/// Distance of `x` from the true value in units in the last place of the true value.
pub(crate) fn ulps_f64(x: f64, truth: Dd) -> f64 {
    let ulp = truth.0.abs().next_up() - truth.0.abs();
    (Dd::new(x) - truth).0.abs() / ulp
}

/// The largest of `f(i)` over the range, on all processors; where it is.
pub(crate) fn largest<F: Fn(u64) -> f64 + Sync>(range: ops::Range<u64>, f: F) -> (f64, u64) {
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let f = &f;
    let part = (range.end - range.start).div_ceil(threads);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| {
                let start = range.start + t * part;
                let end = range.end.min(start + part);
                scope.spawn(move || {
                    let mut worst = (0.0, start);
                    for i in start..end {
                        let error = f(i);
                        // NaN counts as worst.
                        if error > worst.0 || error.is_nan() {
                            worst = (error, i);
                        }
                    }
                    worst
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .fold((0.0, 0), |a, b| if b.0 <= a.0 { a } else { b })
    })
}

/// The `i`-th of a sequence of evenly scattered words.
pub(crate) fn scatter(i: u64) -> u64 {
    let words = crate::random::philox4x32_10([i as u32, (i >> 32) as u32, 0, 0], [1, 2]);
    u64::from(words[0]) | u64::from(words[1]) << 32
}

/// A number as the sum of two `f64`, 106 bits. T. J. Dekker, *A floating-point technique for
/// extending the available precision*, Numerische Mathematik 18 (1971).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dd(pub(crate) f64, pub(crate) f64);

impl Dd {
    pub(crate) const ONE: Self = Self(1.0, 0.0);
    pub(crate) const PI: Self = Self(core::f64::consts::PI, 1.2246467991473532e-16);
    const LN_2: Self = Self(core::f64::consts::LN_2, 2.3190468138462996e-17);
    const INV_SQRT_TAU: Self = Self(0.3989422804014327, -2.49232720227773e-17);

    pub(crate) const fn new(x: f64) -> Self {
        Self(x, 0.0)
    }

    fn sum(a: f64, b: f64) -> Self {
        let s = a + b;
        let t = s - a;
        Self(s, (a - (s - t)) + (b - t))
    }

    fn product(a: f64, b: f64) -> Self {
        let split = |x: f64| {
            let t = 134_217_729.0 * x;
            let high = t - (t - x);
            (high, x - high)
        };
        let (p, (a1, a2), (b1, b2)) = (a * b, split(a), split(b));
        Self(p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2)
    }

    pub(crate) fn scale(self, power_of_two: f64) -> Self {
        Self(self.0 * power_of_two, self.1 * power_of_two)
    }

    /// eˣ for |x| < 700.
    pub(crate) fn exp(self) -> Self {
        let k = (self.0 / core::f64::consts::LN_2).round();
        let r = (self - Self::LN_2 * Self::new(k)).scale(1.0 / 64.0);
        let mut sum = Self::ONE;
        for n in (1..=14).rev() {
            sum = Self::ONE + r * sum / Self::new(f64::from(n));
        }
        for _ in 0..6 {
            sum = sum * sum;
        }
        let half = (k / 2.0).floor();
        sum.scale(2.0_f64.powi(half as i32)).scale(2.0_f64.powi((k - half) as i32))
    }

    /// Natural logarithm: one Newton step from that of `f64`.
    pub(crate) fn ln(x: f64) -> Self {
        // x = m·2ᵏ keeps the exponential in range.
        let exponent = ((x.to_bits() >> 52) as i32) - 1022;
        let m = f64::from_bits((x.to_bits() & !(0x7ff << 52)) | (1022 << 52));
        let y = Self::new(libm::log(m));
        let step = Self::new(m) * Self(-y.0, 0.0).exp() - Self::ONE;
        // ln(1 + s) = s − s²/2 + …, s about 10⁻¹⁶.
        let ln_m = y + step - (step * step).scale(0.5);
        ln_m + Self::LN_2 * Self::new(f64::from(exponent))
    }

    /// Cosine and sine for |x| < 1.
    pub(crate) fn cos_sin(self) -> [Self; 2] {
        let z = self * self;
        let (mut c, mut s) = (Self::ONE, Self::ONE);
        for n in (1..=14).rev() {
            let n = f64::from(n);
            c = Self::ONE - z * c / Self::new(2.0 * n * (2.0 * n - 1.0));
            s = Self::ONE - z * s / Self::new(2.0 * n * (2.0 * n + 1.0));
        }
        [c, s * self]
    }

    /// Density of the normal distribution.
    pub(crate) fn normal_density(x: f64) -> Self {
        Self::INV_SQRT_TAU * (Self::product(x, x).scale(-0.5)).exp()
    }

    /// Upper tail of the normal distribution for `x >= 0`, by series below 4 and continued fraction
    /// above; 10⁻²¹ or better.
    pub(crate) fn normal_tail(x: f64) -> Self {
        let density = Self::normal_density(x);
        let wide = Self::new(x);
        if x < 4.0 {
            let z = wide * wide;
            let (mut term, mut sum, mut n) = (wide, wide, 3.0);
            while term.0 > 1e-34 {
                term = term * z / Self::new(n);
                sum = sum + term;
                n += 2.0;
            }
            return Self::new(0.5) - density * sum;
        }
        let mut rest = wide;
        for n in (1..=80).rev() {
            rest = wide + Self::new(f64::from(n)) / rest;
        }
        density / rest
    }
}

impl ops::Add for Dd {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        let s = Self::sum(self.0, b.0);
        let t = Self::sum(self.1, b.1);
        let s = Self::sum(s.0, s.1 + t.0);
        Self::sum(s.0, s.1 + t.1)
    }
}

impl ops::Sub for Dd {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        self + Self(-b.0, -b.1)
    }
}

impl ops::Mul for Dd {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        let p = Self::product(self.0, b.0);
        Self::sum(p.0, p.1 + (self.0 * b.1 + self.1 * b.0))
    }
}

impl ops::Div for Dd {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let q = self.0 / b.0;
        let r = self - b * Self::new(q);
        let q2 = r.0 / b.0;
        let r = r - b * Self::new(q2);
        Self::sum(q, q2) + Self::new(r.0 / b.0)
    }
}

#[test]
fn twice_the_digits() {
    // 34 digits from mpmath, as the sum of two.
    for (found, high, low) in [
        (Dd::ln(10.0), core::f64::consts::LN_10, -2.1707562233822494e-16),
        (Dd::new(1.0).exp(), core::f64::consts::E, 1.4456468917292502e-16),
        (Dd::new(0.5).cos_sin()[0], 0.8775825618903728, -4.2623149864279997e-17),
        (Dd::new(0.5).cos_sin()[1], 0.479425538604203, -5.103969860556013e-18),
        (Dd::normal_tail(3.5), 0.00023262907903552504, -7.606255392464223e-21),
        (Dd::normal_tail(6.25), 2.0522634252189388e-10, 3.482325316952975e-27),
    ] {
        let error = (found - Dd(high, low)).0 / high;
        assert!(error.abs() < 1e-21, "{found:?}: {error}");
    }
}
