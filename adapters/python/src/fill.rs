//! Tensors of a plan → memory that Python owns, as one parallel job.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;
use weight_init::plan::Tensor;
use weight_init::run::{Filler, WindowPiece, fill_windows};
use weight_init::window::Window;
use weight_init_backends::{Rayon, Simd};

use crate::error::Fault;
use crate::memory::{Region, Target, check_overlaps};
use crate::pool;

/// Elements that are made at a time where memory is strided.
const AT_ONCE: u64 = 16 << 10;

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
        .map(|(tensor, region)| region.window.elements() * tensor.dtype.size() as u64)
        .sum();
    let (dense, strided): (Vec<_>, Vec<_>) =
        regions.into_iter().partition(|(_, region)| region.is_dense());
    let mut dense: Vec<_> = dense
        .into_iter()
        .filter_map(|(tensor, region)| Some((tensor, region.into_dense()?)))
        .collect();
    let pieces = dense.iter_mut().map(|(tensor, (window, bytes))| WindowPiece {
        tensor,
        window: &*window,
        first: 0,
        bytes,
    });
    let batches = in_batches(pieces);
    if batches.len() > 1 {
        check(batches.iter().flatten(), seed)?;
    }
    let pool = pool::pool(threads)?;
    let mut written = 0;
    for batch in batches {
        written += batch.iter().map(|piece| piece.bytes.len() as u64).sum::<u64>();
        pool.install(|| fill_windows(batch, seed, &mut Filler::Rayon(Rayon::new())))?;
        passed(written)?;
    }
    pool.install(|| {
        strided.par_iter().try_for_each(|(tensor, region)| fill_strided(tensor, region, seed))
    })?;
    Ok(bytes)
}

fn in_batches<'a>(pieces: impl Iterator<Item = WindowPiece<'a>>) -> Vec<Vec<WindowPiece<'a>>> {
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
fn check<'p>(pieces: impl Iterator<Item = &'p WindowPiece<'p>>, seed: u64) -> Result<(), Fault> {
    for piece in pieces {
        let mut element = [0_u64];
        let size = piece.tensor.dtype.size().min(piece.bytes.len());
        let bytes = &mut bytemuck::cast_slice_mut(&mut element)[..size.min(8)];
        let &WindowPiece { tensor, window, first, .. } = piece;
        fill_windows(
            [WindowPiece { tensor, window, first, bytes }],
            seed,
            &mut Filler::Simd(Simd::new()),
        )?;
    }
    Ok(())
}

fn fill_strided(tensor: &Tensor<'_>, region: &Region<'_>, seed: u64) -> Result<(), Fault> {
    let window = &region.window;
    pieces(window).try_for_each_init(Vec::new, |words: &mut Vec<u64>, local| {
        let bytes = scratch(words, &local, tensor.dtype.size());
        let piece = WindowPiece { tensor, window, first: local.start, bytes };
        fill_windows([piece], seed, &mut Filler::Simd(Simd::new()))?;
        region.scatter(local.start, scratch(words, &local, tensor.dtype.size()));
        Ok(())
    })
}

/// The elements of a window, some at a time, as their numbers in it.
pub(crate) fn pieces(window: &Window) -> impl IndexedParallelIterator<Item = Range<u64>> + use<> {
    let elements = window.elements();
    let count = usize::try_from(elements.div_ceil(AT_ONCE)).unwrap_or(usize::MAX);
    (0..count).into_par_iter().map(move |piece| {
        let start = piece as u64 * AT_ONCE;
        start..elements.min(start + AT_ONCE)
    })
}

/// Aligned memory for the elements of a piece.
pub(crate) fn scratch<'w>(
    words: &'w mut Vec<u64>,
    piece: &Range<u64>,
    size: usize,
) -> &'w mut [u8] {
    let bytes = (piece.end - piece.start).min(AT_ONCE) as usize * size;
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
