//! Fills that are made line by line, because the elements of a line depend on each other, or because a formula counts by lines.
//!
//! A [`Fill`] makes each element by itself. The rows of an orthogonal matrix are not independent, and a column
//! with an exact number of zeros is no set of independent elements; yet each *line* follows from the random stream alone.
//! So any lines can be made without the others, on any number of threads and in any shard, with the same bits; they
//! take scratch memory of the caller's, whose size [`LineFill::scratch`] tells.
//!
//! | kind | lines | scratch |
//! |---|---|---|
//! | [`OrthogonalFill`] | the rows or columns that are orthonormal: the shorter dimension's number of them | one line; in 16 bits one more for each line that is made at once |
//! | [`SparseFill`] | the weights of one input | one line |
//! | [`ComputedFill`] | the last dimension | none |

mod computed;
mod lines;
mod orthogonal;
mod sparse;

use core::fmt;

pub use computed::{Computed, ComputedFill, Formula};
pub use lines::Lines;
pub use orthogonal::OrthogonalFill;
pub use sparse::SparseFill;

use crate::lanes::{Lanes, Scalar};
use crate::{Fill, Float, Stream};

/// What fills a tensor line by line: numbers only, as a [`Fill`] is for single elements.
///
/// ```
/// use weight_init_core::initializer::{AnyFill, Init, Orthogonal, Shape};
/// use weight_init_core::Stream;
///
/// let init = Init::Orthogonal(Orthogonal::DEFAULT);
/// let AnyFill::Lines(fill) = init.any_fill::<f32>(&Shape::new(&[3, 4]))? else { panic!("by lines") };
/// let stream = Stream::new(42, "rnn.weight_hh");
/// let (mut whole, mut scratch) = ([[0.0; 4]; 3], [0.0; 4]);
/// fill.write(stream, 0, &mut scratch, whole.as_flattened_mut())?;
/// // Any line is the same as that line of the whole.
/// let mut last = [0.0; 4];
/// fill.write(stream, 2, &mut scratch, &mut last)?;
/// assert_eq!(last, whole[2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum LineFill<T: Float> {
    /// Orthonormal lines.
    Orthogonal(OrthogonalFill<T>),
    /// Normal, with an exact number of zeros in every line.
    Sparse(SparseFill<T>),
    /// By a formula.
    Computed(ComputedFill<T>),
}

/// The fill of a tensor: element by element, or line by line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnyFill<T: Float> {
    /// Every element by itself.
    Elements(Fill<T>),
    /// Every line by itself.
    Lines(LineFill<T>),
}

/// There is less scratch memory than lines take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchError {
    /// Numbers that are needed at least.
    pub needed: usize,
    /// Numbers that there are.
    pub found: usize,
}

impl fmt::Display for ScratchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, found } = self;
        write!(f, "the lines take {needed} numbers of scratch memory, there are {found}")
    }
}

impl core::error::Error for ScratchError {}

impl<T: Float> LineFill<T> {
    /// Where the lines are.
    #[must_use]
    pub const fn lines(&self) -> Lines {
        match self {
            Self::Orthogonal(fill) => fill.lines(),
            Self::Sparse(fill) => fill.lines(),
            Self::Computed(fill) => fill.lines(),
        }
    }

    /// Name of the kind: `orthogonal`, `sparse`, `computed`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Orthogonal(_) => "orthogonal",
            Self::Sparse(_) => "sparse",
            Self::Computed(_) => "computed",
        }
    }

    /// Numbers of scratch memory that [`write`](Self::write) takes to make so many lines at once. With the scratch of one
    /// line it makes any number of them, one after the other, which takes longer.
    #[must_use]
    pub const fn scratch(&self, at_once: usize) -> usize {
        match self {
            Self::Orthogonal(fill) => fill.scratch(at_once),
            Self::Sparse(fill) => fill.scratch(),
            Self::Computed(_) => 0,
        }
    }

    /// Writes lines from number `first` on, one behind the other whatever their places in the tensor are: the reference for
    /// every backend. A part of a line at the end of `out` is left alone.
    ///
    /// # Errors
    ///
    /// Less scratch memory than [`scratch(1)`](Self::scratch); nothing was written then.
    pub fn write(
        &self,
        stream: Stream,
        first: u64,
        scratch: &mut [T::Compute],
        out: &mut [T],
    ) -> Result<(), ScratchError> {
        self.write_with(Scalar, stream, first, scratch, out)
    }

    /// Writes a whole tensor, each element at its place; elements between the lines are zero.
    ///
    /// # Errors
    ///
    /// Less scratch memory than that of one line, or of two lines where they have a stride.
    pub(crate) fn write_tensor<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        scratch: &mut [T::Compute],
        out: &mut [T],
    ) -> Result<(), ScratchError> {
        let lines = self.lines();
        if lines.are_contiguous() {
            return self.write_with(lanes, stream, 0, scratch, out);
        }
        let needed = match self {
            Self::Orthogonal(_) => lines.length.saturating_mul(2),
            Self::Sparse(_) => lines.length,
            Self::Computed(_) => 0,
        };
        if scratch.len() < needed {
            return Err(ScratchError { needed, found: scratch.len() });
        }
        out.fill(T::default());
        for line in 0..lines.count {
            let mut put = |index: usize, x: T| {
                if let Some(out) = out.get_mut(lines.number(line, index)) {
                    *out = x;
                }
            };
            match self {
                Self::Orthogonal(fill) => fill.line(lanes, stream, line, scratch, &mut put),
                Self::Sparse(fill) => fill.line(lanes, stream, line, scratch, &mut put),
                // Its lines are contiguous.
                Self::Computed(_) => {}
            }
        }
        Ok(())
    }

    /// The same on these lanes, with the same bits.
    ///
    /// For vector lanes, call it inside a function that has their target features.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    #[inline(always)]
    pub fn write_with<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        first: u64,
        scratch: &mut [T::Compute],
        out: &mut [T],
    ) -> Result<(), ScratchError> {
        let (needed, found) = (self.scratch(1), scratch.len());
        if found < needed {
            return Err(ScratchError { needed, found });
        }
        match self {
            Self::Orthogonal(fill) => fill.write_with(lanes, stream, first, scratch, out),
            Self::Sparse(fill) => fill.write_with(lanes, stream, first, scratch, out),
            Self::Computed(fill) => fill.write_with(lanes, stream, first, out),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
