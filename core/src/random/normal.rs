//! Normal samples, two at a time (Box–Muller).
//!
//! G. E. P. Box, Mervin E. Muller: *A note on the generation of random normal deviates*, Annals of
//! Mathematical Statistics 29 (1958), <https://doi.org/10.1214/aoms/1177706645>.
//!
//! Words `(w₀, w₁)` of a pair of elements, words being 32 or 64 bits wide:
//!
//! - radius: `n = w₀ >> 1` (31 bits; `w₀ >> 11`, 53 bits, for `f64`), `u = (n + ½)·2⁻³¹` (`2⁻⁵³`), the
//!   sum rounded; `r = √(−2·ln u)`, [`ln`](crate::math::ln_lanes). `u` lies in (0, 1]: the middle of
//!   the cell stands for it, so that the tail is not cut short; `r <= 6.66` (8.66 for `f64`).
//! - angle: `[cos, sin]` of `w₁` as [`sincos`](crate::math::sincos_lanes) says.
//! - the even element is `mean + std·(r·cos)`, the odd one `mean + std·(r·sin)`, `mean` and `std`
//!   rounded once to the type of computation.
//!
//! Only signed integers are converted, because SSE2 and AVX2 cannot convert others: this costs the
//! lowest bit of `w₀`.

use crate::{
    float::{Compute, sealed::Sampler},
    lanes::{Arithmetic, Int, Lane},
    math::{ln_lanes, sincos_lanes},
};

/// Numbers of the sampler, in the type of computation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Normal<C> {
    /// Mean.
    pub(crate) mean: C,
    /// Standard deviation.
    pub(crate) std: C,
}

/// More than any sample's distance from the mean, in standard deviations.
pub(crate) const REACH: f64 = 8.7;

impl<E: Compute> Sampler<E> for &Normal<E> {
    #[inline(always)]
    fn pair<V: Arithmetic<E>>(self, v: V, [radius, angle]: [Int<E, V>; 2]) -> [Lane<E, V>; 2] {
        let n = v.to_float(v.shr(radius, E::RANDOM_SHIFT));
        let u = v.mul(v.add(n, v.splat(E::HALF)), v.splat(E::RANDOM_STEP));
        let r = v.sqrt(v.mul(ln_lanes(v, u), v.splat(E::MINUS_TWO)));
        let [cosine, sine] = sincos_lanes(v, angle);
        let (mean, std) = (v.splat(self.mean), v.splat(self.std));
        [v.add(mean, v.mul(std, v.mul(r, cosine))), v.add(mean, v.mul(std, v.mul(r, sine)))]
    }
}
