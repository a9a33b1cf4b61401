//! Proves that no value ever changes: the bits of every initializer, fill and element type for seed 42, pinned.
//!
//! A change of an expected number here is a value-breaking change: it needs a new major version, a new version of the
//! random stream and an entry under "Values" in the changelog. There is no other reason to edit one.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]
#![allow(
    clippy::disallowed_methods,
    reason = "a reference to compare with, never part of a weight"
)]

use std::f64::consts::{SQRT_2, TAU};
use std::fmt::Write;

use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use weight_init::create::Recipe;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init::run::BackendKind;
use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{
    Caffe2Xavier, Constant, Distribution, FanMode, Kaiming, Layout, Nonlinearity, Normal, Shape,
    TruncNormal, Uniform, Xavier,
};
use weight_init_core::random::philox4x32_10;
use weight_init_core::{Fill, Float, Fnv1a, Philox4x32, Stream, bf16, f16, stream_id};
use weight_init_tests::bits::Bits;
use weight_init_tests::every;

const SEED: u64 = 42;
const NAME: &str = "backbone.conv1.weight";

/// FNV-1a of the little-endian bytes of elements 0..1000 and 2⁴⁰ + 1..2⁴⁰ + 1001.
fn digest<T: Bits>(fill: &Fill<T>, name: &str) -> u64 {
    let mut bytes = Vec::new();
    for first in [0, (1 << 40) + 1] {
        let mut elements = [T::default(); 1000];
        fill.write(Stream::new(SEED, name), first, &mut elements);
        elements.into_iter().for_each(|x| x.append_to(&mut bytes));
    }
    Fnv1a::new().write(&bytes).finish()
}

/// Compares lines of a name and numbers; shows all that were found, ready to be read.
fn compare(found: &[(String, Vec<u64>)], expected: &str) {
    let mut text = String::new();
    for (name, numbers) in found {
        write!(text, "{name:<28}").unwrap();
        for number in numbers {
            write!(text, " {number:016x}").unwrap();
        }
        text.push('\n');
    }
    assert!(text == expected, "found:\n{text}");
}

fn fill_digests(name: &str) -> Vec<(String, Vec<u64>)> {
    fn of<T: Bits>(name: &str) -> Vec<(&'static str, u64)> {
        let fills: [(&str, Fill<T>); 12] = [
            ("constant", Fill::constant(0.1).unwrap()),
            ("uniform", Fill::uniform(0.0, 1.0).unwrap()),
            ("uniform ±0.03", Fill::uniform(-0.03, 0.03).unwrap()),
            ("normal", Fill::normal(0.0, 1.0).unwrap()),
            ("normal 0.5 ±0.02", Fill::normal(0.5, 0.02).unwrap()),
            ("trunc_normal", Fill::trunc_normal(0.0, 1.0, -2.0, 2.0).unwrap()),
            ("trunc_normal ±0.02", Fill::trunc_normal(0.0, 0.02, -2.0, 2.0).unwrap()),
            ("trunc_normal one-sided", Fill::trunc_normal(0.0, 1.0, 1.5, 1e4).unwrap()),
            ("trunc_normal narrow", Fill::trunc_normal(0.0, 1.0, -0.1, 0.1).unwrap()),
            ("trunc_normal far narrow", Fill::trunc_normal(0.0, 1.0, 20.0, 20.5).unwrap()),
            ("trunc_normal upper tail", Fill::trunc_normal(0.0, 1.0, 9.0, 12.0).unwrap()),
            ("trunc_normal lower tail", Fill::trunc_normal(0.0, 0.5, -30.0, -10.0).unwrap()),
        ];
        fills.into_iter().map(|(kind, fill)| (kind, digest(&fill, name))).collect()
    }
    columns([of::<f32>(name), of::<f64>(name), of::<f16>(name), of::<bf16>(name)])
}

/// Puts the lists of four element types beside each other.
fn columns(lists: [Vec<(&'static str, u64)>; 4]) -> Vec<(String, Vec<u64>)> {
    let names = lists[0].iter().map(|(name, _)| (*name).to_owned());
    let rows =
        names.enumerate().map(|(row, name)| (name, lists.each_ref().map(|l| l[row].1).to_vec()));
    rows.collect()
}

/// In the order f32, f64, f16, bf16.
#[test]
fn fills() {
    compare(&fill_digests(NAME), FILLS);
    compare(&fill_digests("bbox_head.fc_cls.bias"), FILLS_OF_ANOTHER_NAME);
}

/// In the order f32, f64, f16, bf16; the shape is that of ResNet's first convolution.
#[test]
fn initializers() {
    fn of<T: Bits>() -> Vec<(&'static str, u64)> {
        let kaiming = |a, mode, nonlinearity, distribution| {
            Init::Kaiming(Kaiming { a, mode, nonlinearity, distribution, ..Kaiming::DEFAULT })
        };
        use Distribution::{Normal as Gauss, Uniform as Flat};
        let inits = [
            ("Constant", Init::Constant(Constant { val: -4.59511985013459 })),
            ("Xavier", Init::Xavier(Xavier { gain: 1.0, distribution: Gauss, ..Xavier::DEFAULT })),
            (
                "Xavier uniform",
                Init::Xavier(Xavier { gain: 1.5, distribution: Flat, ..Xavier::DEFAULT }),
            ),
            ("Normal", Init::Normal(Normal { mean: 0.0, std: 0.01 })),
            (
                "TruncNormal",
                Init::TruncNormal(TruncNormal { mean: 0.0, std: 0.02, a: -2.0, b: 2.0 }),
            ),
            ("Uniform", Init::Uniform(Uniform { a: 0.0, b: 1.0 })),
            ("Kaiming", kaiming(0.0, FanMode::FanOut, Nonlinearity::Relu, Gauss)),
            (
                "Kaiming uniform",
                kaiming(5_f64.sqrt(), FanMode::FanIn, Nonlinearity::LeakyRelu, Flat),
            ),
            ("Kaiming tanh", kaiming(0.0, FanMode::FanIn, Nonlinearity::Tanh, Gauss)),
            ("Caffe2Xavier", Init::Caffe2Xavier(Caffe2Xavier)),
        ];
        let shape = Shape::new(&[64, 3, 7, 7]);
        let digest = |init: Init| digest(&init.fill::<T>(&shape).unwrap(), NAME);
        inits.into_iter().map(|(name, init)| (name, digest(init))).collect()
    }
    compare(&columns([of::<f32>(), of::<f64>(), of::<f16>(), of::<bf16>()]), INITIALIZERS);
}

/// In the order f32, f64, f16, bf16: every initializer of the list, and each value of its choices, on every shape of
/// [`SMALL`](every::SMALL) that it takes, in both layouts. What is added to the list has no line here yet, and fails.
#[test]
fn every_initializer() {
    fn of<T: Bits>() -> Vec<(String, u64)> {
        let mut digests: Vec<(String, Fnv1a)> = Vec::new();
        for case in every::every(every::SMALL) {
            let elements =
                every::reference(&case.fill::<T>(), Stream::new(SEED, NAME), case.elements());
            let mut bytes = Vec::new();
            elements.into_iter().for_each(|x| x.append_to(&mut bytes));
            match digests.last_mut().filter(|(name, _)| *name == case.name) {
                Some((_, digest)) => *digest = digest.write(&bytes),
                None => digests.push((case.name, Fnv1a::new().write(&bytes))),
            }
        }
        digests.into_iter().map(|(name, digest)| (name, digest.finish())).collect()
    }
    let [singles, doubles, halves, brains] = [of::<f32>(), of::<f64>(), of::<f16>(), of::<bf16>()];
    let numbers = singles.iter().zip(doubles).zip(halves).zip(brains);
    let found: Vec<_> = numbers
        .map(|((((name, single), (_, double)), (_, half)), (_, brain))| {
            (name.clone(), vec![*single, double, half, brain])
        })
        .collect();
    compare(&found, include_str!("data/every_initializer.txt"));
}

/// Elements that a person can read and another implementation can begin with.
#[test]
fn first_elements() {
    fn first<T: Bits>(fill: Fill<T>) -> [f64; 4] {
        let mut elements = [T::default(); 4];
        fill.write(Stream::new(SEED, NAME), 0, &mut elements);
        elements.map(Float::to_f64_exact)
    }
    fn kinds<T: Bits>() -> [[f64; 4]; 3] {
        [
            first(Fill::<T>::uniform(0.0, 1.0).unwrap()),
            first(Fill::<T>::normal(0.0, 1.0).unwrap()),
            first(Fill::<T>::trunc_normal(0.0, 1.0, -2.0, 2.0).unwrap()),
        ]
    }
    let single = [
        [0.7418837, 0.29766566, 0.96751195, 0.38942248],
        [-0.22798528, 0.73834157, -0.19743514, 0.16454291],
        [0.61547035, -0.50473636, 1.6094414, -0.26772946_f32],
    ];
    assert_eq!(kinds::<f32>(), single.map(|kind| kind.map(f64::from)));
    let double = [
        [0.2976657116650332, 0.38942249141808405, 0.09788774718076032, 0.5126037237972564],
        [-1.195912049902457, 0.9966758545486165, -2.14913482623641, -0.17054995212980623],
        [-0.5047364583997918, -0.26772943022571183, -1.19428137264221, 0.03015993913697508],
    ];
    assert_eq!(kinds::<f64>(), double);
    let halves = [-0.22802734, 0.73828125, -0.1973877, 0.16455078];
    assert_eq!(kinds::<f16>()[1].map(|x| x as f32), halves);
    let brains = [-0.22753906, 0.73828125, -0.19726563, 0.1640625];
    assert_eq!(kinds::<bf16>()[1].map(|x| x as f32), brains);
}

/// Random123 1.14, `tests/kat_vectors`, the lines `philox4x32 10`: counter, key, words.
const RANDOM123: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    ),
];

#[test]
fn philox() {
    let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    for (counter, key, words) in RANDOM123 {
        assert_eq!(philox4x32_10(counter, key), words);
        // The key is the seed, the upper half of the counter the stream id.
        let stream = Stream::with_id(join(key[0], key[1]), join(counter[2], counter[3]));
        let mut generator = Philox4x32::new(stream);
        generator.set_block(join(counter[0], counter[1]));
        assert_eq!([(); 4].map(|()| generator.next_u32()), words);
    }
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&SEED.to_le_bytes());
    seed[8..].copy_from_slice(&stream_id(NAME).to_le_bytes());
    let mut generator = Philox4x32::from_seed(seed);
    let words = words(0);
    assert_eq!(generator.next_u64(), join(words[0], words[1]));
    assert_eq!(generator.next_u32(), words[2]);
}

#[test]
fn stream_ids() {
    // Of the reference implementation of FNV-1a, 64 bits.
    for (name, id) in [
        ("", 0xcbf2_9ce4_8422_2325),
        ("a", 0xaf63_dc4c_8601_ec8c),
        ("foobar", 0x8594_4171_f739_67e8),
    ] {
        assert_eq!(stream_id(name), id);
    }
    assert_eq!(stream_id(NAME), 0x00f9_c445_1268_2697);
    assert_eq!(Stream::new(SEED, NAME), Stream::with_id(SEED, 0x00f9_c445_1268_2697));
}

/// The words of a block of the pinned stream.
fn words(block: u64) -> [u32; 4] {
    let id = stream_id(NAME);
    let counter = [block as u32, (block >> 32) as u32, id as u32, (id >> 32) as u32];
    philox4x32_10(counter, [SEED as u32, (SEED >> 32) as u32])
}

/// Which words an element takes and what becomes of them, by the formulas of the contract and the platform's functions.
#[test]
fn elements_follow_the_contract() {
    const COUNT: usize = 4096;
    let first = (1_u64 << 34) - 2048;
    let stream = Stream::new(SEED, NAME);
    let word = |element: u64| words(element / 4)[(element % 4) as usize];
    let wide = |element: u64| {
        let (words, pair) = (words(element / 2), 2 * (element % 2) as usize);
        u64::from(words[pair]) | u64::from(words[pair + 1]) << 32
    };
    let numbers = || first..first + COUNT as u64;

    let (mut single, mut double) = ([0_f32; COUNT], [0_f64; COUNT]);
    Fill::uniform(-1.0, 3.0).unwrap().write(stream, first, &mut single);
    Fill::uniform(-1.0, 3.0).unwrap().write(stream, first, &mut double);
    for (element, (x, y)) in numbers().zip(single.into_iter().zip(double)) {
        assert_eq!(x, -1.0 + 4.0 * ((word(element) >> 8) as f32 / 16_777_216.0));
        assert_eq!(y, -1.0 + 4.0 * ((wide(element) >> 11) as f64 / 9_007_199_254_740_992.0));
    }

    Fill::normal(0.0, 1.0).unwrap().write(stream, first, &mut single);
    Fill::normal(0.0, 1.0).unwrap().write(stream, first, &mut double);
    for (element, (x, y)) in numbers().zip(single.into_iter().zip(double)) {
        // The even element of a pair is a cosine, the odd one a sine.
        let (even, odd) = (element & !1, element | 1);
        let sample = |radius: f64, angle: f64| {
            let angle = TAU * angle;
            (-2.0 * radius.ln()).sqrt() * if element == even { angle.cos() } else { angle.sin() }
        };
        let radius = (f64::from(word(even) >> 1) + 0.5) / 2_147_483_648.0;
        let expected = sample(radius, f64::from(word(odd)) / 4_294_967_296.0);
        assert!((f64::from(x) - expected).abs() <= 2e-6, "{element}: {x}, {expected}");
        let radius = ((wide(even) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
        let expected = sample(radius, wide(odd) as f64 / 18_446_744_073_709_551_616.0);
        assert!((y - expected).abs() <= 1e-14, "{element}: {y}, {expected}");
    }

    // One word each, and the sample grows with it.
    Fill::trunc_normal(0.0, 1.0, -2.0, 2.0).unwrap().write(stream, first, &mut single);
    let mut pairs: Vec<_> = numbers().map(word).zip(single).collect();
    pairs.sort_unstable_by_key(|(word, _)| *word);
    assert!(pairs.windows(2).all(|pair| pair[0].1 <= pair[1].1));

    // 16 bits are the 32 bits rounded once more.
    let mut half = [f16::ZERO; COUNT];
    Fill::normal(0.0, 1.0).unwrap().write(stream, first, &mut single);
    Fill::normal(0.0, 1.0).unwrap().write(stream, first, &mut half);
    assert!(single.iter().zip(half).all(|(x, y)| f16::from_f32(*x) == y));
    let mut brain = [bf16::ZERO; COUNT];
    Fill::normal(0.0, 1.0).unwrap().write(stream, first, &mut brain);
    assert!(single.iter().zip(brain).all(|(x, y)| bf16::from_f32(*x) == y));
}

/// A layout changes fans, and so the scale, but not the words.
#[test]
fn layouts() {
    let init = Init::Kaiming(Kaiming::DEFAULT);
    let shape = Shape::new(&[3, 3, 16, 32]);
    let fill = |shape: Shape<'_>| init.fill::<f64>(&shape).unwrap();
    assert_eq!(fill(shape), Fill::normal(0.0, SQRT_2 / f64::sqrt(3.0 * 16.0 * 32.0)).unwrap());
    let keras = shape.with_layout(Layout::InOut);
    assert_eq!(fill(keras), Fill::normal(0.0, SQRT_2 / f64::sqrt(9.0 * 32.0)).unwrap());
}

/// A model with every kind of rule and element type; no value depends on a constructor.
const MODEL: &str = r#"{
  "class": "Net", "init_weights": "module",
  "init_cfg": [
    {"type": "Kaiming", "layer": "Conv2d", "bias": 0.5},
    {"type": "Constant", "val": 1, "layer": "BatchNorm2d"},
    {"type": "Xavier", "distribution": "uniform", "layer": "Linear", "bias_prob": 0.01},
    {"type": "TruncNormal", "std": 0.02, "params": "*.pos_embed",
     "override": {"name": "head", "type": "Normal", "std": 0.01}}],
  "children": [
    {"name": "conv1", "class": "Conv2d", "params": [
      {"name": "weight", "shape": [64, 3, 7, 7]}, {"name": "bias", "shape": [64], "dtype": "float16"}]},
    {"name": "bn1", "class": "BatchNorm2d",
     "params": [{"name": "weight", "shape": [64]}, {"name": "bias", "shape": [64]}],
     "buffers": [{"name": "running_mean", "shape": [64], "value": 0},
                 {"name": "num_batches_tracked", "shape": [], "dtype": "int64", "value": 7}]},
    {"name": "embed", "class": "Embed", "params": [{"name": "pos_embed", "shape": [1, 197, 32], "dtype": "bfloat16"}]},
    {"name": "fc", "class": "Linear", "params": [
      {"name": "weight", "shape": [100, 64], "dtype": "float64"}, {"name": "bias", "shape": [100]}]},
    {"name": "head", "class": "Linear", "params": [
      {"name": "weight", "shape": [10, 100], "dtype": "float16", "stream": "old.name"},
      {"name": "bias", "shape": [10], "value": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}]}
  ]
}"#;

/// SHA-256 of the data of the checkpoint, behind its header.
#[test]
fn a_whole_checkpoint() {
    let model = Model::read(&Source::new("model.json", MODEL)).unwrap();
    let plan = Plan::new(&model, &Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for kind in [BackendKind::Embedded, BackendKind::Auto] {
        let recipe = Recipe { seed: SEED, ..Recipe::default() };
        let summary =
            recipe.create(&plan, &path, &mut kind.start(None).unwrap(), &mut |_| ()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let data = &bytes[bytes.len() - usize::try_from(summary.data_bytes).unwrap()..];
        let hash: String = Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((data.len(), hash.as_str()), CHECKPOINT);
    }
}

const CHECKPOINT: (usize, &str) =
    (104784, "fab49246a2f613c367243213d6049868e4d8c43d5b3ecb4e4eb370f8a0399d6f");

#[rustfmt::skip]
const FILLS: &str = "\
constant                     1e7b285776601805 7d7b75e0270c7245 30593802a0002c25 22a624ae4ba00805
uniform                      9a113ab138c3663d 82272790b2a74f7f 2265cdebbab1c0bf d4887df7c67716e8
uniform ±0.03                67d83a293b11f184 a2d82797f7d43c84 1068a23f36ab1552 de97724fb6284fef
normal                       60cf395ff96a2081 3fcbac506a797f28 dada00ea159f1bf0 6280c1f836b5d9fe
normal 0.5 ±0.02             0964b56a9863d772 eee39e5ad3ba5399 ba6d724b844a2613 5ec71b11d54330d7
trunc_normal                 be54e028b6dd2abe c0a8f89b002aa8c2 0d313c49b6084f7d 8941232e26965056
trunc_normal ±0.02           19e136964e542cb8 6edf8e1e7ad9e549 534cf24ef58d7b5f 7983c89a1ddecbef
trunc_normal one-sided       df6f799873fc26c5 b3303aedf6e2072c 270075f124a39be1 b83eceb068cca38e
trunc_normal narrow          17a6a8253e98788d a887f1eb4e182f67 27fae506d96f8ae2 e6a1fc56c56bb98e
trunc_normal far narrow      a89e25752b2d65a1 8e4352aa0a4fd499 345d665ce66ec47f 496ce0e2133510dd
trunc_normal upper tail      dcb2aa7be06b7c7a f31e6921b77b1a43 974f6cbf8acb90f6 308ef2fc76910914
trunc_normal lower tail      8ea24d2abc93ba35 a6edc12740060b74 2d065a7d73e6d9b7 101fa9f1038d4cb6
";

#[rustfmt::skip]
const FILLS_OF_ANOTHER_NAME: &str = "\
constant                     1e7b285776601805 7d7b75e0270c7245 30593802a0002c25 22a624ae4ba00805
uniform                      445bbdc9a897b9cf c8e94f5bfbf0f4e0 a35891a664d75d92 e29d017bd0fac5e2
uniform ±0.03                edafd16a9fa3f76d 5834fddf42758a63 dcfb18594c630411 4c77d36d3f055f80
normal                       caaf1574bbc6a1c1 51218cdece6fe5b2 988b9e374d38aac5 f4945db058851ee9
normal 0.5 ±0.02             c5501ead27d53956 e644812930537a69 e0da37574e2698e3 4f224660138d3e12
trunc_normal                 8cd6ca2f06a28974 64419f92b5a215b8 f9987b6a5b50f558 b6dd0d04d9d40b43
trunc_normal ±0.02           bcf1b35874ea4913 1fc2ec5d28b58a76 1a7e3a057180bc63 85855b83dc135f26
trunc_normal one-sided       44d6ec2413f78a64 b9d6e93b784308bb 1ef3b6599b51ef21 b86aefb4672116b0
trunc_normal narrow          240b585bc43beeaf 8d5a15b2e67a6745 1524b51488dc1501 8d19a0e8bf02cd1c
trunc_normal far narrow      138a3d1348c15380 f1752ebd440b3500 cd67f66c5614b2ef af72dd6e9425352c
trunc_normal upper tail      1f4655b69a4e3e92 b92b9657985d4fed 6fad2258d6deb55e 7e69e204738a0514
trunc_normal lower tail      97544fd4e49ea3c8 5c8fffcdc9eeea20 3fa72ca1ea3098c8 5765f2bfdb9135a7
";

#[rustfmt::skip]
const INITIALIZERS: &str = "\
Constant                     2185361d38d7c105 38d827c7407564a5 40994a669aa0a4a5 16bcb1c1998a4c65
Xavier                       c52cbcf75de523bc 5dabb26383e0571e 49bff9ada6b82275 c67af2b48f08f43b
Xavier uniform               e6412aed05857167 4da17e08781f6d74 caa8279fa0a7c0e8 9664262d0375e787
Normal                       1a95b5d43463db54 150680c3c0d3bfd9 0b0b66da8e95ce40 bcad87700c38f924
TruncNormal                  19e136964e542cb8 6edf8e1e7ad9e549 534cf24ef58d7b5f 7983c89a1ddecbef
Uniform                      9a113ab138c3663d 82272790b2a74f7f 2265cdebbab1c0bf d4887df7c67716e8
Kaiming                      efe9f73d7e339769 945a04324766408e 826a4d5f35c622d8 27b83edc03ec7a97
Kaiming uniform              d73e39bca82ff508 8ff608cf6c0f233b d1ba64beaaa819df 0e65db618e63042b
Kaiming tanh                 b5942ffd58d0ff85 0668041cdf9fbb7f 121022ce6e35cb17 154f542339005a7c
Caffe2Xavier                 8562cd89f402d80c 27d60674009f69a8 b5e808374d00d702 193aa23f508ea8a9
";
