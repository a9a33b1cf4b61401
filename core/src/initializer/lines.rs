//! From a shape to the lines that a fill makes.

use super::{FanError, InitError, Layout, Shape};
use crate::line_fill::Lines;

/// The last dimension of a shape of at least so many as lines.
pub(super) fn rows(shape: &Shape<'_>, fewest: u8) -> Result<Lines, InitError> {
    let found = shape.dims().len();
    let Some((length, front)) = shape.dims().split_last().filter(|_| found >= usize::from(fewest))
    else {
        return Err(InitError::Dimensions { found, fewest, most: u8::MAX });
    };
    let count = front.iter().try_fold(1_usize, |count, dim| count.checked_mul(*dim));
    let count = count.filter(|count| count.checked_mul(*length).is_some());
    let overflow = InitError::Fan(FanError::Overflow);
    Ok(Lines::rows(count.ok_or(overflow)?, *length))
}

/// A weight as the matrix of its outputs and all else, in the order of its layout: rows and columns.
pub(super) fn matrix(shape: &Shape<'_>) -> Result<[usize; 2], InitError> {
    let dims = shape.dims();
    let too_few = InitError::Dimensions { found: dims.len(), fewest: 2, most: u8::MAX };
    let product = |dims: &[usize]| {
        if dims.contains(&0) {
            return Ok(0);
        }
        let product = dims.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim));
        product.ok_or(InitError::Fan(FanError::Overflow))
    };
    let [rows, columns] = match (shape.layout(), dims) {
        (_, [] | [_]) => return Err(too_few),
        (Layout::OutIn | Layout::Conv { .. }, [outputs, rest @ ..]) => [*outputs, product(rest)?],
        (Layout::InOut, [rest @ .., outputs]) => [product(rest)?, *outputs],
    };
    match rows.checked_mul(columns) {
        Some(_) => Ok([rows, columns]),
        None => Err(InitError::Fan(FanError::Overflow)),
    }
}
