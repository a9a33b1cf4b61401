//! Ten billion samples of the chosen normal and truncated normal, against their laws. About a minute of two processors:
//!
//! ```text
//! cargo test --release -p weight-init-tests --test ten_billion -- --ignored --nocapture --test-threads 1
//! ```
//!
//! As in `statistics`, every check fails by chance with a probability of at most 10⁻⁹, and for another seed.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]
#![allow(clippy::disallowed_methods, reason = "to measure samples, never part of a weight")]

use rayon::prelude::*;
use weight_init_backends::{Backend, Simd};
use weight_init_core::{Fill, Stream};
use weight_init_tests::statistics::{
    Law, Rounded, chi_square_limit, distance_limit, normal_limit, upper_tail,
};

/// Samples of each law.
const SAMPLES: u64 = 10_000_000_000;

/// Samples that are made at once; a core's cache holds them.
const PIECE: usize = 1 << 16;

/// Bits of a sample that its cell of the histogram does not see.
const UNSEEN: u32 = 12;

/// Cells of the chi-square.
const CELLS: usize = 10_000;

/// Counts of samples by the leading bits of their place in the order of all `f32`.
struct Histogram(Vec<u64>);

impl Histogram {
    fn of(fill: Fill<f32>) -> Self {
        let stream = Stream::new(42, "ten billion");
        let empty = || (vec![0; 1 << (u32::BITS - UNSEEN)], vec![0.0_f32; PIECE]);
        let counted = (0..SAMPLES.div_ceil(PIECE as u64)).into_par_iter().fold(
            empty,
            |(mut counts, mut piece), number| {
                let first = number * PIECE as u64;
                let samples = &mut piece[..(SAMPLES - first).min(PIECE as u64) as usize];
                Simd::new().fill(&fill, stream, first, samples).unwrap();
                for sample in samples {
                    counts[(place(*sample) >> UNSEEN) as usize] += 1_u64;
                }
                (counts, piece)
            },
        );
        let add = |mut sum: Vec<u64>, counts: Vec<u64>| {
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            sum
        };
        Self(counted.map(|(counts, _)| counts).reduce_with(add).unwrap())
    }

    /// Each cell's largest number, with how many samples are not above it.
    fn ends(&self) -> impl Iterator<Item = (f32, u64)> {
        let mut below = 0;
        self.0.iter().zip(1_u64..).map(move |(count, behind)| {
            below += count;
            (value(((behind << UNSEEN) - 1) as u32), below)
        })
    }
}

/// Place in the order of all `f32`.
fn place(x: f32) -> u32 {
    let bits = x.to_bits();
    if x.is_sign_negative() { !bits } else { bits | 1 << 31 }
}

fn value(place: u32) -> f32 {
    f32::from_bits(if place >> 31 == 0 { !place } else { place & !(1 << 31) })
}

/// Distance of the distribution functions, chi-square, and the samples beyond each reach; prints what it finds.
fn check(law: Law, fill: Fill<f32>, [min, max]: [f32; 2], reaches: &[f64]) {
    let n = SAMPLES as f64;
    let exact = Rounded { law, min, max };
    let ends: Vec<_> = Histogram::of(fill).ends().filter(|(end, _)| !end.is_nan()).collect();
    assert_eq!(ends.last().unwrap().1, SAMPLES);
    assert!(ends.iter().all(|(end, below)| *end >= min || *below == 0));

    let (mut distance, mut chi_square, mut cells) = (0.0_f64, 0.0, 0);
    let (mut share, mut count) = (0.0, 0);
    for &(end, below) in &ends {
        let up_to = exact.up_to(end);
        distance = distance.max((below as f64 / n - up_to).abs());
        if up_to - share >= 1.0 / CELLS as f64 {
            let expected = n * (up_to - share);
            chi_square += ((below - count) as f64 - expected).powi(2) / expected;
            cells += 1;
            (share, count) = (up_to, below);
        }
    }
    println!(
        "{law:?}: distance {distance:.2e} of {:.2e}, chi-square {chi_square:.0} of {cells} cells, at most {:.0}",
        distance_limit(SAMPLES as usize),
        chi_square_limit(cells),
    );
    assert!(distance <= distance_limit(SAMPLES as usize));
    assert!(chi_square <= chi_square_limit(cells));

    for reach in reaches {
        // The last number that does not lie beyond it, on either side.
        let up = ends.iter().rfind(|(end, _)| f64::from(*end) <= *reach).unwrap();
        let down = ends.iter().rfind(|(end, _)| f64::from(*end) <= -*reach).unwrap();
        let expected = n * (1.0 - exact.up_to(up.0));
        let sides = [
            (SAMPLES - up.1, tail(law, up.0, expected)),
            (down.1, tail(law, -down.0, n * exact.up_to(down.0))),
        ];
        for (found, expected) in sides {
            println!("  beyond {reach}: {found}, expected {expected:.1}");
            let limit = normal_limit() + normal_limit().powi(2) / (2.0 * expected.sqrt());
            assert!((found as f64 - expected).abs() / expected.sqrt() <= limit);
        }
    }
}

/// How many samples a law has beyond `x`: a normal's far tail is lost in the rounding of 1 − F.
fn tail(law: Law, x: f32, expected: f64) -> f64 {
    match law {
        Law::Normal { mean, std } => SAMPLES as f64 * upper_tail((f64::from(x) - mean) / std),
        _ => expected,
    }
}

#[test]
#[ignore = "a minute of two processors"]
fn normal() {
    let law = Law::Normal { mean: 0.0, std: 1.0 };
    let all = [f32::NEG_INFINITY, f32::INFINITY];
    check(law, Fill::normal(0.0, 1.0).unwrap(), all, &[3.0, 4.0, 5.0, 5.5, 6.0, 6.3]);
}

#[test]
#[ignore = "a minute of two processors"]
fn truncated_normal() {
    let law = Law::TruncNormal { mean: 0.0, std: 1.0, a: -2.0, b: 2.0 };
    let fill = Fill::trunc_normal(0.0, 1.0, -2.0, 2.0).unwrap();
    check(law, fill, [-2.0, 2.0], &[0.5, 1.0, 1.5, 1.9, 1.99]);
}

/// Bounds that cut nothing off, as transformers' models have them: the whole table is read, tails included.
#[test]
#[ignore = "a minute of two processors"]
fn truncated_normal_of_far_bounds() {
    let law = Law::Normal { mean: 0.0, std: 1.0 };
    let fill = Fill::trunc_normal(0.0, 1.0, -100.0, 100.0).unwrap();
    check(law, fill, [-100.0, 100.0], &[3.0, 4.0, 5.0, 5.5, 6.0, 6.3]);
}
