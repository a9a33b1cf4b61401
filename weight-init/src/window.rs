//! A part of a tensor as its runs of consecutive elements: what shards, slices and pieces in memory have in common.

#![allow(clippy::single_range_in_vec_init, reason = "lists of ranges, of which there may be one")]

mod cut;
mod runs;

use std::fmt;
use std::ops::Range;

pub use self::cut::Cut;
pub use self::runs::{Run, Runs};

/// The part of a tensor that is the product of ranges of indices along its dimensions.
///
/// Elements have two numbers: that in the whole tensor, which decides their value, and that in the window, both row-major from 0 on.
/// Runs are made one by one as they are asked for, so that a window takes no memory for its elements.
///
/// ```
/// use weight_init::window::{Run, Window};
///
/// // Columns 2 and 3 of a matrix of 3 rows and 8 columns.
/// let columns = Window::of_box(&[3, 8], &[0, 2], &[3, 2])?;
/// assert_eq!((columns.shape(), columns.elements()), (&[3, 2][..], 6));
/// let runs: Vec<_> = columns.runs().collect();
/// assert_eq!(runs[1], Run { first: 10, local: 2, elements: 2 });
///
/// // Both halves of a fused matrix, a quarter of each.
/// let rows = Window::along(&[8, 3], 0, &[0..1, 4..5])?;
/// assert_eq!(rows.runs().map(|run| run.first).collect::<Vec<_>>(), [0, 12]);
/// # Ok::<(), weight_init::window::WindowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Dimensions of the whole tensor.
    whole: Vec<u64>,
    /// The ranges of each dimension, in order.
    ranges: Vec<Vec<Range<u64>>>,
    /// Dimensions of the part.
    shape: Vec<u64>,
}

/// Ranges that are no part of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowError(String);

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WindowError {}

impl Window {
    /// All of a tensor.
    #[must_use]
    pub fn whole(shape: &[usize]) -> Self {
        let whole: Vec<u64> = shape.iter().map(|dim| *dim as u64).collect();
        let ranges = whole.iter().map(|dim| vec![0..*dim]).collect();
        Self { shape: whole.clone(), whole, ranges }
    }

    /// The product of the ranges of each dimension, which lie in order within it and do not overlap.
    ///
    /// # Errors
    ///
    /// Another number of dimensions; ranges that are out of order or reach beyond their dimension; a tensor of more than 2⁶⁴
    /// elements.
    pub fn new(shape: &[usize], ranges: Vec<Vec<Range<u64>>>) -> Result<Self, WindowError> {
        let Self { whole, .. } = Self::whole(shape);
        if ranges.len() != whole.len() {
            let message = format!("ranges for {} dimensions, of {}", ranges.len(), whole.len());
            return Err(WindowError(message));
        }
        let elements = whole.iter().try_fold(1_u64, |n, dim| n.checked_mul((*dim).max(1)));
        if elements.is_none() {
            let message = format!("shape {shape:?} has more elements than 64 bits count");
            return Err(WindowError(message));
        }
        for (ranges, dim) in ranges.iter().zip(&whole) {
            check(ranges, *dim)?;
        }
        let extent = |ranges: &Vec<Range<u64>>| ranges.iter().map(|it| it.end - it.start).sum();
        let shape = ranges.iter().map(extent).collect();
        Ok(Self { whole, ranges, shape })
    }

    /// A box: so many indices from an offset on, in each dimension.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn of_box(shape: &[usize], offsets: &[u64], extents: &[u64]) -> Result<Self, WindowError> {
        if offsets.len() != extents.len() {
            let message = format!("{} offsets of {} extents", offsets.len(), extents.len());
            return Err(WindowError(message));
        }
        let range = |(offset, extent): (&u64, &u64)| vec![*offset..offset.saturating_add(*extent)];
        Self::new(shape, offsets.iter().zip(extents).map(range).collect())
    }

    /// Ranges of one dimension, and all of the others.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); a dimension that the tensor does not have.
    pub fn along(shape: &[usize], dim: usize, ranges: &[Range<u64>]) -> Result<Self, WindowError> {
        let Self { ranges: mut all, .. } = Self::whole(shape);
        let Some(cut) = all.get_mut(dim) else {
            let message = format!("dimension {dim} of a tensor of {}", shape.len());
            return Err(WindowError(message));
        };
        *cut = ranges.to_vec();
        Self::new(shape, all)
    }

    /// Dimensions of the part.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The ranges of each dimension.
    #[must_use]
    pub fn ranges(&self) -> &[Vec<Range<u64>>] {
        &self.ranges
    }

    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        product(&self.shape)
    }

    /// Its elements in order, as runs that are consecutive in the whole tensor and as long as can be.
    #[must_use]
    pub fn runs(&self) -> Runs<'_> {
        self.runs_in(0..self.elements())
    }

    /// The same of its own elements of these numbers; of a range that reaches beyond, those that there are.
    #[must_use]
    pub fn runs_in(&self, local: Range<u64>) -> Runs<'_> {
        Runs::new(self, local)
    }

    /// Whether it is one run, as rows of the first dimension are.
    #[must_use]
    pub fn is_one_run(&self) -> bool {
        self.runs().nth(1).is_none()
    }

    /// The number in the whole tensor of the element of this number in the window; `None` if there is no such one.
    #[must_use]
    pub fn number(&self, local: u64) -> Option<u64> {
        self.runs_in(local..local.checked_add(1)?).next().map(|run| run.first)
    }
}

fn check(ranges: &[Range<u64>], dim: u64) -> Result<(), WindowError> {
    let mut end = 0;
    for range in ranges {
        if range.start < end || range.end < range.start || range.end > dim {
            return Err(WindowError(format!(
                "the range of {} from {} is not in order within a dimension of {dim}",
                range.end.saturating_sub(range.start),
                range.start
            )));
        }
        end = range.end;
    }
    Ok(())
}

fn product(dims: &[u64]) -> u64 {
    if dims.contains(&0) { 0 } else { dims.iter().fold(1, |n, dim| n.saturating_mul(*dim)) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
