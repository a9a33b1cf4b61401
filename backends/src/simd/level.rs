use core::any::Any;
use core::ptr;
use std::sync::OnceLock;

use weight_init_core::line_fill::LineFill;
use weight_init_core::{Fill, Float, Stream, bf16, f16};

#[cfg(vectors)]
use super::blocks::Blocks;
use super::constant;
#[cfg(all(target_arch = "aarch64", vectors))]
use super::neon::Neon;
#[cfg(vectors)]
use super::strided;
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512, sse2::Sse2};
use crate::{Strided, in_default_environment};

/// The instructions that a fill is carried out with: a value of run time, so that one process can use them all.
///
/// This is the only place where instructions are chosen. A value exists only for instructions that the processor
/// has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Sse2(Sse2<'static>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2<'static>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<'static>),
    #[cfg(all(target_arch = "aarch64", vectors))]
    Neon,
}

/// Bytes of a whole fill from which stores go past the caches: more than stay in a cache anyway.
///
/// A store into a cache first reads what was there; past the caches it does not, and leaves there what others need.
const UNCACHED_FROM: usize = 32 << 20;

impl Level {
    /// One block of random words at a time, on any processor: the reference.
    pub const SCALAR: Self = Self(Kind::Scalar);

    /// Every level that this processor has, as a rule the slowest first and always the fastest last.
    ///
    /// A build without optimization (`opt-level = 0`, cargo's default for `cargo run`) has the scalar level alone: its
    /// vector code would be no faster, and a stack frame of it would be larger than a thread's stack.
    ///
    /// ```
    /// use weight_init_backends::Level;
    /// assert_eq!(Level::available().next(), Some(Level::SCALAR));
    /// ```
    pub fn available() -> impl Iterator<Item = Self> {
        [
            Some(Self::SCALAR),
            #[cfg(target_arch = "x86_64")]
            Some(Self(Kind::Sse2(Sse2::new()))),
            #[cfg(target_arch = "x86_64")]
            Avx2::detect().map(|token| Self(Kind::Avx2(token))),
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(|token| Self(Kind::Avx512(token))),
            #[cfg(all(target_arch = "aarch64", vectors))]
            Some(Self(Kind::Neon)),
        ]
        .into_iter()
        .flatten()
        .take(if cfg!(unoptimized) { 1 } else { usize::MAX })
    }

    /// The fastest level that this processor has; or the one that the environment variable `WEIGHT_INIT_SIMD` names
    /// when it is first asked for: `scalar`, `sse2`, `avx2`, `avx512`, `neon`. A name that is none of these, or
    /// that of a level which this processor does not have, is ignored.
    ///
    /// The level changes the speed alone, never a value.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let named = std::env::var("WEIGHT_INIT_SIMD").ok().and_then(|name| Self::named(&name));
            named.or_else(|| Self::available().last()).unwrap_or(Self::SCALAR)
        })
    }

    fn named(name: &str) -> Option<Self> {
        Self::available().find(|level| level.name() == name)
    }

    /// A name for reports: `avx2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kind::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2(_) => "sse2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "avx512",
            #[cfg(all(target_arch = "aarch64", vectors))]
            Kind::Neon => "neon",
        }
    }

    /// Writes the elements from number `first` on, the same bits at every level.
    pub fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
        self.write_part(fill, stream, first, out, size_of_val(out));
    }

    /// Writes the elements of runs, as many as `out` holds, the same bits at every level.
    ///
    /// Runs of a few elements cost about what as many consecutive elements do.
    pub fn write_strided<T: Float>(
        self,
        fill: &Fill<T>,
        stream: Stream,
        runs: Strided,
        out: &mut [T],
    ) {
        if runs.length == 0 {
            return;
        }
        in_default_environment(|| match fill {
            Fill::Constant(value) => constant::fill(*value, out, false),
            Fill::Diagonal(fill) => {
                for (run, out) in out.chunks_mut(runs.length).enumerate() {
                    out.fill(T::default());
                    fill.write_value(runs.of(run), out);
                }
            }
            _ => self.dispatch(fill, stream, Elements::Strided(runs), out),
        });
    }

    /// As [`write`](Self::write), where `out` is a part of `whole` bytes that are filled at once.
    pub(crate) fn write_part<T: Float>(
        self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
        whole: usize,
    ) {
        in_default_environment(|| self.write_here(fill, stream, first, out, whole));
    }

    /// As [`write_part`](Self::write_part), in the floating-point environment that the thread has.
    fn write_here<T: Float>(
        self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
        whole: usize,
    ) {
        let uncached = whole >= UNCACHED_FROM;
        if let Fill::Constant(value) = fill {
            constant::fill(*value, out, uncached);
            return;
        }
        if let Fill::Diagonal(fill) = fill {
            constant::fill(T::default(), out, uncached);
            fill.write_value(first, out);
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if uncached && let Some(level) = self.uncached() {
            let (head, body) = out.split_at_mut(aligned_from(out, first));
            self.dispatch(fill, stream, Elements::From(first), head);
            let behind = first.wrapping_add(head.len() as u64);
            level.dispatch(fill, stream, Elements::From(behind), body);
            // SAFETY: every processor of this target has the instruction.
            unsafe { core::arch::x86_64::_mm_sfence() };
            return;
        }
        self.dispatch(fill, stream, Elements::From(first), out);
    }

    /// Goes on to a function that is compiled here, once for its type of elements, and not anew in each crate that
    /// fills: there are many instructions, and those crates may be compiled without optimization.
    fn dispatch<T: Float>(self, fill: &Fill<T>, stream: Stream, of: Elements, out: &mut [T]) {
        macro_rules! if_type {
            ($($type:ident: $dispatch:ident;)*) => {$(
                if let Some(fill) = (fill as &dyn Any).downcast_ref::<Fill<$type>>() {
                    // SAFETY: a `Fill<T>` is a `Fill` of this type, so `T` is this type.
                    let out = unsafe { &mut *(ptr::from_mut(out) as *mut [$type]) };
                    return $dispatch(self, fill, stream, of, out);
                }
            )*};
        }
        if_type! {
            f32: dispatch_f32;
            f64: dispatch_f64;
            f16: dispatch_f16;
            bf16: dispatch_bf16;
        }
        // There are no other types.
        of.write(fill, stream, out);
    }

    /// Writes whole lines from number `first` on, the same bits at every level; `scratch` is large enough.
    pub(crate) fn write_lines<T: Float>(
        self,
        fill: &LineFill<T>,
        stream: Stream,
        first: u64,
        scratch: &mut [T::Compute],
        out: &mut [T],
    ) {
        // A failure is less scratch than one line takes.
        let _ = in_default_environment(|| match self.0 {
            Kind::Scalar => fill.write(stream, first, scratch, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2(lanes) => lanes.write_lines(fill, stream, first, scratch, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(lanes) => lanes.write_lines(fill, stream, first, scratch, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(lanes) => lanes.write_lines(fill, stream, first, scratch, out),
            #[cfg(all(target_arch = "aarch64", vectors))]
            Kind::Neon => Neon::new().write_lines(fill, stream, first, scratch, out),
        });
    }

    /// This level with stores past the caches, if it has such.
    #[cfg(target_arch = "x86_64")]
    const fn uncached(self) -> Option<Self> {
        match self.0 {
            Kind::Scalar => None,
            Kind::Sse2(token) => Some(Self(Kind::Sse2(token.uncached()))),
            Kind::Avx2(token) => Some(Self(Kind::Avx2(token.uncached()))),
            Kind::Avx512(token) => Some(Self(Kind::Avx512(token.uncached()))),
        }
    }
}

/// Elements before the first block of random words that begins at a multiple of 64 bytes: 0 if none does.
#[cfg(target_arch = "x86_64")]
fn aligned_from<T: Float>(out: &[T], first: u64) -> usize {
    let per_block = 4 / T::WORDS;
    let next_block = (first.wrapping_neg() % per_block as u64) as usize;
    let address = out.as_ptr().addr();
    (next_block..out.len())
        .step_by(per_block)
        .take(64)
        .find(|element| (address + element * size_of::<T>()).is_multiple_of(64))
        .unwrap_or_default()
}

macro_rules! compiled_here {
    ($($dispatch:ident: $type:ident;)*) => {$(
        #[inline(never)]
        fn $dispatch(
            level: Level,
            fill: &Fill<$type>,
            stream: Stream,
            of: Elements,
            out: &mut [$type],
        ) {
            dispatch(level, fill, stream, of, out);
        }
    )*};
}

compiled_here! {
    dispatch_f32: f32;
    dispatch_f64: f64;
    dispatch_f16: f16;
    dispatch_bf16: bf16;
}

/// Which elements are written.
#[derive(Clone, Copy)]
enum Elements {
    /// Consecutive ones from this number on.
    From(u64),
    /// Runs.
    Strided(Strided),
}

impl Elements {
    /// By the scalar reference, which takes a run as it comes.
    fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, out: &mut [T]) {
        match self {
            Self::From(first) => fill.write(stream, first, out),
            Self::Strided(runs) => {
                for (run, out) in out.chunks_mut(runs.length.max(1)).enumerate() {
                    fill.write(stream, runs.of(run), out);
                }
            }
        }
    }
}

fn dispatch<T: Float>(level: Level, fill: &Fill<T>, stream: Stream, of: Elements, out: &mut [T]) {
    match (of, level) {
        #[cfg(vectors)]
        (Elements::From(first), _) => make(level, Blocks::InOrder, fill, stream, first, out),
        #[cfg(vectors)]
        (Elements::Strided(runs), level) if level != Level::SCALAR => {
            strided::write(runs, out, |blocks, first, out| {
                make(level, blocks, fill, stream, first, out);
            });
        }
        _ => of.write(fill, stream, out),
    }
}

/// Consecutive elements of these blocks, of which the scalar level takes those in order alone. The one place that chooses instructions.
#[cfg(vectors)]
fn make<T: Float>(
    level: Level,
    blocks: Blocks<'_>,
    fill: &Fill<T>,
    stream: Stream,
    first: u64,
    out: &mut [T],
) {
    match level.0 {
        Kind::Scalar => fill.write(stream, first, out),
        #[cfg(target_arch = "x86_64")]
        Kind::Sse2(lanes) => lanes.of(blocks).write(fill, stream, first, out),
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2(lanes) => lanes.of(blocks).write(fill, stream, first, out),
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512(lanes) => lanes.of(blocks).write(fill, stream, first, out),
        #[cfg(all(target_arch = "aarch64", vectors))]
        Kind::Neon => Neon::new().of(blocks).write(fill, stream, first, out),
    }
}

#[cfg(test)]
mod tests;
