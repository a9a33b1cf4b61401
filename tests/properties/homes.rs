//! An init_cfg gives the same plan from whatever home: a `const` table, fixed memory, the heap.

use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init_core::init_cfg::{
    Bias, Borrowed, Fixed, Init, InitCfg, Override, Owned, Rule, Rules, Write,
};
use weight_init_core::initializer::{Constant, Distribution, Kaiming, Normal, Xavier};
use weight_init_core::resolve::{Call, Observer, ParamVisit, resolve};
use weight_init_tests::golden;
use weight_init_tests::tape::Tape;

use crate::cases;
use crate::formats::with_borrowed;
use crate::net::Net;

/// Name and writer of every parameter on every path.
#[derive(Debug, Default, PartialEq)]
struct Writers(Vec<(String, Option<String>)>);

impl Observer for Writers {
    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let writer = visit.last_writer();
        let writer = writer.map(|w| format!("{:?} by rule {} {:?}", w.origin, w.rule, w.part));
        self.0.push((visit.path().to_string(), writer));
        ControlFlow::Continue(())
    }
}

fn writers(model: &Model, rules: &dyn Rules) -> Option<Writers> {
    let mut writers = Writers::default();
    resolve(&model.root(), Call::Initialize(rules), &mut writers).ok()?;
    Some(writers)
}

/// Compares every home of these rules on this model; the number of parameters that a rule writes.
fn compare(model: &Model, cfg: &InitCfg<Owned>) -> usize {
    let bytes = postcard::to_allocvec(cfg).unwrap();
    let fixed: InitCfg<Fixed<'_, 4, 4, 4>> = postcard::from_bytes(&bytes).unwrap();
    let owned = writers(model, cfg);
    assert_eq!(writers(model, &fixed), owned);
    assert_eq!(with_borrowed(cfg, |borrowed| writers(model, borrowed)), owned);
    owned.map_or(0, |owned| owned.0.iter().filter(|(_, writer)| writer.is_some()).count())
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn homes_of_random_rules(choices in vec(any::<u32>(), 0..500)) {
        let net = Net::random(&mut Tape::new(choices));
        let Some((_, rules)) = &net.initialize else { return Ok(()) };
        let model = Model::read(&Source::new("model.json", net.to_json().to_string())).unwrap();
        compare(&model, &serde_json::from_value(rules.clone()).unwrap());
    }
}

/// Rules as a program for a microcontroller has them: in flash.
const TABLE: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[
        Rule { layers: &["Conv2d"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) },
        Rule {
            layers: &["_BatchNorm", "GroupNorm"],
            ..Rule::writing(Write::Init(Init::Constant(Constant { val: 1.0 }), Bias::Value(0.5)))
        },
        Rule {
            params: &["neck.*.weight"],
            overrides: &[Override {
                name: "bbox_head",
                write: Some(Write::Init(
                    Init::Xavier(Xavier {
                        gain: 1.5,
                        distribution: Distribution::Uniform,
                        ..Xavier::DEFAULT
                    }),
                    Bias::Prob(0.01),
                )),
            }],
            ..Rule::new(Init::Normal(Normal { mean: 0.0, std: 0.01 }))
        },
    ],
};

/// The same rules as a config file has them.
const TEXT: &str = r#"[
    {"type": "Kaiming", "layer": "Conv2d"},
    {"type": "Constant", "val": 1, "bias": 0.5, "layer": ["_BatchNorm", "GroupNorm"]},
    {"type": "Normal", "std": 0.01, "params": "neck.*.weight",
     "override": {"name": "bbox_head", "type": "Xavier", "gain": 1.5, "distribution": "uniform", "bias_prob": 0.01}}
]"#;

#[test]
fn homes_of_rules_for_a_detector() {
    let cfg: InitCfg<Owned> = serde_json::from_str(TEXT).unwrap();
    let mut written = 0;
    for detector in golden::detectors() {
        let source = Source::new(detector.name.as_str(), detector.text.as_str());
        let model = Model::read(&source).unwrap();
        assert_eq!(writers(&model, &TABLE), writers(&model, &cfg), "{}", detector.name);
        written += compare(&model, &cfg);
    }
    assert!(written > 500, "{written}");
}
