//! The kernels of the CUDA backend: entry points for nvptx64 over the samplers of core.
//!
//! A launch writes segments, each a run of consecutive elements of one parameter. Their tiles are numbered through; a
//! block of threads takes the tile of its own number, then the one that a whole grid is further on. A thread writes
//! units of 16 bytes, made of one block of random words, or of two where elements have 16 bits.
#![no_std]
#![feature(abi_ptx, asm_experimental_arch, core_float_math, f16, stdarch_nvptx)]

mod lanes;
#[path = "../../src/cuda/segment.rs"]
mod segment;
mod unit;
mod units;

use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x, trap};

use weight_init_core::fill::{NormalFill, TruncNormalFill, UniformFill};
use weight_init_core::random::philox::Rounds;
use weight_init_core::{Stream, bf16, f16};

use self::segment::{Constant, Segment};
use self::unit::{Make, Unit};
use self::units::Units;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it stops the kernel with an error.
    unsafe { trap() }
}

/// An entry point for each kind of fill of an element type.
macro_rules! kernels {
    ($($name:ident: $numbers:ident<$type:ty>;)*) => {$(
        /// # Safety
        ///
        /// `segments` holds `count` segments, at least one, with their tiles in order from 0 on and `tiles` in all, each of
        /// `units` units but the last of a segment. Their elements lie at their offsets from `base`, and nothing else uses
        /// them meanwhile.
        #[unsafe(no_mangle)]
        unsafe extern "ptx-kernel" fn $name(
            base: *mut u8,
            segments: *const Segment<$numbers<$type>>,
            count: u32,
            tiles: u32,
            units: u32,
        ) {
            // SAFETY: as above.
            unsafe { run(base, segments, count, tiles, units) }
        }
    )*};
}

kernels! {
    constant_f32: Constant<f32>;
    constant_f64: Constant<f64>;
    constant_f16: Constant<f16>;
    constant_bf16: Constant<bf16>;
    uniform_f32: UniformFill<f32>;
    uniform_f64: UniformFill<f64>;
    uniform_f16: UniformFill<f16>;
    uniform_bf16: UniformFill<bf16>;
    normal_f32: NormalFill<f32>;
    normal_f64: NormalFill<f64>;
    normal_f16: NormalFill<f16>;
    normal_bf16: NormalFill<bf16>;
    trunc_normal_f32: TruncNormalFill<f32>;
    trunc_normal_f64: TruncNormalFill<f64>;
    trunc_normal_f16: TruncNormalFill<f16>;
    trunc_normal_bf16: TruncNormalFill<bf16>;
}

#[inline(always)]
unsafe fn run<T: Unit, D: Make<T>>(
    base: *mut u8,
    segments: *const Segment<D>,
    count: u32,
    tiles: u32,
    units: u32,
) {
    // SAFETY: these read registers of the thread.
    let (block, blocks) = unsafe { (_block_idx_x() as u32, _grid_dim_x() as u32) };
    // SAFETY: as above.
    let (thread, threads) = unsafe { (_thread_idx_x() as u32, _block_dim_x() as u32) };
    let mut tile = block;
    while tile < tiles {
        // SAFETY: there is a segment with this tile, as the caller promises.
        let segment = unsafe { find(segments, count, tile) };
        let rounds = Rounds::new(Stream::with_id(segment.seed, segment.id), segment.high);
        let tile_units = Units::<T>::new(base, &segment, tile, units);
        let mut unit = thread;
        while unit < tile_units.count {
            let elements = segment.numbers.make(&rounds, tile_units.block(unit));
            // SAFETY: the segment's elements may be written, and no other thread has this unit.
            unsafe { tile_units.write(unit, elements) };
            unit += threads;
        }
        // The tiles of the largest launch and a grid together are less than 2³².
        tile += blocks;
    }
}

/// The segment of a tile: the last one that does not begin behind it.
#[inline(always)]
unsafe fn find<D: Copy>(segments: *const Segment<D>, count: u32, tile: u32) -> Segment<D> {
    let (mut low, mut high) = (0, count);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        // SAFETY: `middle` is below `count`.
        let begins = unsafe { (*segments.add(middle as usize)).tile };
        if begins <= tile {
            low = middle;
        } else {
            high = middle;
        }
    }
    // SAFETY: `low` is below `count`.
    unsafe { *segments.add(low as usize) }
}
