//! Singular values of a parameter as a matrix: how much it stretches what goes through it.

use nalgebra::DMatrix;
use serde::Serialize;
use weight_init::plan::PlannedParam;
use weight_init::run::Filler;

use super::number::rounded;
use super::samples::values;

/// Rows and columns of the block whose singular values are computed, at most.
const MOST: usize = 64;

/// The singular values of the leading block of a matrix; of a convolution, outputs are rows and all else is columns.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Spectrum {
    /// Place of the parameter.
    pub(super) param: usize,
    /// Rows and columns of the whole.
    of: [usize; 2],
    /// Rows and columns of the block.
    block: [usize; 2],
    /// Largest first.
    values: Vec<f64>,
}

/// The spectrum of the parameter at this place; `None` of one that is no matrix, or not known.
pub(super) fn spectrum(
    place: usize,
    param: &PlannedParam,
    seed: u64,
    filler: &mut Filler,
) -> Option<Spectrum> {
    let of = matrix(param)?;
    let block = of.map(|side| side.min(MOST));
    let [rows, columns] = block;
    let runs: Vec<_> = (0..rows as u64).map(|row| (row * of[1] as u64, columns)).collect();
    let values = values(param, &runs, seed, filler)?;
    if values.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let block_values = DMatrix::from_row_slice(rows, columns, &values);
    let svd = block_values.try_svd(false, false, f64::EPSILON, 10_000)?;
    let mut values: Vec<f64> = svd.singular_values.iter().map(|x| rounded(*x)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Some(Spectrum { param: place, of, block, values })
}

/// Rows and columns of a parameter as a matrix.
fn matrix(param: &PlannedParam) -> Option<[usize; 2]> {
    let (rows, rest) = param.shape.split_first()?;
    let columns = rest.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim))?;
    (!rest.is_empty() && *rows > 1 && columns > 1).then_some([*rows, columns])
}
