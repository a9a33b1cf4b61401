use std::ops::Range;

use super::Window;

/// Ranges of indices along one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The dimension.
    pub dim: usize,
    /// The ranges, in order.
    pub ranges: Vec<Range<usize>>,
}

impl Cut {
    /// Rows: indices of the first dimension.
    #[must_use]
    pub fn rows(rows: Range<usize>) -> Self {
        Self { dim: 0, ranges: vec![rows] }
    }

    /// Indices of all ranges.
    #[must_use]
    pub fn extent(&self) -> usize {
        self.ranges.iter().map(ExactSizeIterator::len).sum()
    }

    /// What it leaves of a tensor of this shape; all of one that does not have its indices.
    #[must_use]
    pub fn window(&self, shape: &[usize]) -> Window {
        let ranges: Vec<_> =
            self.ranges.iter().map(|range| range.start as u64..range.end as u64).collect();
        Window::along(shape, self.dim, &ranges).unwrap_or_else(|_| Window::whole(shape))
    }
}
