//! The unit that one thread writes at once: 16 bytes, whole or in part.

use weight_init_core::fill::{NormalFill, Numbers, TruncNormalFill, UniformFill};
use weight_init_core::random::philox::Rounds;
use weight_init_core::{Float, bf16, f16};

use crate::lanes::Thread;
use crate::segment::{Constant, UNIT_BYTES};

/// Element types, and their units.
pub(crate) trait Unit: Float {
    /// Elements of a unit.
    const PER_UNIT: usize = UNIT_BYTES / size_of::<Self>();
    /// Elements that one block of random words makes.
    const OF_BLOCK: usize = 4 / Self::WORDS;
    /// Blocks of a unit.
    const BLOCKS: u32 = (Self::PER_UNIT / Self::OF_BLOCK) as u32;
    /// An array of the elements of one unit.
    type Elements: Copy + AsRef<[Self]> + AsMut<[Self]>;

    /// Every one the same.
    fn all(x: Self) -> Self::Elements;
    /// The bits, the first element's in the low ones of the first word.
    fn words(elements: Self::Elements) -> [u32; 4];
}

macro_rules! unit {
    ($($type:ident: $len:literal, |$x:ident| $words:expr;)*) => {$(
        impl Unit for $type {
            type Elements = [$type; $len];

            #[inline(always)]
            fn all(x: Self) -> Self::Elements {
                [x; $len]
            }
            #[inline(always)]
            fn words($x: Self::Elements) -> [u32; 4] {
                $words
            }
        }
    )*};
}

unit! {
    f32: 4, |x| x.map(f32::to_bits);
    f64: 2, |x| [low(x[0]), high(x[0]), low(x[1]), high(x[1])];
    f16: 8, |x| [0, 2, 4, 6].map(|i| pair(x[i].to_bits(), x[i + 1].to_bits()));
    bf16: 8, |x| [0, 2, 4, 6].map(|i| pair(x[i].to_bits(), x[i + 1].to_bits()));
}

#[inline(always)]
fn low(x: f64) -> u32 {
    x.to_bits() as u32
}

#[inline(always)]
fn high(x: f64) -> u32 {
    (x.to_bits() >> 32) as u32
}

#[inline(always)]
fn pair(low: u16, high: u16) -> u32 {
    u32::from(low) | u32::from(high) << 16
}

/// A sampler that makes the elements of a unit.
pub(crate) trait Make<T: Unit>: Copy {
    /// The elements of the unit that begins with this block.
    fn make(&self, rounds: &Rounds, block: u32) -> T::Elements;
}

impl<T: Unit> Make<T> for Constant<T> {
    #[inline(always)]
    fn make(&self, _: &Rounds, _: u32) -> T::Elements {
        T::all(self.0)
    }
}

macro_rules! make {
    ($($fill:ident),*) => {$(
        impl<T: Unit> Make<T> for $fill<T> {
            #[inline(always)]
            fn make(&self, rounds: &Rounds, block: u32) -> T::Elements {
                let mut elements = T::all(T::default());
                // Not a loop: the elements would come to lie in memory.
                let (first, second) = elements.as_mut().split_at_mut(T::OF_BLOCK);
                self.blocks(Thread, rounds, block, first);
                if T::BLOCKS == 2 {
                    self.blocks(Thread, rounds, block.wrapping_add(1), second);
                }
                elements
            }
        }
    )*};
}

make!(UniformFill, NormalFill, TruncNormalFill);
