use std::vec::Vec;

use super::*;
use crate::initializer::{DeltaOrthogonal, Init, InitError, Layout, Orthogonal, Shape, Sparse};
use crate::{bf16, f16};

const STREAM: Stream = Stream::with_id(42, 7);

fn lines<T: Float>(init: Init, shape: &Shape<'_>) -> LineFill<T> {
    match init.any_fill(shape) {
        Ok(AnyFill::Lines(fill)) => fill,
        other => panic!("{other:?}"),
    }
}

fn orthogonal<T: Float>(rows: usize, columns: usize) -> LineFill<T> {
    lines(Init::Orthogonal(Orthogonal::DEFAULT), &Shape::new(&[rows, columns]))
}

fn sparse<T: Float>(sparsity: f64, rows: usize, columns: usize) -> LineFill<T> {
    lines(Init::Sparse(Sparse { sparsity, std: 0.5 }), &Shape::new(&[rows, columns]))
}

fn written<T: Float>(fill: &LineFill<T>, first: u64, count: usize, at_once: usize) -> Vec<T> {
    let mut out = std::vec![T::nan(); count * fill.lines().length];
    let mut scratch = std::vec![T::Compute::default(); fill.scratch(at_once)];
    fill.write(STREAM, first, &mut scratch, &mut out).expect("enough");
    out
}

/// max |L·Lᵀ − 1| of the lines.
fn orthogonality<T: Float>(lines: &[T], length: usize) -> f64 {
    let lines: Vec<&[T]> = lines.chunks_exact(length).collect();
    let mut worst = 0.0_f64;
    for (i, a) in lines.iter().enumerate() {
        for (j, b) in lines.iter().enumerate().take(i + 1) {
            let pairs = a.iter().zip(*b);
            let dot: f64 = pairs.map(|(a, b)| a.to_f64_exact() * b.to_f64_exact()).sum();
            worst = worst.max((dot - f64::from(u8::from(i == j))).abs());
        }
    }
    worst
}

fn any_lines_are_those_of_the_whole<T: Float>() {
    for fill in [orthogonal::<T>(13, 37), orthogonal(70, 33), sparse(0.3, 20, 9)] {
        let Lines { count, length, .. } = fill.lines();
        let whole = written(&fill, 0, count, 1);
        for first in 0..count {
            for (some, at_once) in [(1, 1), (3, 1), (3, 2), (7, 50)] {
                let some = some.min(count - first);
                let part = written(&fill, first as u64, some, at_once);
                assert_eq!(part, whole[first * length..][..some * length], "{fill:?} {first}");
            }
        }
    }
}

#[test]
fn any_lines_are_those_of_the_whole_in_every_type() {
    any_lines_are_those_of_the_whole::<f32>();
    any_lines_are_those_of_the_whole::<f64>();
    any_lines_are_those_of_the_whole::<f16>();
    any_lines_are_those_of_the_whole::<bf16>();
}

#[test]
fn lines_are_orthonormal() {
    for (rows, columns) in [(1, 1), (1, 5), (5, 1), (2, 2), (33, 33), (20, 300), (300, 20)] {
        let fill = orthogonal::<f32>(rows, columns);
        let Lines { count, length, .. } = fill.lines();
        assert_eq!((count, length), (rows.min(columns), rows.max(columns)));
        assert!(orthogonality(&written(&fill, 0, count, 1), length) < 2e-6, "{rows}×{columns}");
        let fill = orthogonal::<f64>(rows, columns);
        assert!(orthogonality(&written(&fill, 0, count, 1), length) < 2e-14, "{rows}×{columns}");
    }
}

/// Line by line as docs/stream.md says it: without panels, lines abreast or chunks.
fn by_the_book(order: usize, gain: f32) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| {
        let mut sums = [0.0_f32; 32];
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            sums[i % 32] += a * b;
        }
        for half in [16, 8, 4, 2, 1] {
            (0..half).for_each(|i| sums[i] += sums[i + half]);
        }
        sums[0]
    };
    let reflection = |k: usize| {
        let mut v = std::vec![0.0; order];
        Fill::normal(0.0, 1.0).expect("legal").write(STREAM, (k * order + k) as u64, &mut v[k..]);
        let sign = if v[k] < 0.0 { -1.0 } else { 1.0 };
        v[k] += sign * libm::sqrtf(dot(&v, &v));
        (2.0 / dot(&v, &v), sign, v)
    };
    let reflections: Vec<_> = (0..order).map(reflection).collect();
    let line = |j: usize| {
        let mut line = std::vec![0.0; order];
        line[j] = -reflections[j].1;
        for (factor, _, v) in reflections[..=j].iter().rev() {
            let by = factor * dot(v, &line);
            line.iter_mut().zip(v).for_each(|(x, v)| *x -= by * v);
        }
        line.into_iter().map(move |x| x * gain)
    };
    (0..order).flat_map(line).collect()
}

#[test]
fn orthogonal_lines_are_those_of_the_book() {
    for (order, at_once) in [(1, 1), (31, 1), (32, 7), (33, 9), (64, 64), (70, 9), (101, 8)] {
        let init = Init::Orthogonal(Orthogonal { gain: 0.75 });
        let fill = lines::<f32>(init, &Shape::new(&[order, order]));
        let bits = |lines: Vec<f32>| lines.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let ours = written(&fill, 0, order, at_once);
        assert_eq!(bits(ours), bits(by_the_book(order, 0.75)), "{order} {at_once}");
    }
}

#[test]
fn sixteen_bits_are_the_f32_lines_rounded() {
    for (wide, half) in [
        (orthogonal::<f32>(9, 40), orthogonal::<f16>(9, 40)),
        (sparse(0.5, 9, 40), sparse(0.5, 9, 40)),
    ] {
        let count = wide.lines().count;
        let rounded: Vec<f16> =
            written(&wide, 0, count, 1).into_iter().map(f16::from_f32).collect();
        assert_eq!(written(&half, 0, count, 3), rounded);
    }
}

/// E tr Q = 0, E (tr Q)² = 1, E (tr Q)⁴ = 3, E tr Q² = 1 and E q² = 1/n of orthogonal matrices of order n ≥ 4 (P. Diaconis,
/// M. Shahshahani: *On the eigenvalues of random matrices*, 1994). The variances of these are at most 1, 2, 96 and 2, and
/// that of q² is below 2/n². Every one of the 68 means may be 5 standard errors off: by chance one of them would be with a
/// probability below 4·10⁻⁵, were the seeds not fixed.
#[test]
fn matrices_have_haars_moments() {
    const N: usize = 8;
    const MATRICES: u64 = 10_000;
    let fill = orthogonal::<f32>(N, N);
    let (mut sums, mut squares) = ([0.0; 4], [0.0; N * N]);
    let (mut q, mut scratch) = ([0.0_f32; N * N], [0.0; N]);
    for seed in 0..MATRICES {
        fill.write(Stream::with_id(seed, 1), 0, &mut scratch, &mut q).expect("enough");
        let at = |i: usize, j: usize| f64::from(q[i * N + j]);
        let trace: f64 = (0..N).map(|i| at(i, i)).sum();
        let of_square: f64 = (0..N * N).map(|k| at(k / N, k % N) * at(k % N, k / N)).sum();
        let moments = [trace, trace * trace, trace * trace * trace * trace, of_square];
        sums.iter_mut().zip(moments).for_each(|(sum, x)| *sum += x);
        squares.iter_mut().zip(q).for_each(|(sum, x)| *sum += f64::from(x) * f64::from(x));
    }
    let n = MATRICES as f64;
    for ((sum, mean), variance) in sums.iter().zip([0.0, 1.0, 3.0, 1.0]).zip([1.0, 2.0, 96.0, 2.0])
    {
        assert!((sum / n - mean).abs() < 5.0 * libm::sqrt(variance / n), "{sums:?}");
    }
    for square in squares {
        assert!((square / n - 0.125).abs() < 5.0 * libm::sqrt(2.0 / 64.0 / n), "{square}");
    }
}

#[test]
fn every_line_has_the_same_number_of_zeros() {
    for (sparsity, rows, zeros) in
        [(0.0, 10, 0), (0.1, 10, 1), (0.11, 10, 2), (0.5, 7, 4), (1.0, 7, 7), (1e-9, 5, 1)]
    {
        let fill = sparse::<f32>(sparsity, rows, 50);
        assert_eq!((fill.lines().count, fill.lines().length), (50, rows));
        for line in written(&fill, 0, 50, 1).chunks_exact(rows) {
            assert_eq!(line.iter().filter(|x| **x == 0.0).count(), zeros, "{sparsity} {rows}");
        }
    }
    // Those beside the zeros are what the normal distribution gives their number.
    let (line, mut normal) = (written(&sparse::<f32>(0.5, 40, 3), 1, 1, 1), [0.0; 40]);
    Fill::normal(0.0, 0.5).expect("legal").write(STREAM, 40, &mut normal);
    assert!(line.iter().zip(normal).all(|(x, normal)| *x == 0.0 || *x == normal));
}

/// χ² of the 10 sets of 2 zeros among 5 elements, 9 degrees of freedom: above 39.3 with a probability of 10⁻⁵, were the
/// seed not fixed.
#[test]
fn every_set_of_zeros_is_as_likely() {
    const LINES: usize = 50_000;
    let fill = sparse::<f32>(0.4, 5, LINES);
    let mut sets = std::collections::BTreeMap::new();
    for line in written(&fill, 0, LINES, 1).chunks_exact(5) {
        let set: Vec<bool> = line.iter().map(|x| *x == 0.0).collect();
        *sets.entry(set).or_insert(0_u32) += 1;
    }
    assert_eq!(sets.len(), 10);
    let expected = LINES as f64 / 10.0;
    let chi: f64 =
        sets.values().map(|n| (f64::from(*n) - expected) * (f64::from(*n) - expected)).sum();
    assert!(chi / expected < 39.3, "{}", chi / expected);
}

#[test]
fn lines_stand_where_the_layout_says() {
    let of = |init, dims: &[usize], layout| {
        lines::<f32>(init, &Shape::new(dims).with_layout(layout)).lines()
    };
    let (orthogonal, delta) = (Orthogonal { gain: 2.0 }, DeltaOrthogonal { gain: 2.0 });
    let sparse = Init::Sparse(Sparse { sparsity: 0.5, std: 1.0 });
    let lines = |offset, count, length, stride, line_stride| Lines {
        offset,
        count,
        length,
        stride,
        line_stride,
    };
    let orthogonal = Init::Orthogonal(orthogonal);
    assert_eq!(of(orthogonal, &[4, 2, 3], Layout::OutIn), lines(0, 4, 6, 1, 6));
    assert_eq!(of(orthogonal, &[9, 2, 3], Layout::OutIn), lines(0, 6, 9, 6, 1));
    assert_eq!(of(orthogonal, &[2, 3, 4], Layout::InOut), lines(0, 4, 6, 4, 1));
    assert_eq!(of(sparse, &[3, 5], Layout::OutIn), lines(0, 5, 3, 5, 1));
    assert_eq!(of(sparse, &[5, 3], Layout::InOut), lines(0, 5, 3, 1, 3));
    let delta = Init::DeltaOrthogonal(delta);
    assert_eq!(of(delta, &[4, 2, 3], Layout::OutIn), lines(1, 2, 4, 6, 3));
    assert_eq!(of(delta, &[3, 2, 4], Layout::InOut), lines(8, 2, 4, 1, 4));
}

fn a_tensor_has_its_lines_at_their_places<T: Float>() {
    for (fill, elements) in [
        (orthogonal::<T>(5, 9), 45),
        (orthogonal(9, 5), 45),
        (sparse(0.4, 7, 6), 42),
        (sparse(0.0, 7, 6), 42),
        (sparse(1.0, 7, 6), 42),
        (lines(Init::DeltaOrthogonal(DeltaOrthogonal { gain: 0.5 }), &Shape::new(&[4, 3, 3])), 36),
    ] {
        let of = fill.lines();
        let (whole, mut expected) =
            (written(&fill, 0, of.count, 3), std::vec![T::default(); elements]);
        for (place, x) in whole.iter().enumerate() {
            expected[of.number(place / of.length, place % of.length)] = *x;
        }
        let mut out = std::vec![T::nan(); elements];
        let mut scratch = std::vec![T::Compute::default(); 2 * of.length];
        fill.write_tensor(Scalar, STREAM, &mut scratch, &mut out).expect("enough");
        assert_eq!(out, expected, "{fill:?}");
        let refused = fill.write_tensor(Scalar, STREAM, &mut scratch[..of.length - 1], &mut out);
        assert_eq!(refused.unwrap_err().found, of.length - 1);
    }
}

#[test]
fn a_tensor_has_its_lines_at_their_places_in_every_type() {
    a_tensor_has_its_lines_at_their_places::<f32>();
    a_tensor_has_its_lines_at_their_places::<f64>();
    a_tensor_has_its_lines_at_their_places::<f16>();
    a_tensor_has_its_lines_at_their_places::<bf16>();
}

#[test]
fn refusals() {
    let fill = orthogonal::<bf16>(3, 5);
    let refused = fill.write(STREAM, 0, &mut [0.0; 9], &mut [bf16::ONE; 15]);
    assert_eq!(refused, Err(ScratchError { needed: 10, found: 9 }));
    assert_eq!(
        std::format!("{}", refused.unwrap_err()),
        "the lines take 10 numbers of scratch memory, there are 9"
    );
    let delta = Init::DeltaOrthogonal(DeltaOrthogonal::DEFAULT);
    let messages = [
        Init::Orthogonal(Orthogonal::DEFAULT).any_fill::<f32>(&Shape::new(&[3])),
        Init::Orthogonal(Orthogonal { gain: 1e39 }).any_fill(&Shape::new(&[3, 4])),
        delta.any_fill(&Shape::new(&[2, 3, 3])),
        delta.any_fill(&Shape::new(&[2, 3])),
        Init::Sparse(Sparse { sparsity: 0.5, std: 1.0 }).any_fill(&Shape::new(&[2, 3, 3])),
        Init::Orthogonal(Orthogonal::DEFAULT).fill(&Shape::new(&[3, 4])).map(AnyFill::Elements),
    ]
    .map(|refused| std::string::ToString::to_string(&refused.unwrap_err()));
    assert_eq!(
        messages,
        [
            "it needs a shape of 2 or more dimensions, this one has 1",
            "gain is 1e39, beyond the range of float32 (up to 3.40e38)",
            "it needs a kernel with no more inputs than outputs, this one has 3 and 2",
            "it needs a shape of 3 to 5 dimensions, this one has 2",
            "it needs a shape of 2 dimensions, this one has 3",
            "it makes whole lines with scratch memory, not single elements",
        ]
    );
    assert!(size_of::<InitError>() <= 32);
}
