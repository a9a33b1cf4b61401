//! Functions of drawn elements, piece by piece.

use weight_init_core::{Fill, Float, Stream};

use crate::model::constructor::Step;

/// Elements that are drawn at a time.
const PIECE: usize = 1 << 12;

/// Writes what the functions make of the draw, from element `first` on: f64 numbers, rounded once at the end.
pub(super) fn mapped<T: Float>(
    fill: &Fill<f64>,
    stream: Stream,
    steps: &[Step],
    first: u64,
    out: &mut [T],
) {
    let mut drawn = vec![0.0; PIECE.min(out.len())];
    for (at, piece) in (first..).step_by(PIECE).zip(out.chunks_mut(PIECE)) {
        let drawn = drawn.get_mut(..piece.len()).unwrap_or_default();
        fill.write(stream, at, drawn);
        for (out, x) in piece.iter_mut().zip(drawn) {
            *out = T::from_f64_rounded(steps.iter().fold(*x, |x, step| step.of(x)));
        }
    }
}
