//! Short runs at a stride: a group of lanes carries the blocks of many of them.
//!
//! A run that is made by itself takes a group of up to 256 elements however short it is. Here the blocks of run after run are
//! listed, made together, and, where runs begin or end within a block, copied to their places.

use weight_init_core::Float;

use super::blocks::{Blocks, LIST};
use crate::Strided;

/// Writes elements of runs: `make` makes the elements of consecutive places of a list of blocks, from a number of an element on that is
/// counted in places of the list.
pub(super) fn write<T: Float>(
    runs: Strided,
    out: &mut [T],
    make: impl Fn(Blocks<'_>, u64, &mut [T]),
) {
    let per_block = 4 / T::WORDS as u64;
    let mut list = [0; LIST];
    let mut memory = [T::default(); 4 * LIST];
    let (mut place, mut out) = (Place { runs, first: runs.first, done: 0 }, out);
    while !out.is_empty() {
        let begin = place;
        let high = (place.first / per_block) >> 32;
        let (mut blocks, mut elements, mut is_whole) = (0, 0, true);
        while blocks < LIST
            && elements < out.len()
            && let Some(piece) = place.piece(high, per_block, LIST - blocks, out.len() - elements)
        {
            let numbers = list.get_mut(blocks..blocks + piece.blocks).unwrap_or_default();
            for (number, into) in numbers.iter_mut().enumerate() {
                *into = piece.block.wrapping_add(number as u32);
            }
            is_whole &= piece.skipped == 0 && (piece.elements as u64).is_multiple_of(per_block);
            (blocks, elements) = (blocks + piece.blocks, elements + piece.elements);
            place.step(piece.elements);
        }
        // The list is of blocks with this high word, and its places are counted from 0.
        let first = (high << 32).wrapping_mul(per_block);
        let (now, rest) = out.split_at_mut(elements);
        let made = memory.get_mut(..blocks * per_block as usize).unwrap_or_default();
        let group = if is_whole { &mut *now } else { &mut *made };
        make(Blocks::Listed(&list), first, group);
        if !is_whole {
            copy(begin, high, per_block, made, now);
        }
        out = rest;
    }
}

/// Copies the elements of runs, whose blocks stand one behind the other in `memory`, to their places.
fn copy<T: Copy>(from: Place, high: u64, per_block: u64, memory: &[T], out: &mut [T]) {
    let (mut place, mut blocks, mut out) = (from, 0, out);
    while !out.is_empty()
        && let Some(piece) = place.piece(high, per_block, LIST - blocks, out.len())
    {
        let begin = blocks * per_block as usize + piece.skipped;
        let made = memory.get(begin..begin + piece.elements).unwrap_or_default();
        let (now, rest) = out.split_at_mut(made.len());
        now.copy_from_slice(made);
        place.step(piece.elements);
        (blocks, out) = (blocks + piece.blocks, rest);
    }
}

/// How far runs are made.
#[derive(Clone, Copy)]
struct Place {
    runs: Strided,
    /// Number of the next element.
    first: u64,
    /// Elements of its run that are done.
    done: usize,
}

/// Consecutive elements of a run, and the blocks that they come from.
struct Piece {
    /// Low word of the first block.
    block: u32,
    blocks: usize,
    /// Elements of the first block that are not of the run.
    skipped: usize,
    elements: usize,
}

impl Place {
    /// What comes next, of at most so many blocks of this high word and so many elements; `None`: it is of another high word.
    #[inline(always)]
    fn piece(&self, high: u64, per_block: u64, blocks: usize, elements: usize) -> Option<Piece> {
        let (block, skipped) = (self.first / per_block, (self.first % per_block) as usize);
        if block >> 32 != high {
            return None;
        }
        let below = (1_u64 << 32) - u64::from(block as u32);
        let blocks = usize::try_from(below).unwrap_or(usize::MAX).min(blocks);
        let room = blocks * per_block as usize - skipped;
        let elements = elements.min(room).min(self.runs.length - self.done);
        let blocks = (skipped + elements).div_ceil(per_block as usize);
        Some(Piece { block: block as u32, blocks, skipped, elements })
    }

    #[inline(always)]
    fn step(&mut self, elements: usize) {
        self.done += elements;
        self.first = self.first.wrapping_add(elements as u64);
        if self.done == self.runs.length {
            let begin = self.first.wrapping_sub(self.runs.length as u64);
            (self.first, self.done) = (begin.wrapping_add(self.runs.stride), 0);
        }
    }
}
