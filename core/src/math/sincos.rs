//! Sine and cosine of a random angle.
//!
//! The angle is a word: a binary fraction of the full turn, so that its reduction is exact. With
//! `s = w + 2^(B−3)` (an eighth turn) modulo `2^B`, the upper two bits of `s` are the quadrant `q`
//! and the rest is the angle inside of it, counted from an eighth turn before its middle. The
//! upper `R` bits of the rest (24 for `f32`, 53 for `f64`) are the integer `k`;
//! `θ = (k + ½ − 2^(R−1))·π/2^(R+1)` lies in (−π/4, π/4). The half makes the angles symmetric
//! about every axis and never zero, and both it and the difference are exact.
//!
//! With `z = θ²`: `sin θ = θ + θ·z·S(z)`, `cos θ = (1 − z/2) + z²·C(z)`, `S` and `C` interpolated
//! at Chebyshev nodes (relative error 1.4·10⁻⁸ and 1.1·10⁻⁹ for `f32`, 1.4·10⁻¹⁷ and 7·10⁻¹⁹ for
//! `f64`). `q` says which of the two is the sine, and the signs.
//!
//! Error against the correctly rounded sine and cosine of the angle `θ + q·π/2`, tested: below 2
//! units in the last place, near the zeros too.

use super::horner::horner;
use crate::lanes::{Arithmetic, Element, Int, Lane};

/// A type in which sines and cosines are computed. Sealed.
#[allow(unnameable_types, reason = "sealed")]
pub trait SinCos: Element {
    /// The constants of this type.
    const SINCOS: &'static Coefficients<Self>;
}

impl SinCos for f32 {
    const SINCOS: &'static Coefficients<Self> = &F32;
}

impl SinCos for f64 {
    const SINCOS: &'static Coefficients<Self> = &F64;
}

/// Constants of sine and cosine in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Coefficients<E: 'static> {
    /// Shift that leaves the `R` bits of the angle.
    shift: u32,
    /// 2^(R−1) − ½.
    middle: E,
    /// π / 2^(R+1).
    unit: E,
    sine: &'static [E],
    cosine: &'static [E],
}

static F32: Coefficients<f32> = Coefficients {
    shift: 8,
    middle: 8_388_607.5,
    unit: core::f32::consts::FRAC_PI_2 / 16_777_216.0,
    sine: &[-0.0001958789, 0.008332748, -0.16666664],
    cosine: &[2.4547942e-05, -0.0013888302, 0.041666664],
};

static F64: Coefficients<f64> = Coefficients {
    shift: 11,
    middle: 4_503_599_627_370_495.5,
    unit: core::f64::consts::FRAC_PI_2 / 9_007_199_254_740_992.0,
    sine: &[
        1.5918129294866608e-10,
        -2.5051131845003624e-08,
        2.755731610255244e-06,
        -0.00019841269836758574,
        0.008333333333330948,
        -0.16666666666666666,
    ],
    cosine: &[
        -1.1382632425521717e-11,
        2.08761462684032e-09,
        -2.7557317271729793e-07,
        2.480158729876569e-05,
        -0.0013888888888887398,
        0.041666666666666664,
    ],
};

/// `[cos, sin]` of the angle that the word stands for.
#[inline(always)]
pub fn sincos_lanes<E: SinCos, V: Arithmetic<E>>(v: V, word: Int<E, V>) -> [Lane<E, V>; 2] {
    let c = E::SINCOS;
    let turned = v.add_int(word, v.splat_int(E::bits(1 << (E::BITS - 3))));
    let k = v.to_float(v.shr(v.shl(turned, 2), c.shift));
    let x = v.mul(v.sub(k, v.splat(c.middle)), v.splat(c.unit));
    let z = v.mul(x, x);
    let s = v.add(x, v.mul(v.mul(x, z), horner(v, z, c.sine)));
    let c = v.add(
        v.sub(v.splat(E::ONE), v.mul(z, v.splat(E::HALF))),
        v.mul(v.mul(z, z), horner(v, z, c.cosine)),
    );

    // Quadrants 1 and 3 swap the two. The sine is negative in 2 and 3, the cosine in 1 and 2.
    let low_bit = v.shl(turned, 1);
    let odd = v.top_bit(low_bit);
    let sign = v.splat_int(E::bits(1 << (E::BITS - 1)));
    let cosine_sign = v.and(v.xor(turned, low_bit), sign);
    let sine_sign = v.and(turned, sign);
    [
        v.from_bits(v.xor(v.to_bits(v.select(odd, s, c)), cosine_sign)),
        v.from_bits(v.xor(v.to_bits(v.select(odd, c, s)), sine_sign)),
    ]
}

#[cfg(test)]
mod tests;
