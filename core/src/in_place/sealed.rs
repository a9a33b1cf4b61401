//! The traits behind sets of initializers and scratch memory. They are sealed: no other crate names them.
#![allow(unnameable_types, reason = "sealed")]

use core::fmt::Debug;

use super::InitWeightsError;
use crate::init_cfg::{Bias, Init};
use crate::initializer::{Draw, Read, Shape};
use crate::lanes::Lanes;
use crate::line_fill::LineFill;
use crate::{Float, Stream};

/// Scratch memory, or none.
pub trait Lend {
    /// Writes a whole tensor by its lines.
    fn write<L: Lanes, T: Float>(
        &mut self,
        lanes: L,
        fill: &LineFill<T>,
        stream: Stream,
        out: &mut [T],
    ) -> Result<(), InitWeightsError>;
}

pub trait Set: 'static {
    fn has(init: &Init) -> bool;
    fn bias(bias: Bias) -> Option<f64>;
    fn write_with<D: Draw<Output = (), Error = InitWeightsError>>(
        init: &Init,
        shape: &Shape<'_>,
        draw: D,
    ) -> Result<(), InitWeightsError>;
}

/// A part of a set.
pub trait Member: Copy + Debug + PartialEq + 'static {
    /// Whether the initializer is this one.
    fn has(init: &Init) -> bool;

    /// See [`Initializers::bias`](super::Initializers::bias).
    #[inline]
    fn prob(_: f64) -> Option<f64> {
        None
    }

    /// See [`Known`](crate::initializer::Known).
    fn read<R: Read>(number: u8, from: &mut R) -> Option<Result<Init, R::Error>>;

    /// Draws what the initializer gives; it is this one.
    fn write<D: Draw<Output = (), Error = InitWeightsError>>(
        init: &Init,
        shape: &Shape<'_>,
        draw: D,
    ) -> Result<(), InitWeightsError>;
}
