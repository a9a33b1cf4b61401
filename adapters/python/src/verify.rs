//! Memory that Python owns, compared with what a plan makes.

use std::ops::Range;

use rayon::prelude::*;
use weight_init::create::Difference;
use weight_init::plan::Tensor;
use weight_init::run::{Filler, WindowPiece, fill_windows};
use weight_init_backends::Simd;

use crate::error::Fault;
use crate::fill::{pieces, regions, scratch};
use crate::memory::{Region, Target};
use crate::pool;

/// A tensor, the number of its first element that differs, and the sentence that says so.
pub(crate) type Found = (String, u64, String);

/// The first element that differs, in the order of the targets.
///
/// # Safety
///
/// As [`Region::new`](crate::memory::Region::new), for every target; nothing is written.
pub(crate) unsafe fn verify(
    tensors: &[Tensor<'_>],
    targets: &[Target],
    seed: u64,
    threads: Option<usize>,
) -> Result<Option<Found>, Fault> {
    // SAFETY: the caller's word.
    let regions = unsafe { regions(tensors, targets) }?;
    let first = pool::pool(threads)?.install(|| {
        let all = regions.par_iter().flat_map(|(tensor, region)| {
            pieces(&region.window).map_init(Scratch::default, |scratch, piece| {
                compare(tensor, region, &piece, seed, scratch)
            })
        });
        all.filter_map(Result::transpose).find_first(|_| true)
    });
    Ok(first.transpose()?.map(|difference| {
        let (name, element) = match &difference {
            Difference::Element { name, element, .. } => (name.clone(), *element),
            // `between` compares elements alone.
            _ => (String::new(), 0),
        };
        (name, element, difference.to_string())
    }))
}

/// What a plan makes and what is there.
#[derive(Default)]
struct Scratch {
    expected: Vec<u64>,
    found: Vec<u64>,
}

fn compare(
    tensor: &Tensor<'_>,
    region: &Region<'_>,
    local: &Range<u64>,
    seed: u64,
    memory: &mut Scratch,
) -> Result<Option<Difference>, Fault> {
    let size = tensor.dtype.size();
    let window = &region.window;
    let bytes = scratch(&mut memory.expected, local, size);
    let piece = WindowPiece { tensor, window, first: local.start, bytes };
    fill_windows([piece], seed, &mut Filler::Simd(Simd::new()))?;
    let expected = scratch(&mut memory.expected, local, size);
    let found = scratch(&mut memory.found, local, size);
    region.gather(local.start, found);
    Ok(Difference::in_window(tensor, window, local.start, expected, found))
}
