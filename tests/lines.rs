//! Proves that every backend gives the bits of `LineFill::write`, in any window of a tensor whatever its layout.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use weight_init_backends::{Embedded, Level, LineBackend, Rayon, Simd};
use weight_init_core::initializer::{
    AnyFill, DeltaOrthogonal, Init, Layout, Orthogonal, Shape, Sparse,
};
use weight_init_core::line_fill::LineFill;
use weight_init_core::{Stream, bf16, f16};
use weight_init_tests::bits::{Bits, same};
use weight_init_tests::every::reference;
use weight_init_tests::tape::Tape;

const STREAM: Stream = Stream::with_id(42, 0xfedc_ba98_7654_3210);

/// Fills with their tensors' numbers of elements: rows and columns, both layouts, lines of one element and of many.
fn fills<T: Bits>() -> Vec<(LineFill<T>, usize)> {
    let orthogonal = Init::Orthogonal(Orthogonal { gain: 1.5 });
    let delta = Init::DeltaOrthogonal(DeltaOrthogonal { gain: 1.5 });
    let sparse = Init::Sparse(Sparse { sparsity: 0.3, std: 0.01 });
    let cases: [(Init, &[usize], Layout); 11] = [
        (orthogonal, &[40, 40], Layout::OutIn),
        (orthogonal, &[33, 5, 3, 3], Layout::OutIn),
        (orthogonal, &[150, 31], Layout::OutIn),
        (orthogonal, &[3, 3, 20, 45], Layout::InOut),
        (orthogonal, &[1, 300], Layout::OutIn),
        (orthogonal, &[300, 1], Layout::OutIn),
        (orthogonal, &[0, 7], Layout::OutIn),
        (delta, &[12, 7, 3, 2], Layout::OutIn),
        (delta, &[3, 5, 8], Layout::InOut),
        (sparse, &[37, 22], Layout::OutIn),
        (sparse, &[22, 37], Layout::InOut),
    ];
    let cases = cases.map(|(init, dims, layout)| {
        let AnyFill::Lines(fill) = init.any_fill(&Shape::new(dims).with_layout(layout)).unwrap()
        else {
            panic!("{init:?} is made by lines")
        };
        (fill, dims.iter().product())
    });
    cases.to_vec()
}

fn windows<T: Bits, B: LineBackend<T, Memory = [T]>>(backend: &mut B) {
    let mut tape = Tape::from_seed(5);
    for (fill, elements) in fills::<T>() {
        let expected = reference(&AnyFill::Lines(fill), STREAM, elements);
        let mut check = |first: usize, len: usize| {
            let mut out = vec![T::nan(); len];
            backend.fill_lines(&fill, STREAM, first as u64, &mut out).unwrap();
            assert!(same(&out, &expected[first..][..len]), "{fill:?} {first} {len}");
        };
        check(0, elements);
        for _ in 0..12 {
            let first = tape.below(elements + 1);
            check(first, tape.below(elements - first + 1));
        }
    }
}

macro_rules! suite {
    ($($backend:ident: $each:expr;)*) => {$(
        #[test]
        fn $backend() {
            for mut backend in $each {
                windows::<f32, _>(&mut backend);
                windows::<f64, _>(&mut backend);
                windows::<f16, _>(&mut backend);
                windows::<bf16, _>(&mut backend);
            }
        }
    )*};
}

suite! {
    embedded: [Embedded];
    simd: Level::available().map(Simd::with_level);
    rayon: [Rayon::new()];
    rayon_1: [Rayon::with_threads(1).unwrap()];
    rayon_2: [Rayon::with_threads(2).unwrap()];
    rayon_7: [Rayon::with_threads(7).unwrap()];
}

/// Several blocks of lines for each thread; and how orthogonal single precision is: max |Q·Qᵀ − 1| of every seventh row.
#[test]
fn a_large_matrix_is_the_same_on_all_threads_and_orthogonal() {
    const N: usize = 2048;
    let init = Init::Orthogonal(Orthogonal::DEFAULT);
    let AnyFill::Lines(fill) = init.any_fill::<f32>(&Shape::new(&[N, N])).unwrap() else {
        panic!("by lines")
    };
    let mut q = vec![0.0_f32; N * N];
    Rayon::with_threads(2).unwrap().fill_lines(&fill, STREAM, 0, &mut q).unwrap();
    let mut part = vec![0.0_f32; 100 * N];
    let first = 1900 * N + 77;
    Rayon::with_threads(7).unwrap().fill_lines(&fill, STREAM, first as u64, &mut part).unwrap();
    assert!(same(&part, &q[first..][..100 * N]));
    let rows: Vec<&[f32]> = q.chunks_exact(N).step_by(7).collect();
    let mut worst = 0.0_f64;
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().take(i + 1) {
            let dot: f64 = a.iter().zip(*b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            worst = worst.max((dot - f64::from(u8::from(i == j))).abs());
        }
    }
    assert!(worst <= 1e-5, "{worst:e}");
}
