//! Norms of a parameter's slices, of its values as they are made once more, piece by piece.

use std::ops::Range;

use weight_init_backends::Simd;
use weight_init_core::{DType, Float, bf16, f16};

use super::jobs::AllJobs;
use super::{Filler, RunError};
use crate::model::elements;
use crate::plan::{NormOf, Tensor};

/// Elements that are made at a time.
const PIECE: u64 = 1 << 14;

/// Writes the norms from number `first` on, of a tensor of this shape: sums of squares in f64 in the order of the elements, a
/// root, one rounding.
pub(super) fn norms<T: Float, E>(
    norm: &NormOf<'_>,
    shape: &[usize],
    seed: u64,
    first: u64,
    out: &mut [T],
) -> Result<(), RunError<E>> {
    // A plan without the other tensor is refused before.
    let Some(of) = norm.of() else { return Ok(()) };
    let mut sums = vec![0.0_f64; out.len()];
    let range = concerned(of.shape, shape, first, out.len() as u64);
    let mut place = Place::new(of.shape, shape, range.start);
    let piece = if of.is_made_whole() { elements(of.shape).max(1) } else { PIECE };
    let mut words = vec![0_u64; usize::try_from(piece).unwrap_or(usize::MAX)];
    let mut begin = range.start;
    while begin < range.end {
        let len = (range.end - begin).min(piece) as usize;
        let bytes = bytemuck::cast_slice_mut::<u64, u8>(&mut words);
        let bytes = bytes.get_mut(..len * of.dtype.size()).unwrap_or_default();
        let mut jobs = AllJobs::of_memory();
        jobs.add(of, begin, seed, bytes)?;
        jobs.run(&mut Filler::Simd(Simd::new()))?;
        drop(jobs);
        let mut add = |x: f64| {
            let at = place.next().checked_sub(first).and_then(|at| usize::try_from(at).ok());
            if let Some(sum) = at.and_then(|at| sums.get_mut(at)) {
                *sum += x * x;
            }
        };
        let bytes = bytemuck::cast_slice::<u64, u8>(&words).get(..len * of.dtype.size());
        each(of, bytes.unwrap_or_default(), &mut add);
        begin += len as u64;
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = T::from_f64_rounded(sum.sqrt());
    }
    Ok(())
}

/// Calls back with every number of floating-point elements.
fn each(of: &Tensor<'_>, bytes: &[u8], add: &mut impl FnMut(f64)) {
    match of.dtype {
        DType::F32 => bytemuck::cast_slice::<u8, f32>(bytes).iter().for_each(|x| add((*x).into())),
        DType::F64 => bytemuck::cast_slice::<u8, f64>(bytes).iter().for_each(|x| add(*x)),
        DType::F16 => bytemuck::cast_slice::<u8, f16>(bytes).iter().for_each(|x| add(x.to_f64())),
        DType::BF16 => bytemuck::cast_slice::<u8, bf16>(bytes).iter().for_each(|x| add(x.to_f64())),
        // A plan with norms of these is refused before.
        _ => {}
    }
}

/// The elements that the norms of these numbers are of, and others of the same rows.
fn concerned(of: &[usize], shape: &[usize], first: u64, count: u64) -> Range<u64> {
    let (Some((rows, row)), Some((own_rows, own_row))) = (of.split_first(), shape.split_first())
    else {
        return 0..elements(of);
    };
    let (row, own_row) = (elements(row), elements(own_row).max(1));
    if rows != own_rows || count == 0 {
        return 0..if count == 0 { 0 } else { elements(of) };
    }
    first / own_row * row..((first + count - 1) / own_row + 1) * row
}

/// Which norm each element counts for, element after element.
struct Place {
    /// Of each dimension its extent, how far the norm's number goes on with it, and the index.
    dims: Vec<(u64, u64, u64)>,
}

impl Place {
    fn new(of: &[usize], shape: &[usize], mut number: u64) -> Self {
        let mut stride = 1;
        let own = |at: usize| shape.get(at).copied().unwrap_or(1) as u64;
        let mut dims: Vec<_> = (of.iter().enumerate().rev())
            .map(|(at, dim)| {
                let dim = (*dim as u64).max(1);
                let step = if own(at) == dim { stride } else { 0 };
                stride *= own(at);
                let index = number % dim;
                number /= dim;
                (dim, step, index)
            })
            .collect();
        dims.reverse();
        Self { dims }
    }

    /// The number of the norm of this element; the next one is next.
    fn next(&mut self) -> u64 {
        let number = self.dims.iter().map(|(_, step, index)| step * index).sum();
        for (dim, _, index) in self.dims.iter_mut().rev() {
            *index += 1;
            if *index < *dim {
                break;
            }
            *index = 0;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_count_for_the_norm_of_their_slice() {
        let numbers = |of: &[usize], shape: &[usize], from: u64| {
            let mut place = Place::new(of, shape, from);
            (from..elements(of)).map(|_| place.next()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[2, 3], &[2, 1], 0), [0, 0, 0, 1, 1, 1]);
        assert_eq!(numbers(&[2, 3], &[1, 3], 0), [0, 1, 2, 0, 1, 2]);
        assert_eq!(numbers(&[2, 3], &[1, 1], 2), [0; 4]);
        assert_eq!(numbers(&[2, 3], &[], 0), [0; 6]);
        assert_eq!(numbers(&[2, 1, 2], &[2, 1, 2], 1), [1, 2, 3]);
        assert_eq!(concerned(&[4, 6], &[4, 1], 1, 2), 6..18);
        assert_eq!(concerned(&[4, 6], &[1, 6], 1, 2), 0..24);
        assert_eq!(concerned(&[4, 6], &[4, 2], 3, 2), 6..18);
    }
}
