//! Upper quantile of the normal distribution: the `z >= 0` that is exceeded with probability `p`.
//!
//! Two formulas, as in M. J. Wichura, *Algorithm AS 241: The percentage points of the normal
//! distribution*, Applied Statistics 37 (1988), <https://doi.org/10.2307/2347330>, both computed and
//! one selected, because vectors take no branches. Each is a first estimate, nearly exact in its
//! rounding, and a correction by a rational function:
//!
//! - centre, `q = ½ − p` (exact for `p >= ¼`) up to 0.425: `z = √(2π)·q + q·r·N(y)/D(y)`, `r = q²`,
//!   `y = 0.425² − r`;
//! - tail: `t = √(−2 ln p)`, `z = t + N(y)/D(y)`, `y = t − 2¼`.
//!
//! The rational functions meet the true one at the Chebyshev nodes of their ranges (computed with
//! 45 digits). The shifts give all coefficients of one polynomial the same sign, so that Horner's
//! rule loses nothing, and the corrections are small against the estimates, and with them their
//! rounding errors. The quotient is taken once, of the selected numerator and denominator.
//!
//! |       | centre | tail    | valid from | error of the formulas |
//! |-------|--------|---------|------------|-----------------------|
//! | `f32` | 3 / 4  | 4 / 4   | 5·10⁻²⁶    | 1.7·10⁻⁸              |
//! | `f64` | 8 / 8  | 10 / 10 | 5·10⁻³³    | 6·10⁻¹⁷               |
//!
//! Error against the true quantile of the very `p`, tested: below 4 units in the last place.

use crate::{
    float::Compute,
    lanes::{Arithmetic, Lane},
};

/// Constants of the quantile in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Coefficients<E: 'static> {
    /// `½ − q₀`: the tail's formula holds below.
    split: E,
    /// `q₀²`.
    centre_shift: E,
    tail_shift: E,
    /// `√(2π)`.
    slope: E,
    /// Numerator and denominator.
    centre: [&'static [E]; 2],
    tail: [&'static [E]; 2],
}

pub(crate) static F32: Coefficients<f32> = Coefficients {
    split: 0.075,
    centre_shift: 0.180625,
    tail_shift: 2.25,
    slope: 2.5066283,
    centre: [
        &[268.62457, 334.3202, 81.657875, 4.874766],
        &[147.1584, 327.5284, 154.29248, 22.775423, 1.0],
    ],
    tail: [
        &[-2.399741e-06, -0.0019095638, -0.06296047, -0.46255586, -0.84195924],
        &[0.00032784257, 0.016515465, 0.19895671, 0.79777455, 1.0],
    ],
};

pub(crate) static F64: Coefficients<f64> = Coefficients {
    split: 0.075,
    centre_shift: 0.180625,
    tail_shift: 2.25,
    slope: 2.5066282746310007,
    centre: [
        &[
            625.065325746334,
            68589.41719068619,
            241554.11234600894,
            262872.99053463,
            124185.54730959909,
            29112.399752709563,
            3525.532128070263,
            210.31989537018472,
            4.874765941399952,
        ],
        &[
            35509.46431808932,
            171982.98098109584,
            253716.09965853798,
            164325.0965799307,
            54319.3889132977,
            9787.108554703831,
            967.9298360519297,
            49.168931922853595,
            1.0,
        ],
    ],
    tail: [
        &[
            -1.3184425832989648e-13,
            -6.821747973079103e-10,
            -1.5628060052571907e-07,
            -1.0850638738511269e-05,
            -0.0003278624812964694,
            -0.005105577767442915,
            -0.04506466959843143,
            -0.23613769097561402,
            -0.7293054692226871,
            -1.2186684092023312,
            -0.841959295900924,
        ],
        &[
            9.061907675322558e-11,
            2.680049883624588e-08,
            2.2742871517723306e-06,
            8.322557486784093e-05,
            0.001579779778691408,
            0.017273656014111738,
            0.11540202758936534,
            0.48026392401054785,
            1.2134446326195782,
            1.6958145630952117,
            1.0,
        ],
    ],
};

/// Upper quantiles `z` with `Q(z) = p`, for `p` in (0, ½], not below the limit of the table above.
#[inline(always)]
pub fn normal_quantile_lanes<E: Compute, V: Arithmetic<E>>(v: V, p: Lane<E, V>) -> Lane<E, V> {
    let c = E::QUANTILE;
    let q = v.sub(v.splat(E::HALF), p);
    let r = v.mul(q, q);
    let y = v.sub(v.splat(c.centre_shift), r);
    let centre = [
        v.mul(q, v.splat(c.slope)),
        v.mul(v.mul(q, r), super::horner(v, y, c.centre[0])),
        super::horner(v, y, c.centre[1]),
    ];

    let t = v.sqrt(v.mul(super::ln_lanes(v, p), v.splat(E::MINUS_TWO)));
    let y = v.sub(t, v.splat(c.tail_shift));
    let tail = [t, super::horner(v, y, c.tail[0]), super::horner(v, y, c.tail[1])];

    let deep = v.less(p, v.splat(c.split));
    let [estimate, numerator, denominator] =
        core::array::from_fn(|i| v.select(deep, tail[i], centre[i]));
    v.add(estimate, v.div(numerator, denominator))
}

#[cfg(test)]
mod tests;
