//! Values that the seed really gives a parameter: windows of its fill.

use serde::Serialize;
use weight_init::plan::{Lowered, PlannedParam, Tensor};
use weight_init::run::{Filler, Piece, fill_pieces};
use weight_init_core::initializer::Init;
use weight_init_core::{DType, bf16, f16};

use super::distribution::Distribution;
use super::number::rounded;

/// Elements of a histogram, at most: the first of the parameter.
const MOST_SAMPLES: usize = 4096;
const BINS: usize = 40;
/// Elements of a tensor that is made by lines, at most: a few of its elements may take all of it.
const MOST_BY_LINES: u64 = 1 << 20;

/// How the first elements of a parameter are spread.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Histogram {
    /// Place of the parameter that the samples are of.
    pub(super) param: usize,
    pub(super) samples: usize,
    /// Bounds of the bins; samples beyond them are counted in the last on that side.
    low: f64,
    high: f64,
    mean: f64,
    std: f64,
    counts: Vec<u32>,
}

/// Runs of elements, `(first, count)`, one behind the other; `None` where the values are not known or not numbers, or
/// would take a whole large tensor.
pub(super) fn values(
    param: &PlannedParam,
    runs: &[(u64, usize)],
    seed: u64,
    filler: &mut Filler,
) -> Option<Vec<f64>> {
    let size = match param.dtype {
        DType::F32 => 4,
        DType::F64 => 8,
        DType::F16 | DType::BF16 => 2,
        _ => return None,
    };
    let tensor = param.lower().ok()?;
    if elements(param) > MOST_BY_LINES && is_by_lines(&tensor) {
        return None;
    }
    let count: usize = runs.iter().map(|(_, count)| count).sum();
    // Words, so that every element type is aligned; each run begins at one.
    let words = |count: usize| (count * size).div_ceil(8);
    let mut memory = vec![0_u64; runs.iter().map(|(_, count)| words(*count)).sum()];
    let mut rest = memory.as_mut_slice();
    let mut pieces = Vec::with_capacity(runs.len());
    for (first, count) in runs {
        let (run, behind) = rest.split_at_mut(words(*count));
        let bytes = bytemuck::cast_slice_mut(run).get_mut(..count * size)?;
        pieces.push(Piece { tensor: &tensor, first: *first, bytes });
        rest = behind;
    }
    fill_pieces(pieces, seed, filler).ok()?;
    let mut values = Vec::with_capacity(count);
    let mut rest = memory.as_slice();
    for (_, count) in runs {
        let (run, behind) = rest.split_at(words(*count));
        let bytes: &[u8] = bytemuck::cast_slice(run).get(..count * size)?;
        values.extend(numbers(bytes, param.dtype));
        rest = behind;
    }
    Some(values)
}

/// Elements in the byte order of the machine as numbers.
fn numbers(bytes: &[u8], dtype: DType) -> Vec<f64> {
    let halves = || bytes.as_chunks::<2>().0.iter().map(|it| u16::from_ne_bytes(*it));
    match dtype {
        DType::F64 => bytes.as_chunks().0.iter().map(|it| f64::from_ne_bytes(*it)).collect(),
        DType::F16 => halves().map(|bits| f16::from_bits(bits).to_f64()).collect(),
        DType::BF16 => halves().map(|bits| bf16::from_bits(bits).to_f64()).collect(),
        _ => bytes.as_chunks().0.iter().map(|it| f32::from_ne_bytes(*it).into()).collect(),
    }
}

/// Elements of a parameter.
pub(super) fn elements(param: &PlannedParam) -> u64 {
    param.shape.iter().fold(1_u64, |product, dim| product.saturating_mul(*dim as u64))
}

fn is_by_lines(tensor: &Tensor<'_>) -> bool {
    let is = |source: &Lowered<'_>| match source {
        Lowered::Init { init, .. } | Lowered::Mapped { init, .. } => {
            matches!(init, Init::Orthogonal(_) | Init::DeltaOrthogonal(_) | Init::Sparse(_))
        }
        _ => false,
    };
    is(&tensor.source) || tensor.parts.iter().any(|part| is(&part.source))
}

/// The histogram of the parameter at this place; `None` where there is nothing to be seen.
pub(super) fn histogram(
    place: usize,
    param: &PlannedParam,
    theory: Option<Distribution>,
    seed: u64,
    filler: &mut Filler,
) -> Option<Histogram> {
    if matches!(theory, Some(Distribution::Constant { .. })) {
        return None;
    }
    let samples = elements(param).min(MOST_SAMPLES as u64) as usize;
    let values = values(param, &[(0, samples)], seed, filler)?;
    let finite: Vec<f64> = values.into_iter().filter(|x| x.is_finite()).collect();
    let n = finite.len() as f64;
    let mean = finite.iter().sum::<f64>() / n;
    let std = (finite.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
    let [low, high] = theory.and_then(|it| it.range()).unwrap_or_else(|| {
        finite
            .iter()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(*x), high.max(*x)])
    });
    if !(low < high && (high - low).is_finite()) {
        return None;
    }
    let mut counts = vec![0_u32; BINS];
    for x in &finite {
        let bin = ((x - low) / (high - low) * BINS as f64) as usize;
        counts.iter_mut().skip(bin.min(BINS - 1)).take(1).for_each(|count| *count += 1);
    }
    Some(Histogram {
        param: place,
        samples: finite.len(),
        low,
        high,
        mean: rounded(mean),
        std: rounded(std),
        counts,
    })
}
