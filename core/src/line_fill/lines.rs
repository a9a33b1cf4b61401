use crate::initializer::{InitError, Layout, Shape};

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

/// The last dimension of a shape of at least so many as lines.
pub(crate) fn rows(shape: &Shape<'_>, fewest: u8) -> Result<Lines, InitError> {
    let found = shape.dims().len();
    let Some((length, front)) = shape.dims().split_last().filter(|_| found >= usize::from(fewest))
    else {
        return Err(InitError::Dimensions { found, fewest, most: u8::MAX });
    };
    let count = front.iter().try_fold(1_usize, |count, dim| count.checked_mul(*dim));
    let count = count.filter(|count| count.checked_mul(*length).is_some());
    let overflow = InitError::Fan(crate::initializer::FanError::Overflow);
    Ok(Lines::rows(count.ok_or(overflow)?, *length))
}

/// A weight as the matrix of its outputs and all else, in the order of its layout: rows and columns.
pub(crate) fn matrix(shape: &Shape<'_>) -> Result<[usize; 2], InitError> {
    let dims = shape.dims();
    let too_few = InitError::Dimensions { found: dims.len(), fewest: 2, most: u8::MAX };
    let product = |dims: &[usize]| {
        if dims.contains(&0) {
            return Ok(0);
        }
        let product = dims.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim));
        product.ok_or(InitError::Fan(crate::initializer::FanError::Overflow))
    };
    let [rows, columns] = match (shape.layout(), dims) {
        (_, [] | [_]) => return Err(too_few),
        (Layout::OutIn | Layout::Conv { .. }, [outputs, rest @ ..]) => [*outputs, product(rest)?],
        (Layout::InOut, [rest @ .., outputs]) => [product(rest)?, *outputs],
    };
    match rows.checked_mul(columns) {
        Some(_) => Ok([rows, columns]),
        None => Err(InitError::Fan(crate::initializer::FanError::Overflow)),
    }
}
