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

/// Bytes of a batch, at least: enough that all threads are busy for a long time.
const BATCH: usize = 256 << 20;

/// Fills the targets and says how many bytes that are; `passed` hears of each batch the bytes that are written by then, on the
/// caller's thread, and may end the work.
///
/// # Safety
///
/// As [`Region::new`], for every target.
pub(crate) unsafe fn fill(
    tensors: &[Tensor<'_>],
    targets: &[Target],
    seed: u64,
    threads: Option<usize>,
    passed: &mut dyn FnMut(u64) -> Result<(), Fault>,
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
    let pieces = dense.into_iter().flat_map(|(tensor, region)| {
        region.into_dense().map(move |(stretch, bytes)| Piece {
            tensor,
            first: stretch.first,
            bytes,
        })
    });
    let batches = in_batches(pieces);
    if batches.len() > 1 {
        check(batches.iter().flatten(), seed)?;
    }
    let pool = pool::pool(threads)?;
    let mut written = 0;
    for batch in batches {
        written += batch.iter().map(|piece| piece.bytes.len() as u64).sum::<u64>();
        pool.install(|| fill_pieces(batch, seed, &mut Filler::Rayon(Rayon::new())))?;
        passed(written)?;
    }
    pool.install(|| {
        strided.par_iter().try_for_each(|(tensor, region)| fill_strided(tensor, region, seed))
    })?;
    Ok(bytes)
}

fn in_batches<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Vec<Vec<Piece<'a>>> {
    let mut batches = vec![Vec::new()];
    let mut bytes = 0;
    for piece in pieces {
        if bytes >= BATCH {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += piece.bytes.len();
        if let Some(batch) = batches.last_mut() {
            batch.push(piece);
        }
    }
    batches
}

/// Finds what cannot be written before anything is: a batch alone would find its own.
fn check<'p>(pieces: impl Iterator<Item = &'p Piece<'p>>, seed: u64) -> Result<(), Fault> {
    for piece in pieces {
        let mut element = [0_u64];
        let size = piece.tensor.dtype.size().min(piece.bytes.len());
        let bytes = &mut bytemuck::cast_slice_mut(&mut element)[..size.min(8)];
        let one = Piece { tensor: piece.tensor, first: piece.first, bytes };
        fill_pieces([one], seed, &mut Filler::Simd(Simd::new()))?;
    }
    Ok(())
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
