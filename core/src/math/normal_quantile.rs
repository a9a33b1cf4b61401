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

use super::horner::horner;
use super::ln::{Ln, ln_lanes, split};
use crate::lanes::{Arithmetic, Function, Lane};

/// A type in which the quantile is computed. Sealed.
#[allow(unnameable_types, reason = "sealed")]
pub trait NormalQuantile: Ln {
    /// The constants of this type.
    const QUANTILE: &'static Coefficients<Self>;
}

impl NormalQuantile for f32 {
    const QUANTILE: &'static Coefficients<Self> = &F32;
}

impl NormalQuantile for f64 {
    const QUANTILE: &'static Coefficients<Self> = &F64;
}

/// Constants of the quantile in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Coefficients<E: 'static> {
    /// The tail's formula holds below.
    tail_below: E,
    /// The centre of the polynomial in `w`.
    middle: E,
    minus_ln2: E,
    /// `−R`: `−ln(1 + f)/f`.
    logarithm: &'static [E],
    /// `P`.
    body: &'static [E],
    /// The centre of the polynomial in `t`.
    tail_middle: E,
    /// `N`.
    numerator: &'static [E],
    /// `D`.
    denominator: &'static [E],
}

static F32: Coefficients<f32> = Coefficients {
    tail_below: 0.0017,
    middle: 2.5,
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
        3.818845e-07,
        -1.1582639e-06,
        -1.3438599e-05,
        9.9267454e-05,
        0.00034252123,
        -0.006578924,
        0.009753398,
        0.70345235,
        3.268547,
    ],
    tail_middle: 3.5,
    numerator: &[-1.608847e-05, -0.007857192, -0.16264376, -0.6502223],
    denominator: &[0.0014535845, 0.050359026, 0.42436165, 1.0],
};

static F64: Coefficients<f64> = Coefficients {
    tail_below: 0.0017,
    middle: 2.5,
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
        -6.7804814156358106e-18,
        -8.159363606622759e-17,
        2.6365348315947227e-15,
        -2.363156079252275e-14,
        5.4659271859219563e-14,
        5.384000905430627e-13,
        -3.09296490262428e-12,
        -1.5968881415234513e-11,
        1.7139802205797996e-10,
        2.9497951240639417e-10,
        -8.336829577213203e-09,
        7.452008771265447e-09,
        3.5849834080216683e-07,
        -1.277544788159267e-06,
        -1.3238596167950377e-05,
        9.939557463074539e-05,
        0.000342193848702558,
        -0.006578983972470197,
        0.009753567185382383,
        0.703452390071433,
        3.268546987661577,
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
pub fn normal_quantile_lanes<E: NormalQuantile, V: Arithmetic<E>>(
    v: V,
    p: Lane<E, V>,
) -> Lane<E, V> {
    let c = E::QUANTILE;
    let q = v.sub(v.splat(E::HALF), p);
    let [f, e] = split(v, v.mul(p, v.add(v.splat(E::HALF), q)));
    let w = v.add(
        v.sub(v.mul(e, v.splat(c.minus_ln2)), v.splat(c.middle)),
        v.mul(f, horner(v, f, c.logarithm)),
    );
    let body = v.mul(q, horner(v, w, c.body));

    v.select_rare(v.less(p, v.splat(c.tail_below)), Tail, p, body)
}

/// The quantile where `p` is small.
#[derive(Clone, Copy)]
struct Tail;

impl<E: NormalQuantile> Function<E> for Tail {
    #[inline(always)]
    fn call<V: Arithmetic<E>>(self, v: V, p: Lane<E, V>) -> Lane<E, V> {
        let c = E::QUANTILE;
        let t = v.sqrt(v.mul(ln_lanes(v, p), v.splat(E::MINUS_TWO)));
        let y = v.sub(t, v.splat(c.tail_middle));
        v.add(t, v.div(horner(v, y, c.numerator), horner(v, y, c.denominator)))
    }
}

#[cfg(test)]
mod tests;
