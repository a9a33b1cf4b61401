//! Proves that every initializer of the list has the same bits on every backend, in any window of a tensor.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use weight_init_backends::{Embedded, Level, LineBackend, Rayon, Simd};
use weight_init_core::initializer::AnyFill;
use weight_init_core::{Stream, bf16, f16};
use weight_init_tests::bits::{Bits, same};
use weight_init_tests::every::{Case, LARGE, SMALL, every, reference};
use weight_init_tests::tape::Tape;

const STREAM: Stream = Stream::with_id(42, 0xfedc_ba98_7654_3210);

/// The whole and so many random windows of each tensor.
fn windows<T: Bits, B: LineBackend<T, Memory = [T]>>(
    backend: &mut B,
    cases: &[Case],
    windows: usize,
) {
    let mut tape = Tape::from_seed(11);
    for case in cases {
        let (fill, elements) = (case.fill::<T>(), case.elements());
        let expected = reference(&fill, STREAM, elements);
        let mut check = |first: usize, len: usize| {
            let mut out = vec![T::nan(); len];
            let first_number = first as u64;
            match &fill {
                AnyFill::Elements(fill) => backend.fill(fill, STREAM, first_number, &mut out),
                AnyFill::Lines(fill) => backend.fill_lines(fill, STREAM, first_number, &mut out),
            }
            .unwrap();
            assert!(same(&out, &expected[first..][..len]), "{case:?}: {first} {len}");
        };
        check(0, elements);
        for _ in 0..windows {
            let first = tape.below(elements + 1);
            check(first, tape.below(elements - first + 1));
        }
    }
}

fn all_types<B>(backend: &mut B, cases: &[Case], count: usize)
where
    B: LineBackend<f32, Memory = [f32]>
        + LineBackend<f64, Memory = [f64]>
        + LineBackend<f16, Memory = [f16]>
        + LineBackend<bf16, Memory = [bf16]>,
{
    windows::<f32, _>(backend, cases, count);
    windows::<f64, _>(backend, cases, count);
    windows::<f16, _>(backend, cases, count);
    windows::<bf16, _>(backend, cases, count);
}

#[test]
fn on_the_embedded_backend() {
    all_types(&mut Embedded, &every(SMALL), 4);
}

#[test]
fn at_every_simd_level() {
    let cases = every(SMALL);
    for level in Level::available() {
        all_types(&mut Simd::with_level(level), &cases, 4);
    }
}

/// Tensors that are cut into pieces for threads; of every type its defaults.
#[test]
fn on_any_number_of_threads() {
    let cases: Vec<_> = every(LARGE).into_iter().filter(|case| !case.name.contains(' ')).collect();
    for threads in [1, 2, 7] {
        all_types(&mut Rayon::with_threads(threads).unwrap(), &cases, 1);
    }
}
