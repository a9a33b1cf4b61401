//! Fills that are made line by line, in any window of a tensor.
//!
//! A window of contiguous lines is made where it lies; only lines that stand in it in part are made aside. Of lines with a
//! stride, such as the columns of a high matrix, the whole tensor is made aside, as large as it is, and the window is copied from it.

use std::vec;
use std::vec::Vec;

use weight_init_core::line_fill::{LineFill, Lines};
use weight_init_core::{Float, Stream, bf16, f16};

use crate::Backend;

/// A backend that makes fills line by line, too.
///
/// Memory for scratch is its own affair. A CUDA device is none: what runs on it makes such tensors on the host.
pub trait LineBackend<T: Float>: Backend<T> {
    /// Writes the elements from number `first` on of a tensor that is filled line by line, as many as `out` holds; the same
    /// bits as the same lines by [`LineFill::write`].
    ///
    /// # Errors
    ///
    /// As [`Backend::fill`].
    fn fill_lines(
        &mut self,
        fill: &LineFill<T>,
        stream: Stream,
        first: u64,
        out: &mut Self::Memory,
    ) -> Result<(), Self::Error>;
}

/// One fill of lines: see [`LineBackend::fill_lines`] for its parts.
#[derive(Debug)]
pub struct LineJob<'a, T: Float> {
    /// The numbers.
    pub fill: LineFill<T>,
    /// The tensor's random stream.
    pub stream: Stream,
    /// Number of the first element.
    pub first: u64,
    /// Where to write.
    pub out: &'a mut [T],
}

/// Fills of lines, by element type.
#[derive(Debug, Default)]
pub struct LineJobs<'a> {
    /// Of `f32`.
    pub singles: Vec<LineJob<'a, f32>>,
    /// Of `f64`.
    pub doubles: Vec<LineJob<'a, f64>>,
    /// Of `f16`.
    pub halves: Vec<LineJob<'a, f16>>,
    /// Of `bf16`.
    pub brains: Vec<LineJob<'a, bf16>>,
}

impl LineJobs<'_> {
    /// None.
    pub const EMPTY: Self =
        Self { singles: Vec::new(), doubles: Vec::new(), halves: Vec::new(), brains: Vec::new() };

    /// Carries them out, one after the other.
    ///
    /// # Errors
    ///
    /// What the backend's device may refuse.
    pub fn run<B, E>(&mut self, backend: &mut B) -> Result<(), E>
    where
        B: LineBackend<f32, Memory = [f32], Error = E>
            + LineBackend<f64, Memory = [f64], Error = E>
            + LineBackend<f16, Memory = [f16], Error = E>
            + LineBackend<bf16, Memory = [bf16], Error = E>,
    {
        run(&mut self.singles, backend)?;
        run(&mut self.doubles, backend)?;
        run(&mut self.halves, backend)?;
        run(&mut self.brains, backend)
    }
}

fn run<T: Float, B: LineBackend<T, Memory = [T]>>(
    jobs: &mut [LineJob<'_, T>],
    backend: &mut B,
) -> Result<(), B::Error> {
    jobs.iter_mut()
        .try_for_each(|job| backend.fill_lines(&job.fill, job.stream, job.first, job.out))
}

/// Writes a window of a tensor whose whole lines `make` makes, from the line of this number on.
pub(crate) fn window<T: Float>(
    fill: &LineFill<T>,
    first: u64,
    out: &mut [T],
    make: impl Fn(usize, &mut [T]),
) {
    let lines = fill.lines();
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    if out.is_empty() || lines.count == 0 || lines.length == 0 {
        return out.fill(T::default());
    }
    if !lines.are_contiguous() {
        let mut whole = vec![T::default(); lines.count * lines.length];
        make(0, &mut whole);
        return gather(lines, &whole, first, out);
    }
    let (line, skipped) = (first / lines.length, first % lines.length);
    let head = if skipped == 0 { 0 } else { out.len().min(lines.length - skipped) };
    let (head, body) = out.split_at_mut(head);
    let (whole, tail) = body.split_at_mut(body.len() - body.len() % lines.length);
    let aside = |line: usize, skipped: usize, out: &mut [T]| {
        if !out.is_empty() {
            let mut one = vec![T::default(); lines.length];
            make(line, &mut one);
            out.copy_from_slice(&one[skipped..][..out.len()]);
        }
    };
    aside(line, skipped, head);
    let line = line + usize::from(skipped > 0);
    if !whole.is_empty() {
        make(line, whole);
    }
    aside(line + whole.len() / lines.length, 0, tail);
}

/// Copies lines, which stand one behind the other in `whole`, to their places; zeros between them.
fn gather<T: Float>(lines: Lines, whole: &[T], first: usize, out: &mut [T]) {
    out.fill(T::default());
    // Of both loops the inner one is that of the shorter stride.
    let (outer, inner) = if lines.stride < lines.line_stride {
        (lines.count, lines.length)
    } else {
        (lines.length, lines.count)
    };
    for outer in 0..outer {
        for inner in 0..inner {
            let (line, index) =
                if lines.stride < lines.line_stride { (outer, inner) } else { (inner, outer) };
            let place = lines.number(line, index).checked_sub(first);
            if let Some(out) = place.and_then(|place| out.get_mut(place)) {
                *out = whole[line * lines.length + index];
            }
        }
    }
}

/// Lines by the processor's instructions of some level, with scratch memory of their own.
pub(crate) fn make<T: Float>(
    level: crate::Level,
    fill: &LineFill<T>,
    stream: Stream,
    line: usize,
    out: &mut [T],
) {
    // More than this many lines are made in several rounds: they would not stay in a cache.
    const AT_ONCE: usize = 64;
    let count = out.len() / fill.lines().length.max(1);
    let mut scratch = vec![T::Compute::default(); fill.scratch(count.min(AT_ONCE))];
    level.write_lines(fill, stream, line as u64, &mut scratch, out);
}
