//! A fill as a device needs it: its numbers as plain data, and its elements block by block.

use super::{NormalFill, TruncNormalFill, UniformFill};
use crate::{
    float::{Float, sealed::Sampler},
    lanes::Lanes,
    random::philox::Rounds,
};

/// The numbers of a fill that is not constant.
///
/// **No stability promise**, as for [`lanes`](crate::lanes): a backend of this workspace hands these
/// numbers to a device, whose threads make the elements of one block each. They are plain data, of
/// the same layout (`repr(C)`) wherever integers and numbers have the same alignment.
pub trait Numbers<T: Float>: Copy + Send + Sync + 'static {
    /// Writes the elements of `L::N` consecutive blocks. `low` is the low 32 bits of the first block's number.
    /// Without effect if `out` does not hold exactly these.
    fn blocks<L: Lanes>(&self, lanes: L, rounds: &Rounds, low: u32, out: &mut [T]);
}

macro_rules! numbers {
    ($($fill:ident),*) => {$(
        impl<T: Float> Numbers<T> for $fill<T> {
            #[inline(always)]
            fn blocks<L: Lanes>(&self, lanes: L, rounds: &Rounds, low: u32, out: &mut [T]) {
                blocks(lanes, &self.numbers, rounds, low, out);
            }
        }
    )*};
}

numbers!(UniformFill, NormalFill, TruncNormalFill);

#[inline(always)]
fn blocks<T: Float, L: Lanes>(
    lanes: L,
    sampler: impl Sampler<T::Compute>,
    rounds: &Rounds,
    low: u32,
    out: &mut [T],
) {
    T::group(lanes, rounds.blocks(lanes, low), sampler, out);
}
