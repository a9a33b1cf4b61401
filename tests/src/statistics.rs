//! Exact distributions, and how far samples may stray from them.
//!
//! Every check fails by chance with a probability of at most [`FALSE_ALARM`]; fewer than a thousand checks are made,
//! so all of them together with at most 10⁻⁶ — and then for another seed, for the seeds are fixed.
#![allow(clippy::disallowed_methods, reason = "to measure samples, never part of a weight")]

use weight_init_core::Float;

/// Probability of a false alarm, for each check.
pub const FALSE_ALARM: f64 = 1e-9;

/// A continuous distribution.
#[derive(Clone, Copy, Debug)]
pub enum Law {
    /// Uniform in [a, b).
    Uniform {
        /// Lower bound.
        a: f64,
        /// Upper bound.
        b: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
    /// Normal, conditioned on [a, b].
    TruncNormal {
        /// Mean before truncation.
        mean: f64,
        /// Standard deviation before truncation.
        std: f64,
        /// Lower bound.
        a: f64,
        /// Upper bound.
        b: f64,
    },
}

/// Mean, variance and fourth central moment.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Variance.
    pub variance: f64,
    /// Fourth central moment.
    pub fourth: f64,
}

impl Law {
    /// Probability of a value up to `x`.
    #[must_use]
    pub fn cdf(self, x: f64) -> f64 {
        match self {
            Self::Uniform { a, b } => ((x - a) / (b - a)).clamp(0.0, 1.0),
            Self::Normal { mean, std } => upper_tail((mean - x) / std),
            Self::TruncNormal { mean, std, a, b } => {
                if x <= a {
                    return 0.0;
                }
                if x >= b {
                    return 1.0;
                }
                let [alpha, beta, z] = [a, b, x].map(|x| (x - mean) / std);
                match (alpha > 0.0, beta < 0.0) {
                    (true, _) => 1.0 - share(z, alpha, beta),
                    (_, true) => share(-z, -beta, -alpha),
                    _ => {
                        let inside = 1.0 - upper_tail(-alpha) - upper_tail(beta);
                        (upper_tail(-z) - upper_tail(-alpha)) / inside
                    }
                }
            }
        }
    }

    /// The value below which the share `p` lies, by bisection.
    fn quantile(self, p: f64) -> f64 {
        let [mut low, mut high] = self.support();
        for _ in 0..60 {
            let middle = low + 0.5 * (high - low);
            *if self.cdf(middle) < p { &mut low } else { &mut high } = middle;
        }
        high
    }

    /// Where all but an immeasurable part of the probability lies.
    #[must_use]
    pub fn support(self) -> [f64; 2] {
        match self {
            Self::Uniform { a, b } => [a, b],
            Self::Normal { mean, std } => [mean - 12.0 * std, mean + 12.0 * std],
            Self::TruncNormal { mean, std, a, b } => {
                let reach = |near: f64| 40.0 * std / (1.0 + (near - mean).abs() / std).max(3.0);
                [a.max(mean.min(b) - reach(b.min(mean))), b.min(mean.max(a) + reach(a.max(mean)))]
            }
        }
    }

    /// Moments, by Simpson's rule over the distribution function.
    #[must_use]
    pub fn moments(self) -> Moments {
        let [low, high] = self.support();
        // E g(X) = g(high) − ∫ g′F
        let mean = high - integral(low, high, |x| self.cdf(x));
        let central = |k: i32| {
            let slope = |x: f64| f64::from(k) * (x - mean).powi(k - 1);
            (high - mean).powi(k) - integral(low, high, |x| slope(x) * self.cdf(x))
        };
        Moments { mean, variance: central(2), fourth: central(4) }
    }
}

/// Simpson's rule.
fn integral(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 20_000;
    let step = (high - low) / f64::from(STEPS);
    let sum: f64 = (0..=STEPS)
        .map(|i| {
            let weight = match i {
                0 | STEPS => 1.0,
                _ if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * f(low + step * f64::from(i))
        })
        .sum();
    sum * step / 3.0
}

/// Probability of a standard normal number above `z`.
#[must_use]
pub fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(Z > z | near < Z < far) for 0 < near < z < far, however far out.
fn share(z: f64, near: f64, far: f64) -> f64 {
    // Q(x)/Q(near), with the exponential of the difference of squares and Mills' ratio.
    let relative = |x: f64| {
        let exponent = -0.5 * (x - near) * (x + near);
        exponent.exp() * mills_ratio(x) / mills_ratio(near)
    };
    (relative(z) - relative(far)) / (1.0 - relative(far))
}

/// The upper tail over the density, for positive `z`.
fn mills_ratio(z: f64) -> f64 {
    if z < 6.0 {
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        return upper_tail(z) / density;
    }
    // Laplace's continued fraction: 1/(z + 1/(z + 2/(z + 3/(z + …)))).
    1.0 / (1..60).rev().fold(z, |fraction, k| z + f64::from(k) / fraction)
}

/// How many standard errors an almost normal statistic may be away, on either side.
#[must_use]
pub fn normal_limit() -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        let within = 2.0 * upper_tail(middle) < FALSE_ALARM;
        *if within { &mut high } else { &mut low } = middle;
    }
    high
}

/// How far an empirical distribution function may be from the true one.
///
/// Not a limit for many samples but for any number: A. Dvoretzky, J. Kiefer, J. Wolfowitz (1956) with the constant of
/// P. Massart, *The tight constant in the Dvoretzky–Kiefer–Wolfowitz inequality*, Annals of Probability 18 (1990).
/// It holds for discrete distributions, too.
#[must_use]
pub fn distance_limit(samples: usize) -> f64 {
    ((2.0 / FALSE_ALARM).ln() / (2.0 * samples as f64)).sqrt()
}

/// The largest chi-square of so many equally likely cells (E. B. Wilson, M. M. Hilferty, 1931).
#[must_use]
pub fn chi_square_limit(cells: usize) -> f64 {
    let freedom = cells as f64 - 1.0;
    let part = 2.0 / (9.0 * freedom);
    freedom * (1.0 - part + normal_limit() * part.sqrt()).powi(3)
}

/// A law whose values are rounded to an element type, with everything beyond `min` and `max` moved there.
#[derive(Clone, Copy, Debug)]
pub struct Rounded<T> {
    /// Before rounding.
    pub law: Law,
    /// The smallest value.
    pub min: T,
    /// The largest value.
    pub max: T,
}

impl<T: Float> Rounded<T> {
    /// Probability of a value up to `x`.
    #[must_use]
    pub fn up_to(self, x: T) -> f64 {
        if x >= self.max {
            return 1.0;
        }
        let (here, next) = (x.to_f64_exact(), -(-x).next_down().to_f64_exact());
        self.law.cdf(here + 0.5 * (next - here))
    }

    /// Probability of a value below `x`.
    fn below(self, x: T) -> f64 {
        if x <= self.min { 0.0 } else { self.up_to(x.next_down()) }
    }

    /// The largest distance between the distribution functions of sorted samples and of this law.
    ///
    /// Compared at every `stride`th sample, so it may be up to `stride / n` too small.
    #[must_use]
    pub fn distance(self, sorted: &[T], stride: usize) -> f64 {
        let n = sorted.len() as f64;
        let mut largest = 0.0_f64;
        let mut index = 0;
        while let Some(&x) = sorted.get(index) {
            let first = sorted[..index].partition_point(|y| *y < x);
            let behind = index + sorted[index..].partition_point(|y| *y <= x);
            largest = largest.max((first as f64 / n - self.below(x)).abs());
            largest = largest.max((behind as f64 / n - self.up_to(x)).abs());
            index = behind.max(index + stride);
        }
        largest
    }

    /// Chi-square of sorted samples over cells that are as equally likely as the grid of the type allows, and how many
    /// cells there are: at most `cells`.
    #[must_use]
    pub fn chi_square(self, sorted: &[T], cells: usize) -> (f64, usize) {
        let n = sorted.len() as f64;
        let (mut sum, mut count) = (0.0, 0);
        let (mut share, mut place) = (0.0, 0);
        for cell in 1..=cells {
            let end = match cell {
                _ if cell == cells => self.max,
                _ => T::from_f64_rounded(self.law.quantile(cell as f64 / cells as f64)),
            };
            let (share_here, place_here) = (self.up_to(end), sorted.partition_point(|x| *x <= end));
            let expected = n * (share_here - share);
            // A few samples at least, so that their number is nearly normal.
            if expected < 100.0 {
                continue;
            }
            sum += ((place_here - place) as f64 - expected).powi(2) / expected;
            count += 1;
            (share, place) = (share_here, place_here);
        }
        (sum, count)
    }
}

/// Correlation of two lists with these means and the same variance, in standard errors.
#[must_use]
pub fn correlation(a: &[f64], b: &[f64], means: [f64; 2], variance: f64) -> f64 {
    let n = a.len().min(b.len());
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - means[0]) * (b - means[1])).sum();
    sum / variance / (n as f64).sqrt()
}
