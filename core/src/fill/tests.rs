use std::string::ToString;
use std::vec::Vec;

use super::*;
use crate::{bf16, f16, random::philox4x32_10};

const STREAM: Stream = Stream::with_id(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);

/// Up to the last element number that there is.
const MATRIX: Diagonal =
    Diagonal { offset: 1, stride: 5, count: u64::MAX, group_stride: 0, groups: 1 };

fn write<T: Float>(fill: &Fill<T>, first: u64, len: usize) -> Vec<T> {
    let mut out = std::vec![T::default(); len];
    fill.write(STREAM, first, &mut out);
    out
}

fn kinds<T: Float>() -> Vec<Fill<T>> {
    [
        Fill::constant(0.25),
        Fill::uniform(-0.03, 0.03),
        Fill::normal(0.5, 2.0),
        Fill::trunc_normal(0.0, 0.02, -2.0, 2.0),
        Fill::trunc_normal(0.0, 1.0, -0.1, 0.1),
        Fill::trunc_normal(10.0, 1.0, -2.0, 2.0),
        Fill::trunc_normal(-600.0, 1.0, -2.0, 2.0),
        Fill::diagonal(0.25, MATRIX),
        Fill::diagonal(
            0.25,
            Diagonal { offset: 2, stride: 9, count: 4, group_stride: 4, groups: 3 },
        ),
    ]
    .map(|fill| fill.expect("legal"))
    .to_vec()
}

fn any_part_equals_the_whole<T: Float>() {
    for fill in kinds::<T>() {
        let whole = write(&fill, 0, 40);
        for first in 0..12 {
            for len in 0..20 {
                assert_eq!(write(&fill, first, len), whole[first as usize..][..len], "{fill:?}");
            }
        }
        // Beyond 2³² blocks, where the counter's second word begins.
        let far = (1 << 34) - 6;
        let whole = write(&fill, far, 24);
        for first in 0..12 {
            assert_eq!(write(&fill, far + first, 12), whole[first as usize..][..12]);
        }
    }
}

#[test]
fn any_part_equals_the_whole_of_every_type() {
    any_part_equals_the_whole::<f32>();
    any_part_equals_the_whole::<f64>();
    any_part_equals_the_whole::<f16>();
    any_part_equals_the_whole::<bf16>();
}

#[test]
fn elements_take_the_words_of_the_contract() {
    let block = |k: u64| {
        philox4x32_10(
            [k as u32, (k >> 32) as u32, 0x7654_3210, 0xfedc_ba98],
            [0x89ab_cdef, 0x0123_4567],
        )
    };
    let narrow = write(&Fill::<f32>::uniform(0.0, 1.0).expect("legal"), 0, 64);
    let wide = write(&Fill::<f64>::uniform(0.0, 1.0).expect("legal"), 0, 64);
    for i in 0..64 {
        let word = block(i / 4)[(i % 4) as usize];
        assert_eq!(narrow[i as usize], (word >> 8) as f32 / 16_777_216.0);
        let words = block(i / 2);
        let pair = (2 * (i % 2)) as usize;
        let word = u64::from(words[pair]) | u64::from(words[pair + 1]) << 32;
        assert_eq!(wide[i as usize], (word >> 11) as f64 / 9_007_199_254_740_992.0);
    }
}

#[test]
fn sixteen_bits_are_the_f32_samples_rounded() {
    for (wide, (half, brain)) in
        kinds::<f32>().iter().zip(kinds::<f16>().iter().zip(&kinds::<bf16>()))
    {
        if matches!(wide, Fill::Uniform(_) | Fill::TruncNormal(_)) {
            continue; // Clamped to other values at the bounds.
        }
        let wide = write(wide, 3, 1000);
        let rounded: Vec<f16> = wide.iter().map(|&x| f16::from_f32(x)).collect();
        assert_eq!(write(half, 3, 1000), rounded);
        let rounded: Vec<bf16> = wide.iter().map(|&x| bf16::from_f32(x)).collect();
        assert_eq!(write(brain, 3, 1000), rounded);
    }
}

fn uniform_stays_inside<T: Float>() {
    for (a, b) in [(-0.03, 0.03), (0.0, 1.0), (1.0, 1.02), (-1e-3, 0.0), (1000.0, 1040.0)] {
        let fill = Fill::<T>::uniform(a, b).expect("legal");
        for x in write(&fill, 0, 100_000) {
            assert!((a..b).contains(&x.to_f64_exact()), "{x:?} in [{a}, {b})");
        }
    }
}

#[test]
fn uniform_stays_inside_in_every_type() {
    uniform_stays_inside::<f32>();
    uniform_stays_inside::<f64>();
    uniform_stays_inside::<f16>();
    uniform_stays_inside::<bf16>();
}

#[test]
fn constants() {
    assert_eq!(Fill::<f32>::uniform(0.1, 0.1), Ok(Fill::Constant(0.1)));
    assert_eq!(Fill::<f32>::normal(0.1, 0.0), Ok(Fill::Constant(0.1)));
    assert_eq!(Fill::<f32>::trunc_normal(0.0, 1.0, 0.1, 0.1), Ok(Fill::Constant(0.1)));
    assert_eq!(Fill::<f32>::trunc_normal(0.5, 0.0, 0.1, 0.7), Ok(Fill::Constant(0.5)));
    // 0.1 rounds to above 0.1 in f32: a bound that the element must not pass.
    assert_eq!(
        Fill::<f32>::trunc_normal(0.1, 0.0, 0.0, 0.1),
        Ok(Fill::Constant(0.1_f32.next_down()))
    );
}

#[test]
fn refusals() {
    let cases: [(Result<Fill<f16>, _>, &str); 13] = [
        (Fill::constant(f64::NAN), "val is NaN, not a finite number"),
        (Fill::constant(1e39), "val is 1e39, beyond the range of float16 (up to 65504)"),
        (Fill::constant(-65520.0), "val is -65520, beyond the range of float16 (up to 65504)"),
        (Fill::uniform(0.0, f64::INFINITY), "b is inf, not a finite number"),
        (Fill::uniform(1.0, 0.0), "the lower bound a = 1 is above the upper bound b = 0"),
        (Fill::uniform(-70000.0, 0.0), "a is -70000, beyond the range of float16 (up to 65504)"),
        (
            Fill::uniform(1.0001, 1.0002),
            "no value of float16 lies between a = 1.0001 and b = 1.0002",
        ),
        (Fill::normal(0.0, -1.0), "std is -1, not zero or positive"),
        (
            Fill::normal(0.0, 10000.0),
            "the largest possible sample is 87000, beyond the range of float16 (up to 65504)",
        ),
        (Fill::trunc_normal(0.0, f64::NAN, -2.0, 2.0), "std is NaN, not a finite number"),
        (
            Fill::trunc_normal(0.0, 1.0, 2.0, -2.0),
            "the lower bound a = 2 is above the upper bound b = -2",
        ),
        (
            Fill::trunc_normal(0.0, 1.0, 1.0001, 1.0002),
            "no value of float16 lies between a = 1.0001 and b = 1.0002",
        ),
        (
            Fill::trunc_normal(3.0, 0.0, -2.0, 2.0),
            "std is 0 and the mean 3 lies beyond the bound 2",
        ),
    ];
    for (fill, message) in cases {
        assert_eq!(std::format!("{}", fill.expect_err(message)), message);
    }
    assert_eq!(
        Fill::<f64>::uniform(f64::MIN, f64::MAX),
        Err(FillError::Overflow {
            argument: Argument::Width,
            value: f64::INFINITY,
            dtype: crate::DType::F64
        }),
    );
    assert!(Fill::<f32>::trunc_normal(0.0, 1.0, -1e300, 1e300).is_ok());
    assert!(Fill::<f32>::trunc_normal(1e300, 1.0, -2.0, 2.0).is_ok());
    assert!(size_of::<FillError>() <= 24);
}

/// Against the definition: every number of the diagonal, one after the other.
#[test]
fn diagonals_have_their_value_where_they_say() {
    for on in [
        MATRIX,
        Diagonal { offset: 0, stride: 4, count: 3, group_stride: 0, groups: 1 },
        Diagonal { offset: 7, stride: 3, count: 2, group_stride: 20, groups: 4 },
        Diagonal { offset: 2, stride: 9, count: 4, group_stride: 4, groups: 3 },
        Diagonal { offset: 2, stride: 0, count: 1, group_stride: 9, groups: 5 },
        Diagonal { offset: 2, stride: 9, count: 0, group_stride: 4, groups: 3 },
        Diagonal { offset: 2, stride: 9, count: 4, group_stride: 4, groups: 0 },
        Diagonal { offset: u64::MAX - 40, stride: 9, count: 4, group_stride: 4, groups: 1 },
    ] {
        let fill = Fill::<f32>::diagonal(0.5, on).expect("legal");
        let groups = (0..on.groups).map(|group| on.offset + group * on.group_stride);
        let numbers: Vec<_> = groups
            .flat_map(|begin| {
                (0..on.count.min(100)).map(move |i| begin.saturating_add(i * on.stride))
            })
            .collect();
        for first in [0, 1, 2, 11, 47, u64::MAX - 60] {
            for len in [0, 1, 5, 80] {
                let expected: Vec<_> = (0..len as u64)
                    .map(|i| f32::from(u8::from(numbers.contains(&first.wrapping_add(i)))) / 2.0)
                    .collect();
                if on == MATRIX && first > 100 {
                    continue; // Beyond the numbers that were listed.
                }
                assert_eq!(write(&fill, first, len), expected, "{on:?} {first} {len}");
            }
        }
    }
    assert_eq!(
        Fill::<f16>::diagonal(1e9, MATRIX).unwrap_err().to_string(),
        "val is 1000000000, beyond the range of float16 (up to 65504)"
    );
}
