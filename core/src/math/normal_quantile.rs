//! Upper quantile of the normal distribution: the `z >= 0` that is exceeded with probability `p`.
//!
//! With `q = ½ − p`, exact for `p >= ¼`, the quotient `S = z/q` is smooth at the centre too, and `q·S` is relatively accurate
//! on all of the body, `p >= 2⁻⁹`. The two types find `S` in different ways:
//!
//! - `f32` by a table. Exponent and first two mantissa bits of `p` name one of 32 pieces, the other mantissa bits a place `t`
//!   in it, from −⅛ to ⅛, and `S` is a polynomial of degree 4 in `t`. A row of four words holds it: the last is the coefficient of
//!   `t³` as it stands, and its low half, with zeros below, that of `t⁴`. So the body takes five products, and the table fits into
//!   eight registers of AVX-512, or half a KiB of flash.
//! - `f64` by one polynomial in `w = −ln(p·(½ + q))`. The argument of the logarithm is `p(1 − p) = ¼ − q²`. The idea is that of
//!   M. Giles, *Approximating the erfinv function*, GPU Computing Gems Jade Edition (2011),
//!   <https://doi.org/10.1016/B978-0-12-385963-1.00010-1>; the polynomial is our own. It takes `w` less a middle value, and `w` counts
//!   by its absolute error alone, so that a plain sum `−e·ln 2 − middle − f·R(f)` will do for the logarithm.
//!
//! The tail, below, is the same for both: `t = √(−2 ln p)`, `z = t + N(t − 3½)/D(t − 3½)`. The rational correction is small
//! against `t`, and with it its rounding error. The tail is left out where no lane is in it: of 16 words at once, 15 times in 16.
//!
//! Each piece of `f32` is a minimax fit of relative errors, every coefficient rounded before the lower ones are fitted to what is left
//! (`tests/data/normal_quantile.py`). `S` and `R` of `f64` and `N/D` meet the true functions at the Chebyshev nodes of their ranges,
//! computed with 40 digits.
//!
//! |       | `S`            | `R` | `N/D` | valid from | error of the formulas |
//! |-------|----------------|-----|-------|------------|-----------------------|
//! | `f32` | 32 pieces of 4 |     | 3 / 3 | 5·10⁻²⁶    | 1.2·10⁻⁷              |
//! | `f64` | 21             | 20  | 8 / 8 | 5·10⁻³³    | 9·10⁻¹⁷               |
//!
//! Error against the true quantile of the very `p`, tested: below 4 units in the last place.

use super::horner::horner;
use super::ln::{Ln, ln_lanes, split};
use crate::lanes::{Arithmetic, Function, Lane, ROWS, Table, columns};

/// A type in which the quantile is computed. Sealed.
#[allow(unnameable_types, reason = "sealed")]
pub trait NormalQuantile: Ln {
    /// The rational function of the tail.
    const TAIL: &'static Tail<Self>;

    /// The body's `q·S`, for `p` from 2⁻⁹ to ½.
    fn body<V: Arithmetic<Self>>(v: V, p: Lane<Self, V>) -> Lane<Self, V>;
}

/// Upper quantiles `z` with `Q(z) = p`, for `p` in (0, ½], not below the limit of the table above.
#[inline(always)]
pub fn normal_quantile_lanes<E: NormalQuantile, V: Arithmetic<E>>(
    v: V,
    p: Lane<E, V>,
) -> Lane<E, V> {
    let is_tail = v.less(p, v.splat(E::TAIL.below));
    v.select_rare(is_tail, OfTail, p, E::body(v, p))
}

/// Constants of the tail in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Tail<E: 'static> {
    /// The formula holds below.
    below: E,
    /// The centre of the polynomials in `t`.
    middle: E,
    /// `N`.
    numerator: &'static [E],
    /// `D`.
    denominator: &'static [E],
}

/// The quantile where `p` is small.
#[derive(Clone, Copy)]
struct OfTail;

impl<E: NormalQuantile> Function<E> for OfTail {
    #[inline(always)]
    fn call<V: Arithmetic<E>>(self, v: V, p: Lane<E, V>) -> Lane<E, V> {
        let c = E::TAIL;
        let t = v.sqrt(v.mul(ln_lanes(v, p), v.splat(E::MINUS_TWO)));
        let y = v.sub(t, v.splat(c.middle));
        v.add(t, v.div(horner(v, y, c.numerator), horner(v, y, c.denominator)))
    }
}

impl NormalQuantile for f32 {
    const TAIL: &'static Tail<Self> = &Tail {
        below: 1.0 / 512.0,
        middle: 3.5,
        numerator: &[-1.608847e-05, -0.007857192, -0.16264376, -0.6502223],
        denominator: &[0.0014535845, 0.050359026, 0.42436165, 1.0],
    };

    #[inline(always)]
    fn body<V: Arithmetic<Self>>(v: V, p: Lane<Self, V>) -> Lane<Self, V> {
        let q = v.sub(v.splat(0.5), p);
        // Rounded sums of probabilities may be ½ or a little more, which is beyond the last piece.
        let bits = v.to_bits(v.min(p, v.splat(0.5_f32.next_down())));
        let piece = v.add_int(v.shr(bits, 21), v.splat_int(FIRST_PIECE));
        let [a0, a1, a2, a3] = v.rows::<Pieces>(piece);
        let a4 = v.from_bits(v.shl(v.to_bits(a3), 16));
        // The other bits as those of a number from 1 to 1¼.
        let place = v.add_int(v.and(bits, v.splat_int(0x001f_ffff)), v.splat_int(0x3f80_0000));
        let t = v.sub(v.from_bits(place), v.splat(1.125));
        let mut s = a4;
        for a in [a3, a2, a1, a0] {
            s = v.in_step(v.add(v.mul(s, t), a));
        }
        v.mul(q, s)
    }
}

/// Added to the first bits of a number it gives the number of its piece, modulo 32: 2⁻⁹ has the biased exponent 118.
const FIRST_PIECE: u32 = 0_u32.wrapping_sub(118 << 2);

/// `S` of `f32`, from `p = 2⁻⁹` to ½.
enum Pieces {}

impl Table<f32> for Pieces {
    const ROWS: &'static [[f32; 4]; ROWS] = &PIECES.0;
    const COLUMNS: &'static [[f32; ROWS]; 4] = &PIECES_BY_COLUMN.0;
}

/// A row, or a quarter of a line of the cache, is read at once.
#[repr(align(16))]
struct Aligned<T>(T);

static PIECES_BY_COLUMN: Aligned<[[f32; ROWS]; 4]> = Aligned(columns(&PIECES.0));

static PIECES: Aligned<[[f32; 4]; ROWS]> = Aligned([
    [5.7218633, -0.5457554, 0.22673728, -0.13109471],
    [5.5978503, -0.45235616, 0.15397128, -0.072382204],
    [5.493391, -0.38683224, 0.11156922, -0.044247292],
    [5.403036, -0.338237, 0.08468377, -0.029081449],
    [5.2867694, -0.56993705, 0.23837954, -0.13695417],
    [5.1573524, -0.47172165, 0.16193788, -0.07580024],
    [5.0485, -0.40279123, 0.11739867, -0.04644457],
    [4.954488, -0.3516564, 0.089107186, -0.03066839],
    [4.8337417, -0.5911895, 0.250891, -0.14476678],
    [4.6996946, -0.48783016, 0.17042227, -0.08019482],
    [4.5872884, -0.41530296, 0.12350643, -0.04913015],
    [4.4904947, -0.3615192, 0.093710914, -0.032284077],
    [4.3666224, -0.6051752, 0.26358554, -0.15160297],
    [4.2297754, -0.49660638, 0.17889293, -0.0845894],
    [4.115645, -0.42052937, 0.12946951, -0.051571593],
    [4.0178814, -0.3641835, 0.09810273, -0.0339931],
    [3.8935497, -0.6050908, 0.2754174, -0.16039212],
    [3.7573538, -0.49183026, 0.1863686, -0.08849574],
    [3.6448288, -0.41266766, 0.13451259, -0.05401306],
    [3.549312, -0.3541908, 0.101685755, -0.035457976],
    [3.4291608, -0.5808152, 0.28450263, -0.16722819],
    [3.2995112, -0.4640423, 0.19174026, -0.091913804],
    [3.194224, -0.38270947, 0.1379863, -0.055966217],
    [3.1063886, -0.32279035, 0.104081295, -0.036434595],
    [2.9983041, -0.51510733, 0.29081658, -0.17113458],
    [2.88543, -0.39567867, 0.19639373, -0.093378656],
    [2.7975104, -0.3121584, 0.1422724, -0.055966236],
    [2.7275836, -0.25004503, 0.108647406, -0.035946336],
    [2.6474612, -0.3620821, 0.31316972, -0.1613691],
    [2.5744004, -0.22951691, 0.22702919, -0.0801952],
    [2.530156, -0.12797576, 0.18426988, -0.038388267],
    [2.5091972, -0.041191887, 0.16617848, -0.011428062],
]);

impl NormalQuantile for f64 {
    const TAIL: &'static Tail<Self> = &Tail {
        below: 0.0017,
        middle: 3.5,
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

    #[inline(always)]
    fn body<V: Arithmetic<Self>>(v: V, p: Lane<Self, V>) -> Lane<Self, V> {
        let half = v.splat(0.5);
        let q = v.sub(half, p);
        let [f, e] = split(v, v.mul(p, v.add(half, q)));
        let e = v.mul(e, v.splat(-core::f64::consts::LN_2));
        let w = v.add(v.sub(e, v.splat(MIDDLE)), v.mul(f, horner(v, f, &LOGARITHM)));
        v.mul(q, horner(v, w, &BODY))
    }
}

/// The centre of `S` of `f64` in `w`.
const MIDDLE: f64 = 2.5;

/// `−R`: `−ln(1 + f)/f`.
static LOGARITHM: [f64; 21] = [
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
];

/// `S` of `f64`.
static BODY: [f64; 22] = [
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
];

#[cfg(test)]
mod tests;
