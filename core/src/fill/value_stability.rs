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
        [0x3dcccccd, 0x3dcccccd, 0x3dcccccd],
        [0x3dcccccd, 0x3dcccccd, 0x3dcccccd],
        [0x3dcccccd, 0x3dcccccd, 0x3dcccccd],
    ],
    [
        [0x3f3dec17, 0x3e9867a2, 0x3f77aedd],
        [0x3d423110, 0x3f1c5a70, 0x3f0d3d1b],
        [0x3ce28460, 0x3f5a2b48, 0x3e0e87d0],
    ],
    [
        [0x3c6dc806, 0xbc46e71a, 0x3ce5ca9d],
        [0xbcde74fe, 0x3bd9c0cc, 0x3b4b58a8],
        [0xbce82b42, 0x3cad1fe7, 0xbcb15868],
    ],
    [
        [0xbe6974f9, 0x3f3d03f4, 0xbe4a2c70],
        [0x3ed64c77, 0xbf70ea37, 0xbea24fe1],
        [0x3e439c2d, 0x3eb9b27c, 0x3ede2850],
    ],
    [
        [0x3efdaa5a, 0x3f03c7c2, 0x3efdfa70],
        [0x3f02249b, 0x3ef65d08, 0x3efcc0f6],
        [0x3f00fa62, 0x3f01db63, 0x3f0238b9],
    ],
    [
        [0x3f1d8f77, 0xbf013667, 0x3fce022d],
        [0xbfbed383, 0x3e894d83, 0x3dfe0bf3],
        [0xbfd39cb7, 0x3f7a9c37, 0xbf819f71],
    ],
    [
        [0x3c54b7cc, 0xbc2e0a14, 0x3d172d53],
        [0xbd08d8f3, 0x3bb8582d, 0x3b2a6219],
        [0xbd1cffd1, 0x3cab610e, 0xbcb198d2],
    ],
    [
        [0x3ebd6e26, 0x3e194d51, 0x3ef78657],
        [0x3cc5b5cb, 0x3e9c1322, 0x3e8d1a7f],
        [0x3c66e57f, 0x3ed9b1fb, 0x3d9060f1],
    ],
    [
        [0x3ffb4e0a, 0x3fed1234, 0x3fff7ac6],
        [0x3fd0fe88, 0x3ff841e3, 0x3ff6aafa],
        [0x3fc8e39a, 0x3ffd7b94, 0x3fe15dab],
    ],
];

#[rustfmt::skip]
const F64: [[[u64; 3]; 3]; 9] = [
    [
        [0x3fb999999999999a, 0x3fb999999999999a, 0x3fb999999999999a],
        [0x3fb999999999999a, 0x3fb999999999999a, 0x3fb999999999999a],
        [0x3fb999999999999a, 0x3fb999999999999a, 0x3fb999999999999a],
    ],
    [
        [0x3fd30cf47c2f7b04, 0x3fd8ec4c503debb6, 0x3fb90f2be0d20b18],
        [0x3fdf879b57137c18, 0x3fd8808049499a3c, 0x3fbf43b6fca5ec90],
        [0x3fe1e811afe7ac3b, 0x3fd9c9f687951e2e, 0x3fefd7c274006b16],
    ],
    [
        [0xbf88dce2e89a98ee, 0xbf7b2cef6fb61078, 0xbf98b4adca0b0794],
        [0xbf3ce4f5577bd140, 0xbf7ccae02e4186c8, 0xbf97376daee26b10],
        [0x3f6d48bdc119b1a0, 0xbf77d9bdf75cfcc0, 0x3f9e6b0ef33400ce],
    ],
    [
        [0xbff32274ac7392ef, 0x3fefe4c4c2fff920, 0xc001316d998b0a4a],
        [0x3fa0ce16b9f7777d, 0x3fefea9df105165e, 0x3feec8d4b42b388b],
        [0xbfc1dd84a3dd87bf, 0x3ff58ff38658dc3c, 0xbfa54d80c44db698],
    ],
    [
        [0x3fde781fa048ac91, 0x3fe0a34b9d7fffdd, 0x3fdd3fc58108793c],
        [0x3fe00560ab1cca12, 0x3fe0a3698f0f7635, 0x3fe09d9ddaa4b455],
        [0x3fdfd243cb294e01, 0x3fe0dccc4d0dcb5f, 0x3fdff25dc211b9c9],
    ],
    [
        [0xbfe026cd12bda18c, 0xbfd1227a9ebfc0dc, 0xbff31bc6c8db8645],
        [0xbf920109237c4883, 0xbfd22e666c53b7f9, 0xbff155844508c0d6],
        [0x3fc24ee6db980c2a, 0xbfcdfe422ed278c8, 0x3ffeb7ae9b339211],
    ],
    [
        [0xbf85c142ac75c3be, 0xbf77015140b55e35, 0xbf9a7e9dc6a4b747],
        [0xbf3824d313248377, 0xbf7869fad7b5ccbb, 0xbf97d8e9966b9ece],
        [0x3f688f50aa1e0ad1, 0xbf7420fe9f73b415, 0x3faa706ec0ea2275],
    ],
    [
        [0x3fc329aa1ff76ab9, 0x3fc8fe1944cc0bc3, 0x3fa97097de25e083],
        [0x3fcf88d9557a033a, 0x3fc8933e93dda133, 0x3fafb2ae2a9e4a81],
        [0x3fd1e31a332ae4dc, 0x3fc9d9c433af5bb6, 0x3fdfd6ec6a77d6ca],
    ],
    [
        [0x3ffda2466faca94d, 0x3ffe27a8d92acae5, 0x3ffb7f9bc0226d25],
        [0x3ffe9cd07a0254b5, 0x3ffe1f2f722ffaee, 0x3ffbebac083b6c69],
        [0x3ffedc7305a13332, 0x3ffe38a68e552076, 0x3ffffd843c581faa],
    ],
];

#[rustfmt::skip]
const F16: [[[u64; 3]; 3]; 9] = [
    [
        [0x2e66, 0x2e66, 0x2e66],
        [0x2e66, 0x2e66, 0x2e66],
        [0x2e66, 0x2e66, 0x2e66],
    ],
    [
        [0x39ef, 0x34c3, 0x3bbd],
        [0x2a12, 0x38e3, 0x386a],
        [0x2714, 0x3ad1, 0x3074],
    ],
    [
        [0x236e, 0xa237, 0x272e],
        [0xa6f4, 0x1ece, 0x1a5b],
        [0xa741, 0x2569, 0xa58b],
    ],
    [
        [0xb34c, 0x39e8, 0xb251],
        [0x36b2, 0xbb87, 0xb512],
        [0x321d, 0x35ce, 0x36f1],
    ],
    [
        [0x37ed, 0x381e, 0x37f0],
        [0x3811, 0x37b3, 0x37e6],
        [0x3808, 0x380f, 0x3812],
    ],
    [
        [0x38ec, 0xb80a, 0x3e70],
        [0xbdf7, 0x344a, 0x2ff0],
        [0xbe9d, 0x3bd5, 0xbc0d],
    ],
    [
        [0x22a6, 0xa170, 0x28b9],
        [0xa847, 0x1dc3, 0x1953],
        [0xa8e8, 0x255b, 0xa58d],
    ],
    [
        [0x35eb, 0x30ca, 0x37bc],
        [0x262e, 0x34e1, 0x3469],
        [0x2337, 0x36ce, 0x2c83],
    ],
    [
        [0x3fda, 0x3f69, 0x3ffc],
        [0x3e88, 0x3fc2, 0x3fb5],
        [0x3e47, 0x3fec, 0x3f0b],
    ],
];

#[rustfmt::skip]
const BF16: [[[u64; 3]; 3]; 9] = [
    [
        [0x3dcd, 0x3dcd, 0x3dcd],
        [0x3dcd, 0x3dcd, 0x3dcd],
        [0x3dcd, 0x3dcd, 0x3dcd],
    ],
    [
        [0x3f3e, 0x3e98, 0x3f78],
        [0x3d42, 0x3f1c, 0x3f0d],
        [0x3ce3, 0x3f5a, 0x3e0f],
    ],
    [
        [0x3c6e, 0xbc47, 0x3ce6],
        [0xbcde, 0x3bda, 0x3b4b],
        [0xbce8, 0x3cad, 0xbcb1],
    ],
    [
        [0xbe69, 0x3f3d, 0xbe4a],
        [0x3ed6, 0xbf71, 0xbea2],
        [0x3e44, 0x3eba, 0x3ede],
    ],
    [
        [0x3efe, 0x3f04, 0x3efe],
        [0x3f02, 0x3ef6, 0x3efd],
        [0x3f01, 0x3f02, 0x3f02],
    ],
    [
        [0x3f1e, 0xbf01, 0x3fce],
        [0xbfbf, 0x3e89, 0x3dfe],
        [0xbfd4, 0x3f7b, 0xbf82],
    ],
    [
        [0x3c55, 0xbc2e, 0x3d17],
        [0xbd09, 0x3bb8, 0x3b2a],
        [0xbd1d, 0x3cab, 0xbcb2],
    ],
    [
        [0x3ebd, 0x3e19, 0x3ef8],
        [0x3cc6, 0x3e9c, 0x3e8d],
        [0x3c67, 0x3eda, 0x3d90],
    ],
    [
        [0x3ffb, 0x3fed, 0x3fff],
        [0x3fd1, 0x3ff8, 0x3ff7],
        [0x3fc9, 0x3ffd, 0x3fe1],
    ],
];
