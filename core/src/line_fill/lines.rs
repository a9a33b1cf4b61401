/// The lines of a tensor: element `index` of line `line` has the number `offset + line·line_stride + index·stride`.
///
/// Elements between the lines are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Number of the first element of the first line.
    pub offset: usize,
    /// How many lines there are.
    pub count: usize,
    /// Elements of a line.
    pub length: usize,
    /// From an element of a line to the next.
    pub stride: usize,
    /// From a line to the next.
    pub line_stride: usize,
}

impl Lines {
    /// The rows of a matrix.
    pub(crate) const fn rows(rows: usize, columns: usize) -> Self {
        Self { offset: 0, count: rows, length: columns, stride: 1, line_stride: columns }
    }

    /// The columns of a matrix.
    pub(crate) const fn columns(rows: usize, columns: usize) -> Self {
        Self { offset: 0, count: columns, length: rows, stride: columns, line_stride: 1 }
    }

    /// Whether the lines stand one behind the other, so that any of them can be written where they lie.
    #[must_use]
    pub const fn are_contiguous(&self) -> bool {
        self.offset == 0 && self.stride == 1 && self.line_stride == self.length
    }

    /// The number of an element of a line.
    #[must_use]
    pub const fn number(&self, line: usize, index: usize) -> usize {
        // Within the tensor, whose elements a `usize` counts.
        self.offset
            .wrapping_add(line.wrapping_mul(self.line_stride))
            .wrapping_add(index.wrapping_mul(self.stride))
    }
}
