//! Memory that Python owns, compared with what a plan makes.

use rayon::prelude::*;
use weight_init::create::Difference;
use weight_init::plan::Tensor;
use weight_init::run::{Filler, Piece, fill_pieces};
use weight_init_backends::Simd;

use crate::block::Stretch;
use crate::error::Fault;
use crate::fill::{regions, scratch, windows};
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
            let windows = region.block.stretches.par_iter().flat_map_iter(windows);
            windows.map_init(Scratch::default, |scratch, window| {
                compare(tensor, region, window, seed, scratch)
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
    window: Stretch,
    seed: u64,
    memory: &mut Scratch,
) -> Result<Option<Difference>, Fault> {
    let size = tensor.dtype.size();
    let bytes = scratch(&mut memory.expected, window, size);
    let piece = Piece { tensor, first: window.first, bytes };
    fill_pieces([piece], seed, &mut Filler::Simd(Simd::new()))?;
    let expected = scratch(&mut memory.expected, window, size);
    let found = scratch(&mut memory.found, window, size);
    region.gather(window.local, found);
    Ok(Difference::between(tensor, window.first, expected, found))
}
