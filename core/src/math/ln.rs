//! Natural logarithm.
//!
//! `x = 2ᵉ·m` with `m` in [√½, √2), `f = m − 1`, exact. Then
//! `ln x = e·ln 2 + f − f²/2 + f³·P(f)`, where `P` interpolates `(ln(1+f) − f + f²/2)/f³` at the
//! Chebyshev nodes of the interval (relative error of `ln` 3·10⁻⁹ with degree 8 for `f32`, 6·10⁻¹⁸
//! with degree 19 for `f64`). `ln 2` is split into a part whose product with any `e` is exact and a
//! small rest. The sum goes from small to large:
//! `((f³·P + e·ln2_low) − f²/2) + f) + e·ln2_high`.
//!
//! The polynomial takes the place of the shorter series in `f/(2+f)` because it needs no division,
//! which on wide vectors costs as much as eight of its terms.
//!
//! Error, tested: below 1 unit in the last place of the correctly rounded value for `f32` (all
//! arguments that the samplers use), below 1.5 for `f64`.

use super::horner::horner;
use crate::lanes::{Arithmetic, Element, Lane, Scalar};

/// A type in which the logarithm is computed. Sealed.
#[allow(unnameable_types, reason = "sealed")]
pub trait Ln: Element {
    /// The constants of this type.
    const LN: &'static Coefficients<Self>;
}

impl Ln for f32 {
    const LN: &'static Coefficients<Self> = &F32;
}

impl Ln for f64 {
    const LN: &'static Coefficients<Self> = &F64;
}

/// Constants of the logarithm in one type.
#[derive(Debug)]
#[allow(unnameable_types, reason = "sealed")]
pub struct Coefficients<E: 'static> {
    /// Bits of √½, rounded down; the exponent of `x / √½` is `e`.
    sqrt_half: u64,
    /// Bits of 1.0: makes exponents positive, so that an unsigned shift will do.
    one: u64,
    /// Bits in a mantissa.
    mantissa: u32,
    /// Exponent of 1.0 in its bits.
    bias: E,
    ln2: [E; 2],
    polynomial: &'static [E],
}

static F32: Coefficients<f32> = Coefficients {
    sqrt_half: 0x3f35_04f3,
    one: 0x3f80_0000,
    mantissa: 23,
    bias: 127.0,
    ln2: [f32::from_bits(0x3f31_7200), f32::from_bits(0x35bf_be8e)],
    polynomial: &[
        0.06971612,
        -0.11479734,
        0.1168542,
        -0.12425687,
        0.14249058,
        -0.16667803,
        0.20000716,
        -0.24999997,
        0.3333333,
    ],
};

static F64: Coefficients<f64> = Coefficients {
    sqrt_half: 0x3fe6_a09e_667f_3bcd,
    one: 0x3ff0_0000_0000_0000,
    mantissa: 52,
    bias: 1023.0,
    ln2: [f64::from_bits(0x3fe6_2e42_fefa_3800), f64::from_bits(0x3d2e_f357_93c7_6730)],
    polynomial: &[
        -0.025061228095282464,
        0.0566642324205218,
        -0.06129561980727906,
        0.0537187789066478,
        -0.05368280388050548,
        0.05837018351464999,
        -0.06265031869518063,
        0.06671985555271291,
        -0.0714223204915847,
        0.0769198812013375,
        -0.08333345056413204,
        0.09090919875998202,
        -0.0999999999631727,
        0.11111110909841072,
        -0.12499999997109267,
        0.1428571428759174,
        -0.16666666666697305,
        0.19999999999993223,
        -0.2499999999999993,
        0.33333333333333337,
    ],
};

/// Natural logarithm of positive normal numbers; of others the result is unspecified.
#[inline(always)]
pub fn ln_lanes<E: Ln, V: Arithmetic<E>>(v: V, x: Lane<E, V>) -> Lane<E, V> {
    let [f, e] = split(v, x);
    scaled(v, f, e)
}

/// `[f, e]` with `x = 2ᵉ·(1 + f)` and `1 + f` in [√½, √2), exact, for positive normal numbers.
#[inline(always)]
pub(super) fn split<E: Ln, V: Arithmetic<E>>(v: V, x: Lane<E, V>) -> [Lane<E, V>; 2] {
    let c = E::LN;
    let int = |bits| v.splat_int(E::bits(bits));
    let offset = v.add_int(v.to_bits(x), int(c.one.wrapping_sub(c.sqrt_half)));
    let exponent = v.shr(offset, c.mantissa);
    let m = v.add_int(v.and(offset, int((1 << c.mantissa) - 1)), int(c.sqrt_half));
    let f = v.sub(v.from_bits(m), v.splat(E::ONE));
    [f, v.sub(v.to_float(exponent), v.splat(c.bias))]
}

/// `e·ln 2 + ln(1 + f)` for `1 + f` in [√½, √2).
#[inline(always)]
fn scaled<E: Ln, V: Arithmetic<E>>(v: V, f: Lane<E, V>, e: Lane<E, V>) -> Lane<E, V> {
    let c = E::LN;
    let z = v.mul(f, f);
    let cubic = v.mul(v.mul(horner(v, f, c.polynomial), f), z);
    let small = v.sub(v.add(cubic, v.mul(e, v.splat(c.ln2[1]))), v.mul(z, v.splat(E::HALF)));
    v.add(v.add(small, f), v.mul(e, v.splat(c.ln2[0])))
}

/// Natural logarithm of any `f64`: −∞ at ±0, NaN for negative numbers and NaN, +∞ at +∞.
///
/// Within 1.5 units in the last place, the same bits everywhere.
///
/// ```
/// use weight_init_core::math::ln;
/// assert_eq!(ln(1.0), 0.0);
/// assert_eq!(ln(2.0), core::f64::consts::LN_2);
/// assert_eq!(ln(0.0), f64::NEG_INFINITY);
/// assert!(ln(-1.0).is_nan());
/// ```
#[must_use]
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    // Subnormal numbers are brought into the normal range, exactly.
    let (x, shift) =
        if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, 54.0) } else { (x, 0.0) };
    let offset = x.to_bits().wrapping_add(F64.one - F64.sqrt_half);
    let m = (offset & ((1 << F64.mantissa) - 1)) + F64.sqrt_half;
    let e = (offset >> F64.mantissa) as f64 - F64.bias - shift;
    scaled::<f64, _>(Scalar, f64::from_bits(m) - 1.0, e)
}

#[cfg(test)]
mod tests;
