//! Upper quantile of the normal distribution: the `z >= 0` that is exceeded with probability `p`.
//!
//! - Body, `p >= 0.0017`: `q = ½ − p`, exact for `p >= ¼`, and `z = q·P(w)`, `w = −ln(p·(½ + q))`:
//!   the argument is `p(1 − p) = ¼ − q²`, so `P` is smooth in `w` at the centre too. The idea is
//!   that of M. Giles, *Approximating the erfinv function*, GPU Computing Gems Jade Edition (2011),
//!   <https://doi.org/10.1016/B978-0-12-385963-1.00010-1>; the polynomial is our own. It takes `w`
//!   less a middle value, and `w` counts by its absolute error alone, so that a plain sum
//!   `−e·ln 2 − middle − f·R(f)` will do for the logarithm.
//! - Tail, below: `t = √(−2 ln p)`, `z = t + N(t − 3½)/D(t − 3½)`. The rational correction is small
//!   against `t`, and with it its rounding error.
//!
//! `P`, `R` and `N/D` meet the true functions at the Chebyshev nodes of their ranges, computed with
//! 40 digits. The tail is left out where no lane is in it: of 16 words at once, 19 times in 20.
//!
//! |       | `P` | `R` | `N/D` | valid from | error of the formulas |
//! |-------|-----|-----|-------|------------|-----------------------|
//! | `f32` | 9   | 8   | 3 / 3 | 5·10⁻²⁶    | 3·10⁻⁸                |
//! | `f64` | 21  | 20  | 8 / 8 | 5·10⁻³³    | 9·10⁻¹⁷               |
//!
//! Error against the true quantile of the very `p`, tested: below 4 units in the last place.

use super::{horner, ln::split, ln_lanes};
use crate::{
    float::Compute,
    lanes::{Arithmetic, Lane},
};

/// Constants of the quantile in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Coefficients<E: 'static> {
    /// The tail's formula holds below.
    tail_below: E,
    /// What `w` is counted from.
    middle: E,
    minus_ln2: E,
    /// `−R`: `−ln(1 + f)/f`.
    logarithm: &'static [E],
    /// `P`.
    body: &'static [E],
    /// What `t` is counted from.
    tail_middle: E,
    /// `N`.
    numerator: &'static [E],
    /// `D`.
    denominator: &'static [E],
}

pub(crate) static F32: Coefficients<f32> = Coefficients {
    tail_below: 0.0017,
    middle: 3.875,
    minus_ln2: -core::f32::consts::LN_2,
    logarithm: &[
        -0.08533313,
        0.14269258,
        -0.14977401,
        0.16577993,
        -0.19955933,
        0.25001353,
        -0.33334193,
        0.49999997,
        -1.0,
    ],
    body: &[
        -2.532531e-08,
        6.8483786e-08,
        1.3187616e-06,
        -9.901095e-06,
        -1.3399726e-05,
        0.00061835744,
        -0.0035711594,
        -0.011694918,
        0.6978696,
        4.2387466,
    ],
    tail_middle: 3.5,
    numerator: &[-1.608847e-05, -0.007857192, -0.16264376, -0.6502223],
    denominator: &[0.0014535845, 0.050359026, 0.42436165, 1.0],
};

pub(crate) static F64: Coefficients<f64> = Coefficients {
    tail_below: 0.0017,
    middle: 3.875,
    minus_ln2: -core::f64::consts::LN_2,
    logarithm: &[
        -0.025489911800405576,
        0.059241499774533246,
        -0.0652589937253437,
        0.05707612212605521,
        -0.056666906356964954,
        0.061900598300090454,
        -0.06684296177196371,
        0.07150262128235735,
        -0.0769159854322757,
        0.08332850783237133,
        -0.09090917973087682,
        0.10000018224285462,
        -0.11111111418906434,
        0.12499999601468635,
        -0.14285714273397784,
        0.1666666667138451,
        -0.20000000000149037,
        0.24999999999974418,
        -0.33333333333332743,
        0.5000000000000004,
        -1.0,
    ],
    body: &[
        4.801063671827938e-19,
        7.08258993676736e-18,
        -7.743964390066878e-17,
        -2.7081658170137394e-16,
        5.420373768924169e-15,
        -1.0015024195104907e-14,
        -2.13591231660005e-13,
        1.5556578774463437e-12,
        2.3351164050941884e-12,
        -8.834718603056723e-11,
        3.5024975186643847e-10,
        2.523501765246046e-09,
        -3.100746813916216e-08,
        4.1085727784960544e-08,
        1.3504690537165593e-06,
        -9.770571309772116e-06,
        -1.34725537983845e-05,
        0.0006180844143263834,
        -0.0035710990334424193,
        -0.011694711784311947,
        0.6978695804493539,
        4.238746439915882,
    ],
    tail_middle: 3.5,
    numerator: &[
        -9.975730511224594e-12,
        -3.468362188841557e-08,
        -5.407224417245503e-06,
        -0.0002489385638439174,
        -0.004809838138089424,
        -0.04564811585892837,
        -0.22908002670624902,
        -0.5983299633162226,
        -0.6502224982175825,
    ],
    denominator: &[
        4.837048301975423e-09,
        9.99160271324135e-07,
        5.848210277883794e-05,
        0.0014517103386488706,
        0.018254596354242508,
        0.12735713977296959,
        0.5073224157548951,
        1.094421568643406,
        1.0,
    ],
};

/// Upper quantiles `z` with `Q(z) = p`, for `p` in (0, ½], not below the limit of the table above.
#[inline(always)]
pub fn normal_quantile_lanes<E: Compute, V: Arithmetic<E>>(v: V, p: Lane<E, V>) -> Lane<E, V> {
    let c = E::QUANTILE;
    let q = v.sub(v.splat(E::HALF), p);
    let [f, e] = split(v, v.mul(p, v.add(v.splat(E::HALF), q)));
    let w = v.add(
        v.sub(v.mul(e, v.splat(c.minus_ln2)), v.splat(c.middle)),
        v.mul(f, horner(v, f, c.logarithm)),
    );
    let body = v.mul(q, horner(v, w, c.body));

    let deep = v.less(p, v.splat(c.tail_below));
    if !v.any(deep) {
        return body;
    }
    let t = v.sqrt(v.mul(ln_lanes(v, p), v.splat(E::MINUS_TWO)));
    let y = v.sub(t, v.splat(c.tail_middle));
    let correction = v.div(horner(v, y, c.numerator), horner(v, y, c.denominator));
    v.select(deep, v.add(t, correction), body)
}

#[cfg(test)]
mod tests;
