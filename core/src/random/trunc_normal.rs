//! Truncated normal samples, one word each, through the inverse distribution function.
//!
//! With `α = (a − mean)/std`, `β = (b − mean)/std`, the upper tail `Q` and the share
//! `u = (n + ½)·2⁻³¹`, `n = w >> 1` (`2⁻⁵³`, `w >> 11` for `f64`), the sample is the `x` with
//! `P(X < x | a <= X <= b) = u`. It grows with the word, and it is clamped to the values of the
//! element type in [a, b]. No mass gathers at the bounds, however far they are.
//!
//! The sampler takes one of three methods, chosen when the fill is made (see `plan`):
//!
//! - **Body**: `p_lower = Φ(α) + n·m`, `p_upper = Q(β) + n'·m`, where `n' = 2³¹ − 1 − n` and `m` is
//!   the mass between the bounds times 2⁻³¹ (halves added to both `n`): the smaller one is accurate
//!   in relation to itself, in either tail. `z` = [`quantile`](crate::math::normal_quantile_lanes),
//!   negative on the lower side; `x = mean + std·z`.
//! - **Narrow**, when neither tail outside the bounds is smaller than the mass between them: then
//!   `x − a` is smooth in `u`, `x = a + u·S(2u − 1)` with a series `S` fitted at construction. Its
//!   error is relative to `x − a`, so that a mean far away costs no digits.
//! - **Tail**, when both bounds are more than 8 standard deviations on one side and the interval is
//!   not narrow: with `v = Q(z)/Q(α)`, `E = −ln v`, and `2y = z² − α²`, `dy/dE = z·M(z)` (`M` Mills'
//!   ratio) is nearly constant, so `2y = E·S(E)` with a fitted series, and
//!   `x = a + (std/α)·2y/(1 + √(1 + 2y/α²))`. Nothing underflows at any distance. The lower tail
//!   is the mirror image.
//!
//! The constants are computed in `f64` by [`math`] and rounded once.

use crate::{
    float::{Compute, sealed::Sampler},
    lanes::{Arithmetic, Int, Lane, Twice},
    math::{
        self, ln_lanes, normal_quantile_lanes,
        normal_tail::{self, normal_tail},
    },
};

/// Numbers of the sampler, in the type of computation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct TruncNormal<C: Compute> {
    /// Smallest value that may come out.
    pub(crate) min: C,
    /// Largest value that may come out.
    pub(crate) max: C,
    pub(crate) method: Method<C>,
}

/// How the samples are computed; the module's page says when which.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub enum Method<C: Compute> {
    /// By the quantile function.
    Body {
        /// Mean.
        mean: C,
        /// Standard deviation.
        std: C,
        /// `Φ(α)`.
        lower: C,
        /// `Q(β)`.
        upper: C,
        /// Mass between the bounds, per step of `n`.
        mass: C,
    },
    /// By a series in `u`.
    Narrow {
        /// `a`.
        start: C,
        /// `(x − a)/u` over `2u − 1`.
        series: C::Series,
    },
    /// By a series in the logarithm of the tail.
    Tail {
        /// The bound nearer to the mean.
        start: C,
        /// `std/α`, negative in the lower tail.
        scale: C,
        /// `1/α²`.
        inverse_square: C,
        /// `Q(β)/Q(α)`.
        ratio: C,
        /// `1 − ratio`, per step of `n`.
        mass: C,
        /// `2/E_max`.
        unit: C,
        /// `2y/E` over `2E/E_max − 1`.
        series: C::Series,
        /// Whether this is the lower tail.
        lower: bool,
    },
}

impl<E: Compute> Sampler<E> for &TruncNormal<E> {
    #[inline(always)]
    fn pair<V: Arithmetic<E>>(self, v: V, words: [Int<E, V>; 2]) -> [Lane<E, V>; 2] {
        if V::ABREAST > 1 {
            return self.sample(Twice(v), words);
        }
        [self.sample(v, words[0]), self.sample(v, words[1])]
    }
}

impl<E: Compute> TruncNormal<E> {
    #[inline(always)]
    fn sample<V: Arithmetic<E>>(&self, v: V, word: Int<E, V>) -> Lane<E, V> {
        let x = match &self.method {
            Method::Body { mean, std, lower, upper, mass } => {
                let mass = v.splat(*mass);
                let below = v.add(v.splat(*lower), v.mul(share(v, word), mass));
                let above = v.add(v.splat(*upper), v.mul(mirrored_share(v, word), mass));
                let z = normal_quantile_lanes(v, v.min(below, above));
                let std = v.select(v.less(below, above), v.splat(-*std), v.splat(*std));
                v.add(v.splat(*mean), v.mul(std, z))
            }
            Method::Narrow { start, series } => {
                let u = v.mul(share(v, word), v.splat(E::RANDOM_STEP));
                let centred = v.sub(v.add(u, u), v.splat(E::ONE));
                let step = v.mul(u, math::horner(v, centred, series.as_ref()));
                v.add(v.splat(*start), step)
            }
            Method::Tail { start, scale, inverse_square, ratio, mass, unit, series, lower } => {
                let share = if *lower { share(v, word) } else { mirrored_share(v, word) };
                let tail = v.add(v.splat(*ratio), v.mul(share, v.splat(*mass)));
                let e = v.sub(v.splat(E::default()), ln_lanes(v, tail));
                let one = v.splat(E::ONE);
                let centred = v.sub(v.mul(e, v.splat(*unit)), one);
                let y = v.mul(e, math::horner(v, centred, series.as_ref()));
                let root = v.sqrt(v.add(one, v.mul(y, v.splat(*inverse_square))));
                let step = v.div(v.mul(v.splat(*scale), y), v.add(one, root));
                v.add(v.splat(*start), step)
            }
        };
        v.min(v.max(x, v.splat(self.min)), v.splat(self.max))
    }
}

/// `n + ½`.
#[inline(always)]
fn share<E: Compute, V: Arithmetic<E>>(v: V, word: Int<E, V>) -> Lane<E, V> {
    v.add(v.to_float(v.shr(word, E::RANDOM_SHIFT)), v.splat(E::HALF))
}

/// `n' + ½`.
#[inline(always)]
fn mirrored_share<E: Compute, V: Arithmetic<E>>(v: V, word: Int<E, V>) -> Lane<E, V> {
    share(v, v.xor(word, v.splat_int(E::bits(u64::MAX))))
}

/// From how many standard deviations on the method `Tail` takes over.
const DEEP: f64 = 8.0;

/// Chooses the method for these finite numbers with `std > 0`, `a < b`. `None` if the mean or the
/// standard deviation is beyond the type of computation, and needed.
pub(crate) fn plan<C: Compute>(mean: f64, std: f64, a: f64, b: f64) -> Option<Method<C>> {
    // Standardized bounds may be beyond f64's range; any number that large acts as infinity.
    const INFINITE: f64 = 1e150;
    let standard = |x: f64| {
        let distance = (x - mean) / std;
        distance.clamp(-INFINITE, INFINITE)
    };
    let (alpha, beta) = (standard(a), standard(b));
    let width = ((b - a) / std).min(2.0 * INFINITE);

    // The nearer and the farther bound of an interval on one side of the mean, seen from there.
    let one_sided = if alpha > 0.0 {
        Some((alpha, beta))
    } else if beta < 0.0 {
        Some((-beta, -alpha))
    } else {
        None
    };
    let (lower, upper) = (normal_tail(-alpha), normal_tail(beta));
    let (ratio, mass, narrow) = match one_sided {
        Some((near, far)) => {
            let ratio = if near < DEEP {
                normal_tail(far) / normal_tail(near)
            } else {
                // ln of the density's ratio: −(far² − near²)/2.
                let exponent = -width * (near + 0.5 * width);
                math::exp::exp(exponent) * normal_tail::mills_ratio(far)
                    / normal_tail::mills_ratio(near)
            };
            let mass = normal_tail(near) - normal_tail(far);
            (ratio, mass, ratio >= 0.5)
        }
        None => {
            let mass = 1.0 - lower - upper;
            (0.0, mass, lower.min(upper) >= mass)
        }
    };
    let of = C::from_f64_rounded;
    let steps = C::RANDOM_STEP.to_f64_exact();

    if narrow {
        return Some(Method::Narrow {
            start: of(a),
            series: C::series(|series| narrow_series(series, alpha, width, std)),
        });
    }
    if let Some((near, _)) = one_sided
        && near >= DEEP
    {
        let below = alpha < 0.0;
        let largest = -math::ln(ratio + 0.5 * steps * (1.0 - ratio));
        return Some(Method::Tail {
            start: of(if below { b } else { a }),
            scale: of(if below { -std / near } else { std / near }),
            inverse_square: of(1.0 / (near * near)),
            ratio: of(ratio),
            mass: of((1.0 - ratio) * steps),
            unit: of(2.0 / largest),
            series: C::series(|series| tail_series(series, near, largest)),
            lower: below,
        });
    }
    let body = Method::Body {
        mean: of(mean),
        std: of(std),
        lower: of(lower),
        upper: of(upper),
        mass: of(mass * steps),
    };
    let fits = of(mean).is_finite() && of(std).is_finite();
    fits.then_some(body)
}

/// `(x − a)/u` over `2u − 1`, for narrow intervals.
///
/// `δ = (x − a)/std` solves `G(δ) = u·G(width)` with `G(δ) = ∫₀ᵟ e^(−αt − t²/2) dt`, by its power
/// series and Newton's method.
fn narrow_series(series: &mut [f64], alpha: f64, width: f64, std: f64) {
    let whole = growth(alpha, width);
    math::series::interpolate(series, |centred| {
        let u = 0.5 * (1.0 + centred);
        let goal = u * whole;
        let mut delta = u * width;
        for _ in 0..8 {
            let density = math::exp::exp(-delta * (alpha + 0.5 * delta));
            delta -= (growth(alpha, delta) - goal) / density;
        }
        std * (delta / u)
    });
}

/// `∫₀ᵟ e^(−αt − t²/2) dt` for `|α|·δ` and `δ` of about 1 or less, relatively accurate.
///
/// The integrand's Taylor coefficients follow `(k+1)·g₍ₖ₊₁₎ = −α·gₖ − g₍ₖ₋₁₎`; they are kept as
/// coefficients of `t·max(1, |α|)`, which is of order 1 at any distance.
fn growth(alpha: f64, delta: f64) -> f64 {
    let scale = alpha.abs().max(1.0);
    let (slope, curvature) = (alpha / scale, 1.0 / (scale * scale));
    let t = delta * scale;
    let (mut before, mut now, mut power) = (0.0, 1.0, 1.0);
    let (mut sum, mut k) = (1.0, 1.0);
    while k < 40.0 {
        let next = -(slope * now + curvature * before) / k;
        (before, now) = (now, next);
        power *= t;
        k += 1.0;
        sum += now * power / k;
    }
    delta * sum
}

/// `2y/E` over `2E/largest − 1`, for tails from `near >= 8` on.
///
/// `y(E) = ∫₀ᴱ z·M(z) dE` with `z² = near² + 2y`: Picard's iteration, which gains two digits or more
/// a turn because `z·M(z)` hardly changes.
fn tail_series(series: &mut [f64], near: f64, largest: f64) {
    let mut means = [0.0; 24];
    let means = means.split_at_mut(series.len().min(24)).0;
    if let Some(constant) = means.last_mut() {
        *constant = 1.0;
    }
    for _ in 0..9 {
        math::series::interpolate(series, |x| {
            let e = 0.5 * (1.0 + x) * largest;
            let y = e * math::series::evaluate(means, x);
            // √(near² + 2y), safe for any `near`.
            let z = near * libm::sqrt(1.0 + 2.0 * y / near / near);
            z * normal_tail::mills_ratio(z)
        });
        math::series::mean_from_start(series);
        means.copy_from_slice(series);
    }
    for coefficient in series {
        *coefficient *= 2.0;
    }
}

#[cfg(test)]
mod tests;
