//! Proves that every backend gives the bits of `Fill::write`, wherever the work is cut and in whatever order it is done.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use weight_init_backends::{Backend, Embedded, Job, Level, Rayon, Simd};
use weight_init_core::fill::Diagonal;
use weight_init_core::{Fill, Stream, bf16, f16};
use weight_init_tests::bits::{Bits, same};
use weight_init_tests::cuts::{cuts, orders, permuted, random_cuts};
use weight_init_tests::tape::Tape;

/// Numbers of the first element: at every place within a block, across 2³² of elements and of blocks, far away,
/// and across the end, behind which numbers begin anew.
const FIRSTS: [u64; 10] =
    [0, 1, 2, 3, 5, (1 << 32) - 3, (1 << 34) - 3, (1 << 40) + 1, (1 << 63) - 150, u64::MAX - 149];

/// Runs every proof for every element type on each of some backends.
macro_rules! suite {
    ($($backend:ident: $each:expr;)*) => {$(
        mod $backend {
            use super::*;

            suite!(@proofs $each; lengths cuts_of_few cuts_of_many small_jobs sizes);
        }
    )*};
    (@proofs $each:expr; $($proof:ident)*) => {$(
        #[test]
        fn $proof() {
            for mut backend in $each {
                super::$proof::<f32, _>(&mut backend);
                super::$proof::<f64, _>(&mut backend);
                super::$proof::<f16, _>(&mut backend);
                super::$proof::<bf16, _>(&mut backend);
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

/// Every kind of fill and every method of the samplers.
fn fills<T: Bits>() -> Vec<Fill<T>> {
    let diagonal = |offset, stride, count, group_stride, groups| {
        Fill::diagonal(0.1, Diagonal { offset, stride, count, group_stride, groups }).unwrap()
    };
    let trunc_normal = |mean, std, a, b| Fill::trunc_normal(mean, std, a, b).unwrap();
    vec![
        Fill::constant(0.1).unwrap(),
        Fill::uniform(-1.0, 1.0).unwrap(),
        Fill::uniform(-0.03, 0.03).unwrap(),
        Fill::normal(0.0, 1.0).unwrap(),
        Fill::normal(0.5, 0.02).unwrap(),
        trunc_normal(0.0, 1.0, -2.0, 2.0),
        trunc_normal(0.0, 0.02, -2.0, 2.0),
        // One-sided; narrow; narrow and far; the far tails.
        trunc_normal(0.0, 1.0, 3.0, 1e4),
        trunc_normal(0.0, 1.0, -0.1, 0.1),
        trunc_normal(0.0, 1.0, 20.0, 20.5),
        trunc_normal(0.0, 1.0, 9.0, 12.0),
        trunc_normal(0.0, 0.5, -30.0, -10.0),
        // A matrix; groups one behind the other, and groups that alternate.
        diagonal(0, 262, 1 << 30, 0, 1),
        diagonal(4, 45, 3, 144, 1000),
        diagonal(2, 9, 4, 4, 300),
    ]
}

/// The elements that `Fill::write` gives.
fn reference<T: Bits>(fill: &Fill<T>, stream: Stream, first: u64, len: usize) -> Vec<T> {
    let mut out = vec![T::default(); len];
    fill.write(stream, first, &mut out);
    out
}

#[track_caller]
fn assert_same<T: Bits>(found: &[T], expected: &[T], what: impl std::fmt::Debug) {
    assert!(same(found, expected), "{what:?}");
}

/// Every length up to 300 from every first element.
fn lengths<T: Bits, B: Backend<T, Memory = [T]>>(backend: &mut B) {
    const LONGEST: usize = 300;
    let stream = Stream::new(42, "backbone.conv1.weight");
    for fill in fills::<T>() {
        for first in FIRSTS {
            let expected = reference(&fill, stream, first, LONGEST);
            for len in 0..=LONGEST {
                let mut out = vec![T::default(); len];
                backend.fill(&fill, stream, first, &mut out).unwrap();
                assert_same(&out, &expected[..len], (fill, first, len));
            }
        }
    }
}

/// Every cut of 5 elements into pieces, the pieces in every order; and of 9 elements in three orders.
fn cuts_of_few<T: Bits, B: Backend<T, Memory = [T]>>(backend: &mut B) {
    let stream = Stream::new(7, "neck.lateral_convs.0.bias");
    for fill in fills::<T>() {
        for (len, first) in [(5, 0), (5, 3), (9, 1)] {
            let expected = reference(&fill, stream, first, len);
            for lengths in cuts(len) {
                for order in orders(lengths.len(), len <= 5) {
                    let found = pieces(backend, &fill, stream, first, &lengths, &order);
                    assert_same(&found, &expected, (fill, first, &lengths, &order));
                }
            }
        }
    }
}

/// Random cuts of several tiles into pieces, in random order.
fn cuts_of_many<T: Bits, B: Backend<T, Memory = [T]>>(backend: &mut B) {
    const LEN: usize = 70_003;
    let stream = Stream::new(u64::MAX, "bbox_head.retina_cls.weight");
    let mut tape = Tape::from_seed(1);
    for fill in fills::<T>() {
        for first in [3, (1 << 32) - 3] {
            let expected = reference(&fill, stream, first, LEN);
            for pieces_at_most in [3, 60] {
                let lengths = random_cuts(&mut tape, LEN, pieces_at_most);
                let order = permuted(&mut tape, lengths.len());
                let found = pieces(backend, &fill, stream, first, &lengths, &order);
                assert_same(&found, &expected, (fill, first, &lengths, &order));
            }
        }
    }
}

/// Fills the pieces in an order, once one by one and once in a single call, and returns the whole.
fn pieces<T: Bits, B: Backend<T, Memory = [T]>>(
    backend: &mut B,
    fill: &Fill<T>,
    stream: Stream,
    first: u64,
    lengths: &[usize],
    order: &[usize],
) -> Vec<T> {
    let len = lengths.iter().sum();
    let mut one_by_one = vec![T::default(); len];
    for job in &mut jobs(fill, stream, first, &mut one_by_one, lengths, order) {
        backend.fill(&job.fill, job.stream, job.first, job.out).unwrap();
    }
    let mut at_once = vec![T::default(); len];
    backend.fill_all(&mut jobs(fill, stream, first, &mut at_once, lengths, order)).unwrap();
    assert_same(&one_by_one, &at_once, (fill, first, lengths, order));
    at_once
}

fn jobs<'a, T: Bits>(
    fill: &Fill<T>,
    stream: Stream,
    mut first: u64,
    mut rest: &'a mut [T],
    lengths: &[usize],
    order: &[usize],
) -> Vec<Job<'a, T>> {
    let mut jobs = Vec::new();
    for &len in lengths {
        let (out, behind) = rest.split_at_mut(len);
        jobs.push(Some(Job { fill: *fill, stream, first, out }));
        first += len as u64;
        rest = behind;
    }
    order.iter().map(|&index| jobs[index].take().unwrap()).collect()
}

/// Called from a thread of a rayon pool, it runs on that pool's threads and starts none of its own.
#[test]
fn rayon_stays_in_the_pool_that_it_is_called_in() {
    let pool = ::rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let (fill, stream) = (Fill::<f32>::normal(0.0, 1.0).unwrap(), Stream::new(42, "fc.weight"));
    let expected = reference(&fill, stream, 0, 200_000);
    let (mut one, mut other) = (vec![0.0; 200_000], vec![0.0; 200_000]);
    pool.install(|| {
        assert_eq!(Rayon::new().threads(), 3);
        ::rayon::join(
            || Rayon::new().fill(&fill, stream, 0, &mut one).unwrap(),
            || Rayon::new().fill(&fill, stream, 0, &mut other).unwrap(),
        );
    });
    assert_same(&one, &expected, "one of two at once");
    assert_same(&other, &expected, "the other");
}

/// 5000 jobs of up to 40 elements in one call, every fill among them.
fn small_jobs<T: Bits, B: Backend<T, Memory = [T]>>(backend: &mut B) {
    let mut tape = Tape::from_seed(2);
    let lengths = (0..5000).map(|_| tape.below(41)).collect();
    of_different_sizes(backend, &mut tape, lengths);
}

/// Jobs of none, one and very many elements in one call.
fn sizes<T: Bits, B: Backend<T, Memory = [T]>>(backend: &mut B) {
    let mut tape = Tape::from_seed(3);
    let lengths = vec![0, 1, 32_767, 32_768, 32_769, 3, 0, 98_304, 7, 250_001, 1];
    of_different_sizes(backend, &mut tape, lengths);
    of_different_sizes(backend, &mut tape, Vec::new());
    of_different_sizes(backend, &mut tape, vec![0; 100]);
}

fn of_different_sizes<T: Bits, B: Backend<T, Memory = [T]>>(
    backend: &mut B,
    tape: &mut Tape,
    lengths: Vec<usize>,
) {
    let fills = fills::<T>();
    let shift = tape.below(fills.len());
    let parts: Vec<_> = (lengths.iter().enumerate())
        .map(|(index, _)| {
            let stream = Stream::new(42, &format!("layers.{index}.weight"));
            (fills[(index + shift) % fills.len()], stream, FIRSTS[tape.below(FIRSTS.len())])
        })
        .collect();
    let mut out: Vec<_> = lengths.iter().map(|&len| vec![T::default(); len]).collect();
    let mut jobs: Vec<_> = (parts.iter().zip(&mut out))
        .map(|(&(fill, stream, first), out)| Job { fill, stream, first, out: &mut out[..] })
        .collect();
    backend.fill_all(&mut jobs).unwrap();
    for ((fill, stream, first), out) in parts.iter().zip(&out) {
        assert_same(out, &reference(fill, *stream, *first, out.len()), (fill, stream, first));
    }
}
