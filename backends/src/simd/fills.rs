//! The functions that fill memory, compiled with the instructions of each level.

/// Methods of lanes that fill memory, from the features that they need, if any, and the lanes that a group takes of them.
///
/// The module that says it holds the code, several hundred kilobytes for each level: a compiler's threads take a module each.
macro_rules! fills {
    ($level:ident $(: $features:literal)?, |$lanes:ident| $group:expr) => {
        impl $level<'_> {
            /// Writes consecutive elements from number `first` on: of the blocks that these lanes take.
            pub(super) fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
                $(#[target_feature(enable = $features)])?
                #[inline(never)]
                fn write<T: Float>($lanes: $level<'_>, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
                    fill.write_with($group, stream, first, out);
                }
                $crate::simd::fills::compiled!($($features,)? write(self, fill, stream, first, out));
            }

            /// Writes whole lines from number `first` on.
            pub(super) fn write_lines<T: Float>(
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
                    $lanes: $level<'_>,
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
