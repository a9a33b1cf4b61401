//! From fills to launches: numbers only, no driver.
//!
//! A model has hundreds of parameters, most of them small, and a launch costs microseconds. So all fills of one kind go
//! into one launch. The kernel reads a table with one segment per fill: address, length, stream and the numbers of the
//! distribution.
//!
//! 1. A *unit* is 16 bytes of the output, the most that a thread stores at once. Its elements are those of whole Philox
//!    blocks, so units begin at multiples of 16 bytes of *element numbers*, not of addresses: any window of a parameter
//!    splits into the same units, and a unit at its edge is stored in part.
//! 2. A *tile* is the work of one thread block: [`THREADS`] threads write up to [`UNITS_OF_THREAD`] units each. Small
//!    models get smaller tiles, so that every multiprocessor has [`TILES_OF_MULTIPROCESSOR`] of them and the last wave
//!    is short.
//! 3. Tiles are numbered through all segments. A thread block finds its segment by binary search in the table, once per
//!    tile; that search is the whole price of mixing parameters of all sizes in one grid.
//!
//! A diagonal is a segment of zeros, then one segment for each element of the value: they are few, a matrix has no more than
//! the root of its size.
//!
//! Offsets in the table count, modulo 2⁶⁴, from the address of the launch's first element, which is an argument of the
//! kernel.

use std::format;
use std::mem::MaybeUninit;
use std::string::String;
use std::vec::Vec;

use weight_init_core::{DType, Fill, Float, Stream};

use super::CudaError;
use super::segment::{Constant, Segment, UNIT_BYTES};

/// Threads of a block.
pub(super) const THREADS: u32 = 256;
/// Units that a thread writes of one tile, at most.
const UNITS_OF_THREAD: u64 = 16;
/// Tiles that each multiprocessor shall have at least, if they can be had by making them smaller.
const TILES_OF_MULTIPROCESSOR: u64 = 32;
/// Larger fills are split into several launches. 2³⁰ leaves headroom: tile index + grid size stays below 2³².
const TILES_OF_LAUNCH: u64 = 1 << 30;

/// A fill, and the device's memory that it goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<T: Float> {
    pub(super) fill: Fill<T>,
    pub(super) stream: Stream,
    /// Number of the first element.
    pub(super) first: u64,
    pub(super) address: u64,
    pub(super) len: usize,
}

/// One launch of a kernel.
pub(super) struct Launch<'a> {
    /// The kind of fill.
    pub(super) kind: &'static str,
    pub(super) kernel: String,
    /// The table of segments, as the kernel reads it.
    pub(super) table: &'a [MaybeUninit<u8>],
    /// How many these are.
    pub(super) segments: u32,
    /// The address that their offsets count from.
    pub(super) base: u64,
    pub(super) tiles: u32,
    /// Units of a tile.
    pub(super) units: u32,
}

/// Hands out the launches that carry out all fills: one for each kind of fill among them, as a rule.
///
/// # Errors
///
/// A kind of fill without a kernel or memory that is not aligned, before anything is launched; what `run` returns.
pub(super) fn launches<T: Float>(
    targets: &[Target<T>],
    multiprocessors: u32,
    run: &mut dyn FnMut(&Launch<'_>) -> Result<(), CudaError>,
) -> Result<(), CudaError> {
    let size = size_of::<T>();
    for Target { fill, address, .. } in targets {
        if !address.is_multiple_of(size as u64) {
            return Err(CudaError::Misaligned { address: *address, size });
        }
        let known = matches!(
            fill,
            Fill::Constant(_)
                | Fill::Uniform(_)
                | Fill::Normal(_)
                | Fill::TruncNormal(_)
                | Fill::Diagonal(_)
        );
        if !known {
            return Err(CudaError::Unsupported { fill: fill.name() });
        }
    }
    let units = targets.iter().map(|target| units(target.first, target.len as u64, size)).sum();
    let tile = tile_units(units, multiprocessors);
    launch(targets, "constant", tile, run, |fill| match fill {
        Fill::Constant(value) => Some(Constant(*value)),
        Fill::Diagonal(_) => Some(Constant(T::default())),
        _ => None,
    })?;
    // The zeros are in front of them on the stream.
    launch(&on_diagonals(targets), "constant", THREADS.into(), run, |fill| match fill {
        Fill::Diagonal(fill) => Some(Constant(fill.value())),
        _ => None,
    })?;
    launch(targets, "uniform", tile, run, |fill| match fill {
        Fill::Uniform(numbers) => Some(*numbers),
        _ => None,
    })?;
    launch(targets, "normal", tile, run, |fill| match fill {
        Fill::Normal(numbers) => Some(*numbers),
        _ => None,
    })?;
    launch(targets, "trunc_normal", tile, run, |fill| match fill {
        Fill::TruncNormal(numbers) => Some(*numbers),
        _ => None,
    })
}

/// The elements that diagonals give their value, each as a target of its own.
fn on_diagonals<T: Float>(targets: &[Target<T>]) -> Vec<Target<T>> {
    let mut elements = Vec::new();
    for target in targets {
        let Fill::Diagonal(fill) = target.fill else { continue };
        elements.extend(fill.places(target.first, target.len).map(|place| Target {
            first: target.first.wrapping_add(place as u64),
            address: target.address + (place * size_of::<T>()) as u64,
            len: 1,
            ..*target
        }));
    }
    elements
}

/// Units of elements from `first` on, those that they have in part among them.
fn units(first: u64, len: u64, size: usize) -> u64 {
    let per_unit = (UNIT_BYTES / size) as u64;
    (first % per_unit + len).div_ceil(per_unit)
}

/// Units of a tile: whole rounds of a block's threads, the fewer the less there is to do.
fn tile_units(units: u64, multiprocessors: u32) -> u64 {
    let tiles = u64::from(multiprocessors.max(1)) * TILES_OF_MULTIPROCESSOR;
    let threads = u64::from(THREADS);
    units.div_ceil(tiles * threads).clamp(1, UNITS_OF_THREAD) * threads
}

/// The launches of one kind of fill.
fn launch<T: Float, D: Copy>(
    targets: &[Target<T>],
    kind: &'static str,
    tile: u64,
    run: &mut dyn FnMut(&Launch<'_>) -> Result<(), CudaError>,
    numbers: impl Fn(&Fill<T>) -> Option<D>,
) -> Result<(), CudaError> {
    let mut segments = Vec::new();
    let (mut base, mut tiles) = (0, 0);
    for target in targets {
        let Some(numbers) = numbers(&target.fill) else { continue };
        for (first, address, len) in pieces(target, tile) {
            let more = units(first, len, size_of::<T>()).div_ceil(tile);
            if tiles + more > TILES_OF_LAUNCH && !segments.is_empty() {
                run(&of_segments::<T, D>(kind, &segments, base, tiles, tile))?;
                segments.clear();
                tiles = 0;
            }
            if segments.is_empty() {
                base = address;
            }
            let segment =
                Segment { tile: tiles as u32, ..segment::<T, D>(target.stream, first, numbers) };
            segments.push(Segment { offset: address.wrapping_sub(base), len, ..segment });
            tiles += more;
        }
    }
    if segments.is_empty() {
        return Ok(());
    }
    run(&of_segments::<T, D>(kind, &segments, base, tiles, tile))
}

/// Where a segment's elements come from.
fn segment<T: Float, D>(stream: Stream, first: u64, numbers: D) -> Segment<D> {
    let skipped = first % (UNIT_BYTES / size_of::<T>()) as u64;
    let block = (first - skipped) / per_block::<T>();
    Segment {
        offset: 0,
        len: 0,
        skipped: skipped as u32,
        block: block as u32,
        high: (block >> 32) as u32,
        tile: 0,
        seed: stream.seed(),
        id: stream.id(),
        numbers,
    }
}

fn of_segments<'a, T: Float, D>(
    kind: &'static str,
    segments: &'a [Segment<D>],
    base: u64,
    tiles: u64,
    tile: u64,
) -> Launch<'a> {
    // SAFETY: a table is plain data, and bytes that need not be initialized have no invariant.
    let (_, table, _) = unsafe { segments.align_to::<MaybeUninit<u8>>() };
    Launch {
        kind,
        kernel: format!("{kind}_{}", type_name::<T>()),
        table,
        segments: segments.len() as u32,
        base,
        tiles: tiles as u32,
        units: tile as u32,
    }
}

/// A target's first elements, addresses and lengths: cut where the low word of the numbers of blocks begins anew, and
/// where a launch could not hold it.
fn pieces<T: Float>(target: &Target<T>, tile: u64) -> impl Iterator<Item = (u64, u64, u64)> {
    let run = per_block::<T>() << 32;
    let most = (TILES_OF_LAUNCH * tile).saturating_mul((UNIT_BYTES / size_of::<T>()) as u64) / 2;
    let (mut first, mut address, mut left) = (target.first, target.address, target.len as u64);
    std::iter::from_fn(move || {
        let len = left.min(run - first % run).min(most);
        let piece = (first, address, len);
        first = first.wrapping_add(len);
        address += len * size_of::<T>() as u64;
        left -= len;
        (len > 0).then_some(piece)
    })
}

/// Elements that one block of random words makes.
const fn per_block<T: Float>() -> u64 {
    (4 / T::WORDS) as u64
}

/// As kernels are named.
fn type_name<T: Float>() -> &'static str {
    match T::DTYPE {
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::F64 => "f64",
        _ => "f32",
    }
}

#[cfg(test)]
mod tests;
