use std::vec;
use std::vec::Vec;

use weight_init_core::lanes::{Arithmetic, Lanes, ROWS, Scalar, Table};
use weight_init_core::{bf16, f16};

use super::*;

/// Every kind of fill, and every method of the truncated normal.
fn fills<T: Float>() -> Vec<Fill<T>> {
    let trunc_normal = |mean, std, a, b| Fill::trunc_normal(mean, std, a, b).unwrap();
    vec![
        Fill::constant(0.1).unwrap(),
        Fill::constant(0.0).unwrap(),
        Fill::constant(-0.0).unwrap(),
        Fill::uniform(-0.03, 0.03).unwrap(),
        Fill::normal(0.5, 0.02).unwrap(),
        // Of many exponents, in f16 subnormal.
        Fill::normal(0.0, 1e-6).unwrap(),
        Fill::normal(0.0, 1000.0).unwrap(),
        // Central, to where the quantile's rare tail is; one-sided; narrow; far in either tail.
        trunc_normal(0.0, 0.02, -0.04, 0.04),
        trunc_normal(0.0, 1.0, -4.5, 4.5),
        trunc_normal(0.0, 1.0, 3.0, 1e4),
        trunc_normal(0.0, 1.0, -0.1, 0.1),
        trunc_normal(0.0, 1.0, 9.0, 12.0),
        trunc_normal(0.0, 0.5, -30.0, -10.0),
    ]
}

fn bits<T: Float>(x: &[T]) -> impl Iterator<Item = u64> {
    x.iter().map(|x| x.to_f64_exact().to_bits())
}

#[track_caller]
fn assert_same<T: Float>(found: &[T], expected: &[T], what: &dyn core::fmt::Debug) {
    assert!(bits(found).eq(bits(expected)), "{what:?}");
}

macro_rules! each_type {
    ($($(#[$attribute:meta])* $name:ident)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            of::$name::<f32>();
            of::$name::<f64>();
            of::$name::<f16>();
            of::$name::<bf16>();
        }
    )*};
}

each_type! {
    short_runs
    every_length
    #[ignore = "minutes: with --ignored"]
    every_length_and_offset
    long_runs
    past_the_caches
    aligned_bodies
    strided_runs
}

/// Rows whose numbers say where they stand.
enum Places {}

macro_rules! table {
    ($($type:ident)*) => {$(
        impl Table<$type> for Places {
            const ROWS: &'static [[$type; 4]; ROWS] = &{
                let mut rows = [[0.0; 4]; ROWS];
                let mut place = 0;
                while place < 4 * ROWS {
                    rows[place / 4][place % 4] = place as $type;
                    place += 1;
                }
                rows
            };
            const COLUMNS: &'static [[$type; ROWS]; 4] = &{
                let mut columns = [[0.0; ROWS]; 4];
                let mut place = 0;
                while place < 4 * ROWS {
                    columns[place % 4][place / 4] = place as $type;
                    place += 1;
                }
                columns
            };
        }
    )*};
}
table! { f32 f64 }

/// Lanes of every row, from one with high bits on that do not count.
fn looks_up_rows<L: Lanes>(l: L) {
    for first in 0xabcd_1230..0xabcd_1230 + 40_u32 {
        let index = l.counters(first);
        let expected = |columns: usize| {
            let blocks =
                (0..L::N as u32).map(move |block| first.wrapping_add(block) as usize % ROWS);
            blocks.flat_map(move |row| (0..columns).map(move |column| (4 * row + column) as f64))
        };
        let mut singles = vec![0.0_f32; 4 * L::N];
        l.store_f32(Arithmetic::<f32>::rows::<Places>(l, index), &mut singles);
        assert!(singles.into_iter().map(f64::from).eq(expected(4)), "{first:x}");
        let [a, b, _, _] = Arithmetic::<f64>::rows::<Places>(l, l.join(index, index));
        let mut doubles = vec![0.0; 2 * L::N];
        l.store_f64([a, b], &mut doubles);
        assert!(doubles.into_iter().eq(expected(2)), "{first:x}");
    }
}

#[test]
fn every_level_looks_up_rows() {
    for level in Level::available() {
        match level.0 {
            Kind::Scalar => looks_up_rows(Scalar),
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2(lanes) => looks_up_rows(weight_init_core::lanes::Twice(lanes)),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(lanes) => looks_up_rows(lanes),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(lanes) => looks_up_rows(lanes),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Kind::Neon => looks_up_rows(Neon::new()),
        }
    }
}

/// Across 2³² of blocks, in halves and in quarters of elements, and across the last one.
const STARTS: [u64; 4] = [0, (1 << 34) - 150, (1 << 33) - 75, u64::MAX - 150];

mod of {
    use super::*;

    /// 0 to 300 elements, from each of the first ten on; under Miri, which is a thousand times slower, some of these.
    pub(super) fn short_runs<T: Float>() {
        let (step, starts) = if cfg!(miri) { (41, &STARTS[1..2]) } else { (1, &STARTS[..]) };
        for fill in fills::<T>() {
            for &start in starts {
                let lengths = (0..=300).step_by(step);
                let all =
                    lengths.flat_map(|len| (0..=9).step_by(step).map(move |offset| (offset, len)));
                runs(&fill, start, all);
            }
        }
    }

    /// 0 to 4096 elements, from one of the first ten on.
    pub(super) fn every_length<T: Float>() {
        for fill in fills::<T>() {
            runs(&fill, STARTS[1], (0..=LONGEST).map(|len| (len % 10, len)));
        }
    }

    /// 0 to 4096 elements, from each of the first eight on: every place within a block, twice or more.
    pub(super) fn every_length_and_offset<T: Float>() {
        for fill in fills::<T>() {
            let all = (0..8).flat_map(|offset| (0..=LONGEST).map(move |len| (offset, len)));
            runs(&fill, STARTS[1], all);
        }
    }

    const LONGEST: usize = 4096;

    /// At every level, runs of these offsets and lengths, in memory that is aligned as the offset is.
    fn runs<T: Float>(
        fill: &Fill<T>,
        start: u64,
        runs: impl Iterator<Item = (usize, usize)> + Clone,
    ) {
        let stream = Stream::new(42, "backbone.conv1.weight");
        let mut expected = [T::default(); LONGEST + 10];
        fill.write(stream, start, &mut expected);
        let mut memory = [T::default(); LONGEST + 10];
        for level in Level::available() {
            for (offset, len) in runs.clone() {
                let out = &mut memory[offset..offset + len];
                level.write(fill, stream, start.wrapping_add(offset as u64), out);
                assert_same(out, &expected[offset..offset + len], &(level, fill, offset, len));
            }
        }
    }

    pub(super) fn long_runs<T: Float>() {
        let stream = Stream::new(7, "bbox_head.fc_cls.weight");
        let (mut expected, mut out) =
            (vec![T::default(); 1_000_000], vec![T::default(); 1_000_000]);
        for fill in fills::<T>() {
            // By groups of one block: no faster than `write`, but inlined as the others are.
            fill.write_with(Scalar, stream, 3, &mut expected);
            for level in Level::available().skip(1) {
                out.fill(T::default());
                level.write(&fill, stream, 3, &mut out);
                assert_same(&out, &expected, &(level, fill));
            }
        }
    }

    /// Runs of every length and beginning within a block, at strides that are no multiple of one, across 2³² of blocks.
    pub(super) fn strided_runs<T: Float>() {
        let stream = Stream::new(7, "o_proj.weight");
        let lengths = if cfg!(miri) { vec![3, 70] } else { vec![1, 3, 4, 16, 61, 64, 1999] };
        for fill in fills::<T>() {
            for start in [STARTS[0], STARTS[1], STARTS[2]] {
                for &length in &lengths {
                    for (first, stride) in [(0, 4), (1, 0), (2, 5), (3, 4097)] {
                        let runs = Strided {
                            first: start + first,
                            length,
                            stride: length as u64 + stride,
                        };
                        // The last run ends early.
                        let mut expected =
                            vec![T::default(); (1200 / length).max(2) * length - length / 3];
                        for (run, out) in expected.chunks_mut(length).enumerate() {
                            fill.write(stream, runs.of(run), out);
                        }
                        for level in Level::available() {
                            let mut out = vec![T::default(); expected.len()];
                            level.write_strided(&fill, stream, runs, &mut out);
                            assert_same(&out, &expected, &(level, fill, runs));
                        }
                    }
                }
            }
        }
    }

    /// Stores past the caches, into memory aligned in every way.
    pub(super) fn past_the_caches<T: Float>() {
        let stream = Stream::new(7, "neck.fpn_convs.0.conv.weight");
        let mut expected = vec![T::default(); 1200];
        let mut memory = [T::default(); 1300];
        for fill in fills::<T>() {
            fill.write(stream, 5, &mut expected);
            for level in Level::available() {
                for at in 0..40 {
                    for offset in 0..4 {
                        let len = 1150 - at;
                        memory.fill(T::default());
                        let out = &mut memory[at..at + len];
                        level.write_part(&fill, stream, 5 + offset as u64, out, usize::MAX);
                        let what = (level, fill, at, offset);
                        assert_same(out, &expected[offset..offset + len], &what);
                        assert_same(&memory[at + len..], &[T::default(); 150], &what);
                    }
                }
            }
        }
    }

    /// Where memory allows it, blocks of the body are aligned.
    pub(super) fn aligned_bodies<T: Float>() {
        #[cfg(target_arch = "x86_64")]
        {
            let memory = [T::default(); 1000];
            for first in [0, 1, 3, 6, u64::MAX] {
                for at in 0..64 {
                    let out = &memory[at..];
                    let from = aligned_from(out, first);
                    let aligned = out[from..].as_ptr().addr().is_multiple_of(64);
                    let block = first.wrapping_add(from as u64).is_multiple_of(4 / T::WORDS as u64);
                    assert!((aligned && block) || from == 0, "{first} {at} {from}");
                }
            }
            assert_eq!(aligned_from::<T>(&[], 1), 0);
        }
    }
}

#[test]
fn names_are_those_of_levels() {
    for level in Level::available() {
        assert_eq!(Level::named(level.name()), Some(level));
    }
    assert_eq!(Level::named(""), None);
    assert_eq!(Level::named("avx1024"), None);
}
