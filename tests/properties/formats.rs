//! An init_cfg is the same in every storage and every format, to the last bit of every number.

use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use weight_init::config::{de, json};
use weight_init::diagnostic::Source;
use weight_init_core::init_cfg::{
    Bias, Borrowed, Fixed, Init, InitCfg, Override, Owned, Pretrained, Rule, Storage, Turn, Write,
};
use weight_init_core::initializer::{
    Caffe2Xavier, Constant, DeltaOrthogonal, DepthScaled, Dirac, Distribution, FanMode, Identity,
    Kaiming, MupNormal, Nonlinearity, Normal, Orthogonal, Siren, Sparse, TruncNormal, Uniform,
    VarianceDistribution, VarianceMode, VarianceScaling, Xavier,
};
use weight_init_tests::tape::Tape;

use crate::cases;

/// Room for every init_cfg of [`init_cfg`].
pub(crate) type Roomy<'a> = Fixed<'a, 4, 3, 3>;

fn number(tape: &mut Tape) -> f64 {
    let edges = [0.0, -0.0, 0.01, 1.0, 1.0 / 3.0, -2.5, 5e-324, f64::MAX, f64::MIN, 1e22, 1e-7];
    match tape.below(3) {
        0 => tape.pick(&edges),
        1 => tape.below(1000) as f64 / 16.0,
        // Anything finite: the exponent keeps clear of the last one.
        _ => {
            let bits = (tape.below(1 << 32) as u64) << 32 | tape.below(1 << 32) as u64;
            f64::from_bits(bits & !(1 << 52))
        }
    }
}

fn text(tape: &mut Tape, plain: bool) -> String {
    let names =
        ["Conv2d", "_BatchNorm", "bn3", "*.weight", "torchvision://resnet50", "", "Größe λ"];
    match tape.below(if plain { 2 } else { 3 }) {
        0 => tape.pick(&names).to_owned(),
        1 => (0..tape.below(20)).map(|_| tape.pick(&['a', 'Z', '0', '_', '.', '*', ' '])).collect(),
        _ => {
            (0..tape.below(9)).map(|_| tape.pick(&['"', '\\', '\n', '\u{1f}', '𝄞', 'é'])).collect()
        }
    }
}

fn write(tape: &mut Tape, plain: bool) -> Write<String> {
    let positive = |tape: &mut Tape| number(tape).abs();
    let distribution = tape.pick(&Distribution::ALL);
    let (x, y) = (number(tape), number(tape));
    let (a, b) = if x < y { (x, y) } else { (y, x) };
    let init = match tape.below(17) {
        0 => Init::Constant(Constant { val: x }),
        1 => Init::Xavier(Xavier { gain: positive(tape), distribution, ..Xavier::DEFAULT }),
        2 => Init::Normal(Normal { mean: x, std: positive(tape) }),
        3 => {
            let a = if tape.once_in(4) { f64::NEG_INFINITY } else { a };
            let b = if tape.once_in(4) { f64::INFINITY } else { b };
            Init::TruncNormal(TruncNormal { mean: number(tape), std: positive(tape), a, b })
        }
        4 => Init::Uniform(Uniform { a, b }),
        5 => Init::Kaiming(Kaiming {
            a: x,
            mode: tape.pick(&FanMode::ALL),
            nonlinearity: tape.pick(&Nonlinearity::ALL),
            distribution,
            ..Kaiming::DEFAULT
        }),
        6 => Init::Caffe2Xavier(Caffe2Xavier),
        7 => Init::VarianceScaling(VarianceScaling {
            scale: positive(tape).max(f64::MIN_POSITIVE),
            mode: tape.pick(&VarianceMode::ALL),
            distribution: tape.pick(&VarianceDistribution::ALL),
            ..VarianceScaling::DEFAULT
        }),
        8 => Init::Identity(Identity { gain: x }),
        10 => Init::Orthogonal(Orthogonal { gain: x }),
        11 => Init::DeltaOrthogonal(DeltaOrthogonal { gain: x }),
        12 => {
            Init::Sparse(Sparse { sparsity: tape.below(257) as f64 / 256.0, std: positive(tape) })
        }
        13 => Init::DepthScaled(DepthScaled {
            std: positive(tape),
            layers: 1 + tape.below(99) as u64,
        }),
        14 => Init::MupNormal(MupNormal {
            std: positive(tape),
            base_fan: 1 + tape.below(1 << 20) as u64,
            output: tape.once_in(2),
        }),
        15 => Init::Siren(Siren {
            omega: positive(tape).max(f64::MIN_POSITIVE),
            first: tape.once_in(2),
        }),
        9 => Init::Dirac(Dirac { groups: 1 + tape.below(1 << 32) as u64 }),
        _ => {
            let optional = |tape: &mut Tape| tape.once_in(2).then(|| text(tape, plain));
            let (prefix, map_location) = (optional(tape), optional(tape));
            let checkpoint = text(tape, plain);
            let turn = tape.pick(&[Turn::Last, Turn::InOrder]);
            return Write::Pretrained(Pretrained { checkpoint, prefix, map_location, turn });
        }
    };
    let bias = match tape.below(3) {
        0 => Bias::DEFAULT,
        1 => Bias::Value(number(tape)),
        _ => Bias::Prob(tape.pick(&[0.01, 0.5, 1e-300, 0.999_999])),
    };
    Write::Init(init, bias)
}

/// A random init_cfg; `plain`: of texts that JSON need not escape.
pub(crate) fn init_cfg(tape: &mut Tape, plain: bool) -> InitCfg<Owned> {
    let rule = |tape: &mut Tape| {
        let source = write(tape, plain);
        let texts = |tape: &mut Tape| match source.is_pretrained() {
            true => Vec::new(),
            false => (0..tape.below(4)).map(|_| text(tape, plain)).collect(),
        };
        let (layers, params) = (texts(tape), texts(tape));
        let overrides = (0..tape.below(4))
            .map(|_| {
                let name = text(tape, plain);
                Override { name, write: tape.once_in(2).then(|| write(tape, plain)) }
            })
            .collect();
        Rule { write: source, layers, params, overrides }
    };
    InitCfg { rules: (0..tape.below(5)).map(|_| rule(tape)).collect() }
}

pub(crate) fn compact<S: Storage>(cfg: &InitCfg<S>) -> Vec<u8> {
    postcard::to_allocvec(cfg).unwrap()
}

/// The same with everything borrowed.
pub(crate) fn with_borrowed<R>(
    cfg: &InitCfg<Owned>,
    see: impl FnOnce(&InitCfg<Borrowed<'_>>) -> R,
) -> R {
    fn texts(texts: &[String]) -> Vec<&str> {
        texts.iter().map(String::as_str).collect()
    }
    let layers: Vec<_> = cfg.rules.iter().map(|rule| texts(&rule.layers)).collect();
    let params: Vec<_> = cfg.rules.iter().map(|rule| texts(&rule.params)).collect();
    let overrides: Vec<Vec<Override<Borrowed<'_>>>> = (cfg.rules.iter())
        .map(|rule| {
            let overrides = rule.overrides.iter().map(|item| Override {
                name: item.name.as_str(),
                write: item.write.as_ref().map(Write::as_ref),
            });
            overrides.collect()
        })
        .collect();
    let rules: Vec<Rule<Borrowed<'_>>> = (cfg.rules.iter().enumerate())
        .map(|(index, rule)| Rule {
            write: rule.write.as_ref(),
            layers: layers[index].as_slice(),
            params: params[index].as_slice(),
            overrides: overrides[index].as_slice(),
        })
        .collect();
    see(&InitCfg { rules: &rules })
}

/// Reads JSON as the command line does.
fn from_config(text: &str) -> InitCfg<Owned> {
    let source = Source::new("init_cfg.json", text);
    de::from_value(&json::parse(&source).unwrap()).unwrap()
}

/// Reads bytes into a storage: an error or something that is written back to bytes of the same meaning.
pub(crate) fn read<'a, S: Storage>(bytes: &'a [u8]) -> Option<InitCfg<S>>
where
    InitCfg<S>: Deserialize<'a>,
{
    postcard::from_bytes(bytes).ok()
}

proptest! {
    #![proptest_config(cases(4000))]

    /// JSON and back, by serde_json and by our own reader; the bits of every number stay.
    #[test]
    fn json_round_trips(choices in vec(any::<u32>(), 0..300)) {
        let cfg = init_cfg(&mut Tape::new(choices), false);
        for text in [serde_json::to_string(&cfg).unwrap(), serde_json::to_string_pretty(&cfg).unwrap()] {
            let again: InitCfg<Owned> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(compact(&again), compact(&cfg), "{}", text);
            prop_assert_eq!(compact(&from_config(&text)), compact(&cfg), "{}", text);
        }
    }

    /// Compact bytes and back, into every storage; every storage gives the same bytes and the same JSON.
    #[test]
    fn compact_round_trips(choices in vec(any::<u32>(), 0..300)) {
        let cfg = init_cfg(&mut Tape::new(choices), false);
        let (bytes, text) = (compact(&cfg), serde_json::to_string(&cfg).unwrap());
        let owned: InitCfg<Owned> = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&owned, &cfg);
        let fixed: InitCfg<Roomy<'_>> = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&compact(&owned), &bytes);
        prop_assert_eq!(&compact(&fixed), &bytes);
        prop_assert_eq!(&serde_json::to_string(&fixed).unwrap(), &text);
        with_borrowed(&cfg, |borrowed| {
            prop_assert_eq!(&compact(borrowed), &bytes);
            prop_assert_eq!(serde_json::to_string(borrowed).unwrap(), text);
            Ok(())
        })?;
    }

    /// A device reads JSON, too, as long as no text has an escape.
    #[test]
    fn fixed_storage_reads_json(choices in vec(any::<u32>(), 0..300)) {
        let cfg = init_cfg(&mut Tape::new(choices), true);
        let text = serde_json::to_string(&cfg).unwrap();
        let fixed: InitCfg<Roomy<'_>> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(compact(&fixed), compact(&cfg));
    }

    /// A value that does not fit is refused, never cut off.
    #[test]
    fn what_does_not_fit_is_refused(choices in vec(any::<u32>(), 0..300)) {
        let cfg = init_cfg(&mut Tape::new(choices), true);
        let bytes = compact(&cfg);
        let fits = cfg.rules.len() <= 1
            && cfg.rules.iter().all(|r| r.layers.len().max(r.params.len()).max(r.overrides.len()) <= 1);
        let found = read::<Fixed<'_, 1, 1, 1>>(&bytes).as_ref().map(compact);
        prop_assert_eq!(found.as_ref(), fits.then_some(&bytes));
        let text = serde_json::to_string(&cfg).unwrap();
        prop_assert_eq!(serde_json::from_str::<InitCfg<Fixed<'_, 1, 1, 1>>>(&text).is_ok(), fits);
    }
}
