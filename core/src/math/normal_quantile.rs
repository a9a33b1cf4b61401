//! Upper quantile of the normal distribution: the `z >= 0` that is exceeded with probability `p`.
//!
//! Two formulas, as in M. J. Wichura, *Algorithm AS 241: The percentage points of the normal
//! distribution*, Applied Statistics 37 (1988), <https://doi.org/10.2307/2347330>, with our own
//! coefficients for the ranges met here, and computed both and selected, so that vectors need no
//! branch:
//!
//! - centre, `q = ½ − p` (exact for `p >= ¼`) up to `q₀`: `z = q·N(y)/D(y)`, `y = q₀² − q²` (`−q²` for `f32`);
//! - tail: `t = √(−2 ln p)`, `z = N(t − t₀)/D(t − t₀)`.
//!
//! The rational functions meet the true one at the Chebyshev nodes of their ranges (computed with
//! 45 digits). The shifts make nearly all coefficients positive, so that Horner's rule loses
//! nothing. The quotient is taken once, of the selected numerator and denominator.
//!
//! |       | `q₀`  | centre | tail    | valid from  | error of the formulas |
//! |-------|-------|--------|---------|-------------|-----------------------|
//! | `f32` | 0.3   | 6 / 0  | 5 / 4   | 5·10⁻²⁶     | 2.3·10⁻⁸              |
//! | `f64` | 0.425 | 8 / 8  | 10 / 10 | 5·10⁻³³     | 7·10⁻¹⁷               |
//!
//! Error against the correctly rounded quantile of the very `p`, tested: below 4 units in the last
//! place.

use crate::{
    float::Compute,
    lanes::{Arithmetic, Lane},
};

/// Constants of the quantile in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Coefficients<E: 'static> {
    half: E,
    minus_two: E,
    one: E,
    /// `½ − q₀`: the tail's formula holds below.
    split: E,
    /// `q₀²`.
    centre_shift: E,
    tail_shift: E,
    centre: [&'static [E]; 2],
    tail: [&'static [E]; 2],
}

pub(crate) static F32: Coefficients<f32> = Coefficients {
    half: 0.5,
    minus_two: -2.0,
    one: 1.0,
    split: 0.2,
    centre_shift: 0.0,
    tail_shift: 1.75,
    centre: [&[1723.6454, 39.206287, 59.91014, -15.237712, 5.7792015, -2.6248968, 2.5066283], &[]],
    tail: [
        &[0.0009040036, 0.034319196, 0.3629327, 1.424886, 2.0739565, 0.78486913],
        &[0.0009039417, 0.032749597, 0.31050128, 0.9977334, 1.0],
    ],
};

pub(crate) static F64: Coefficients<f64> = Coefficients {
    half: 0.5,
    minus_two: -2.0,
    one: 1.0,
    split: 0.075,
    centre_shift: 0.180625,
    tail_shift: 2.0,
    centre: [
        &[
            3907.007639023816,
            74060.81462563902,
            214247.3801984238,
            213550.16248438213,
            95692.73551269759,
            21627.48116049056,
            2548.2248573022625,
            148.75654077063152,
            3.3871328727963665,
        ],
        &[
            9398.46451720659,
            72342.69749284587,
            140376.82723612545,
            109244.70555458817,
            41169.98166790856,
            8176.878340636071,
            871.2838940641986,
            46.92338689522055,
            1.0,
        ],
    ],
    tail: [
        &[
            1.7265259131164232e-08,
            2.1838514916651134e-06,
            9.535914057639428e-05,
            0.0020074703331469964,
            0.023663551004688824,
            0.1693533886470893,
            0.762839514565803,
            2.1524585767002735,
            3.6194985884668593,
            3.215357470078282,
            1.1015196284988993,
        ],
        &[
            6.427118887442187e-16,
            1.726499867452102e-08,
            2.149410535861278e-06,
            9.117290326485049e-05,
            0.0018359394493670219,
            0.020363040172288866,
            0.13469967099662017,
            0.5474991293132273,
            1.3373779704723714,
            1.7891890284593277,
            1.0,
        ],
    ],
};

/// Upper quantiles `z` with `Q(z) = p`, for `p` in (0, ½], not below the limit of the table above.
#[inline(always)]
pub fn normal_quantile_lanes<E: Compute, V: Arithmetic<E>>(v: V, p: Lane<E, V>) -> Lane<E, V> {
    let c = E::QUANTILE;
    let one = v.splat(c.one);
    let ratio = |x, [numerator, denominator]: [&'static [E]; 2]| {
        let numerator = super::horner(v, x, numerator);
        // A polynomial has no denominator.
        let denominator =
            if denominator.is_empty() { one } else { super::horner(v, x, denominator) };
        [numerator, denominator]
    };

    let q = v.sub(v.splat(c.half), p);
    let y = v.sub(v.splat(c.centre_shift), v.mul(q, q));
    let [n, d] = ratio(y, c.centre);
    let centre = [v.mul(q, n), d];

    let t = v.sqrt(v.mul(super::ln_lanes(v, p), v.splat(c.minus_two)));
    let tail = ratio(v.sub(t, v.splat(c.tail_shift)), c.tail);

    let deep = v.less(p, v.splat(c.split));
    v.div(v.select(deep, tail[0], centre[0]), v.select(deep, tail[1], centre[1]))
}

#[cfg(test)]
mod tests;
