//! Elementary functions out of `+ − × ÷ √` and integers alone.
//!
//! Every operation is an IEEE 754 one, rounded to nearest even, in a fixed order and never fused:
//! so the results are the same bits on every processor. (`libm` may change by a unit in the last
//! place between versions, and `num_traits::Float` changes with the features of other crates.)
//!
//! The functions of samples are written over [`Arithmetic`], once for
//! `f32` and `f64`; those of constants are plain `f64`.

pub(crate) mod exp;
pub(crate) mod ln;
pub(crate) mod normal_quantile;
pub(crate) mod normal_tail;
pub(crate) mod root;
pub(crate) mod series;
pub(crate) mod sincos;

pub use ln::{ln, ln_lanes};
pub use normal_quantile::normal_quantile_lanes;
pub use normal_tail::normal_tail;
pub use sincos::sincos_lanes;

use crate::{
    float::Compute,
    lanes::{Arithmetic, Lane},
};

/// `((c₀·x + c₁)·x + …) + cₙ`.
#[inline(always)]
pub(crate) fn horner<E: Compute, V: Arithmetic<E>>(
    v: V,
    x: Lane<E, V>,
    coefficients: &[E],
) -> Lane<E, V> {
    let mut coefficients = coefficients.iter();
    let mut sum = match coefficients.next() {
        Some(&c) => v.splat(c),
        None => return v.splat(E::default()),
    };
    for &c in coefficients {
        sum = v.in_step(v.add(v.mul(sum, x), v.splat(c)));
    }
    sum
}

#[cfg(test)]
pub(crate) mod reference;
