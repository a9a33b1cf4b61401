//! Elementary functions out of `+ − × ÷ √` and integers alone.
//!
//! Every operation is an IEEE 754 one, rounded to nearest even, in a fixed order and never fused:
//! so the results are the same bits on every processor. (`libm` may change by a unit in the last
//! place between versions, and `num_traits::Float` changes with the features of other crates.)
//!
//! The functions of samples are written over [`Arithmetic`](crate::lanes::Arithmetic), once for
//! `f32` and `f64`; those of constants are plain `f64`.

pub(crate) mod exp;
mod horner;
pub(crate) mod ln;
pub(crate) mod normal_quantile;
pub(crate) mod normal_tail;
pub(crate) mod root;
pub(crate) mod series;
pub(crate) mod sin_cos;
pub(crate) mod sincos;

pub(crate) use horner::horner;
pub use ln::{ln, ln_lanes};
pub use normal_quantile::normal_quantile_lanes;
pub use normal_tail::normal_tail;
pub use sincos::sincos_lanes;

#[cfg(test)]
pub(crate) mod reference;
