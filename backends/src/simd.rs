//! Vector instructions: one text of the samplers (core's), many lanes.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(vectors)]
mod blocks;
mod constant;
#[cfg(vectors)]
mod fills;
#[cfg(vectors)]
mod instructions;
mod level;
#[cfg(all(target_arch = "aarch64", vectors))]
mod neon;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(vectors)]
mod strided;

use core::convert::Infallible;

use weight_init_core::line_fill::LineFill;
use weight_init_core::{Fill, Float, Stream};

pub use self::level::Level;
use crate::Backend;
use crate::line::{LineBackend, make, window};

/// One core with the best of its vector instructions, into the caller's buffer.
///
/// ```
/// use weight_init_backends::{Backend, Embedded, Simd};
/// use weight_init_core::{Fill, Stream};
///
/// let fill = Fill::<f32>::normal(0.0, 1.0)?;
/// let stream = Stream::new(42, "fc.weight");
/// let (mut reference, mut fast) = ([0.0; 1000], [0.0; 1000]);
/// Embedded.fill(&fill, stream, 0, &mut reference)?;
/// Simd::new().fill(&fill, stream, 0, &mut fast)?;
/// assert_eq!(reference, fast);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Simd {
    level: Level,
}

impl Simd {
    /// With the best instructions that this processor has.
    #[must_use]
    pub fn new() -> Self {
        Self { level: Level::best() }
    }

    /// With these instructions.
    #[must_use]
    pub const fn with_level(level: Level) -> Self {
        Self { level }
    }

    pub(crate) const fn level(&self) -> Level {
        self.level
    }
}

impl Default for Simd {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Backend<T> for Simd {
    type Memory = [T];
    type Error = Infallible;

    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        self.level.write(fill, stream, first, out);
        Ok(())
    }
}

impl<T: Float> LineBackend<T> for Simd {
    fn fill_lines(
        &mut self,
        fill: &LineFill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        window(fill, first, out, |line, out| make(self.level, fill, stream, line, out));
        Ok(())
    }
}

/// With scratch memory of the heap; without one, see [`LineFill::write`].
#[cfg(feature = "embedded")]
impl<T: Float> LineBackend<T> for crate::Embedded {
    fn fill_lines(
        &mut self,
        fill: &LineFill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        window(fill, first, out, |line, out| make(Level::SCALAR, fill, stream, line, out));
        Ok(())
    }
}
