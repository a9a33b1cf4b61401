//! Bits of elements of every type and kind: values may never change within a major version.

use super::*;
use crate::{bf16, f16};

const STREAM: Stream = Stream::new(42, "backbone.conv1.weight");
/// The start, an odd place, and one beyond 2³² blocks.
const OFFSETS: [u64; 3] = [0, 1_000_003, (1 << 35) + 5];

fn fills<T: Float>() -> [Fill<T>; 9] {
    [
        Fill::constant(0.1),
        Fill::uniform(0.0, 1.0),
        Fill::uniform(-0.03, 0.03),
        Fill::normal(0.0, 1.0),
        Fill::normal(0.5, 0.02),
        // Body, twice; narrow; tail above and below.
        Fill::trunc_normal(0.0, 1.0, -2.0, 2.0),
        Fill::trunc_normal(0.0, 0.02, -2.0, 2.0),
        Fill::trunc_normal(0.25, 1.0, 0.0, 0.5),
        Fill::trunc_normal(10.0, 1.0, -2.0, 2.0),
    ]
    .map(|fill| fill.expect("legal"))
}

fn check<T: Float>(to_bits: impl Fn(T) -> u64, expected: &[[[u64; 3]; 3]; 9]) {
    for (fill, expected) in fills::<T>().iter().zip(expected) {
        for (first, expected) in OFFSETS.into_iter().zip(expected) {
            let mut out = [T::default(); 3];
            fill.write(STREAM, first, &mut out);
            assert_eq!(out.map(&to_bits), *expected, "{fill:?} from {first}");
        }
    }
}

#[test]
fn values_are_those_of_version_1() {
    check(|x: f32| u64::from(x.to_bits()), &F32);
    check(f64::to_bits, &F64);
    check(|x: f16| u64::from(x.to_bits()), &F16);
    check(|x: bf16| u64::from(x.to_bits()), &BF16);
}

// Printed by this crate when version 1 was fixed.
#[rustfmt::skip]
const F32: [[[u64; 3]; 3]; 9] = [
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
];

#[rustfmt::skip]
const F64: [[[u64; 3]; 3]; 9] = [
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
];

#[rustfmt::skip]
const F16: [[[u64; 3]; 3]; 9] = [
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
];

#[rustfmt::skip]
const BF16: [[[u64; 3]; 3]; 9] = [
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
    [
        [
        [
        [
    ],
];
