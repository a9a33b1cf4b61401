//! The functions that fill memory, compiled with the instructions of each level.

use weight_init_core::line_fill::{LineFill, ScratchError};
use weight_init_core::{Fill, Float, Stream};

use crate::Strided;

/// Lanes of a level as a whole: a value of it exists only where the processor has the instructions.
pub(super) trait Fills: Copy {
    /// Consecutive elements from number `first` on.
    fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]);

    /// The elements of runs.
    fn write_strided<T: Float>(self, fill: &Fill<T>, stream: Stream, runs: Strided, out: &mut [T]);

    /// Whole lines from number `first` on.
    fn write_lines<T: Float>(
        self,
        fill: &LineFill<T>,
        stream: Stream,
        first: u64,
        scratch: &mut [T::Compute],
        out: &mut [T],
    ) -> Result<(), ScratchError>;
}

/// Implements [`Fills`] for lanes, from the features that they need, if any, and the lanes that a group takes of them.
///
/// The module that says it holds the code, several hundred kilobytes for each level: a compiler's threads take a module each.
macro_rules! fills {
    ($level:ident $(: $features:literal)?, |$lanes:ident| $group:expr) => {
        impl $crate::simd::fills::Fills for $level {
            fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
                $(#[target_feature(enable = $features)])?
                #[inline(never)]
                fn write<T: Float>($lanes: $level, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
                    fill.write_with($group, stream, first, out);
                }
                $crate::simd::fills::compiled!($($features,)? write(self, fill, stream, first, out));
            }

            fn write_strided<T: Float>(self, fill: &Fill<T>, stream: Stream, runs: Strided, out: &mut [T]) {
                $(#[target_feature(enable = $features)])?
                #[inline(never)]
                fn write_strided<T: Float>(level: $level, fill: &Fill<T>, stream: Stream, runs: Strided, out: &mut [T]) {
                    strided::write::<T>(runs, out, |list, first, out| {
                        let $lanes = level.of_listed(Listed(list));
                        fill.write_with($group, stream, first, out);
                    });
                }
                $crate::simd::fills::compiled!($($features,)? write_strided(self, fill, stream, runs, out));
            }

            fn write_lines<T: Float>(
                self,
                fill: &LineFill<T>,
                stream: Stream,
                first: u64,
                scratch: &mut [T::Compute],
                out: &mut [T],
            ) -> Result<(), ScratchError> {
                $(#[target_feature(enable = $features)])?
                #[inline(never)]
                fn write_lines<T: Float>(
                    $lanes: $level,
                    fill: &LineFill<T>,
                    stream: Stream,
                    first: u64,
                    scratch: &mut [T::Compute],
                    out: &mut [T],
                ) -> Result<(), ScratchError> {
                    fill.write_with($group, stream, first, scratch, out)
                }
                $crate::simd::fills::compiled!($($features,)? write_lines(self, fill, stream, first, scratch, out))
            }
        }
    };
}
pub(super) use fills;

/// Calls a function that was compiled with these features.
macro_rules! compiled {
    ($call:expr) => {
        $call
    };
    ($features:literal, $call:expr) => {
        // SAFETY: a value of these lanes is only made where the processor has the instructions.
        unsafe { $call }
    };
}
pub(super) use compiled;
