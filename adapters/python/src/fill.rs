//! Tensors of a plan → memory that Python owns, as one parallel job.

use std::collections::HashMap;

use rayon::prelude::*;
use weight_init::plan::Tensor;
use weight_init::run::{Filler, Piece, fill_pieces};
use weight_init_backends::{Rayon, Simd};

use crate::block::Stretch;
use crate::error::Fault;
use crate::memory::{Region, Target, check_overlaps};
use crate::pool;

/// Elements that are made at a time where memory is strided.
const WINDOW: u64 = 16 << 10;

/// Fills the targets and says how many bytes that are.
///
/// # Safety
///
/// As [`Region::new`], for every target.
pub(crate) unsafe fn fill(
    tensors: &[Tensor<'_>],
    targets: &[Target],
    seed: u64,
    threads: Option<usize>,
) -> Result<u64, Fault> {
    // SAFETY: the caller's word.
    let regions = unsafe { regions(tensors, targets) }?;
    check_overlaps(regions.iter().map(|(_, region)| region))?;
    let bytes = regions
        .iter()
        .map(|(tensor, region)| region.block.elements() * tensor.dtype.size() as u64)
        .sum();
    let (dense, strided): (Vec<_>, Vec<_>) =
        regions.into_iter().partition(|(_, region)| region.is_dense());
    pool::pool(threads)?.install(|| {
        let pieces = dense.into_iter().flat_map(|(tensor, region)| {
            region.into_dense().map(move |(stretch, bytes)| Piece {
                tensor,
                first: stretch.first,
                bytes,
            })
        });
        fill_pieces(pieces, seed, &mut Filler::Rayon(Rayon::new()))?;
        strided.par_iter().try_for_each(|(tensor, region)| fill_strided(tensor, region, seed))
    })?;
    Ok(bytes)
}

fn fill_strided(tensor: &Tensor<'_>, region: &Region<'_>, seed: u64) -> Result<(), Fault> {
    region.block.stretches.par_iter().flat_map_iter(windows).try_for_each_init(
        Vec::new,
        |words: &mut Vec<u64>, window| {
            let bytes = scratch(words, window, tensor.dtype.size());
            let piece = Piece { tensor, first: window.first, bytes };
            fill_pieces([piece], seed, &mut Filler::Simd(Simd::new()))?;
            region.scatter(window.local, scratch(words, window, tensor.dtype.size()));
            Ok(())
        },
    )
}

/// The pieces of a stretch.
pub(crate) fn windows(stretch: &Stretch) -> impl Iterator<Item = Stretch> + use<> {
    let Stretch { first, local, elements } = *stretch;
    (0..elements.div_ceil(WINDOW)).map(move |window| {
        let start = window * WINDOW;
        Stretch {
            first: first + start,
            local: local + start,
            elements: (elements - start).min(WINDOW),
        }
    })
}

/// Aligned memory for the elements of a window.
pub(crate) fn scratch(words: &mut Vec<u64>, window: Stretch, size: usize) -> &mut [u8] {
    let bytes = window.elements.min(WINDOW) as usize * size;
    words.resize(bytes.div_ceil(8).max(words.len()), 0);
    &mut bytemuck::cast_slice_mut(words)[..bytes]
}

/// The memory of each target, beside its tensor.
///
/// # Safety
///
/// As [`Region::new`], for every target.
pub(crate) unsafe fn regions<'a>(
    tensors: &'a [Tensor<'a>],
    targets: &'a [Target],
) -> Result<Vec<(&'a Tensor<'a>, Region<'a>)>, Fault> {
    let by_name: HashMap<&str, &Tensor<'_>> =
        tensors.iter().map(|tensor| (tensor.name, tensor)).collect();
    let region = |target: &'a Target| {
        let name = &target.0;
        let tensor = *by_name
            .get(name.as_str())
            .ok_or_else(|| Fault::Model(format!("the plan writes no tensor '{name}'")))?;
        // SAFETY: the caller's word.
        Ok((tensor, unsafe { Region::new(target, tensor) }?))
    };
    targets.iter().map(region).collect()
}
