use std::string::{String, ToString};
use std::{format, vec};

use super::*;
use crate::initializer::{
    Caffe2Xavier, Constant, Dirac, Distribution, FanMode, Kaiming, Nonlinearity, Normal,
    TruncNormal, Uniform, Xavier,
};

type Cfg = InitCfg<Owned>;

fn read(json: &str) -> Result<Cfg, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn write(json: &str) -> Write<String> {
    read(json).expect("a valid init_cfg").rules[0].write.clone()
}

fn init(json: &str) -> Init {
    let Write::Init(init, _) = write(json) else { panic!("{json} is Pretrained") };
    init
}

fn bias(json: &str) -> Bias {
    let Write::Init(_, bias) = write(json) else { panic!("{json} is Pretrained") };
    bias
}

#[test]
fn every_type_with_its_defaults_and_arguments() {
    assert_eq!(init(r#"{"type": "Constant", "val": 2}"#), Init::Constant(Constant { val: 2.0 }));
    assert_eq!(
        init(r#"{"type": "Xavier"}"#),
        Init::Xavier(Xavier { gain: 1.0, distribution: Distribution::Normal, ..Xavier::DEFAULT })
    );
    assert_eq!(
        init(r#"{"std": 0.5, "type": "Normal"}"#),
        Init::Normal(Normal { mean: 0.0, std: 0.5 })
    );
    let trunc_normal = TruncNormal { mean: 0.0, std: 1.0, a: -2.0, b: 2.0 };
    assert_eq!(init(r#"{"type": "TruncNormal"}"#), Init::TruncNormal(trunc_normal));
    assert_eq!(init(r#"{"type": "Uniform", "b": 3}"#), Init::Uniform(Uniform { a: 0.0, b: 3.0 }));
    let kaiming = Kaiming {
        a: 0.0,
        mode: FanMode::FanIn,
        nonlinearity: Nonlinearity::Relu,
        distribution: Distribution::Uniform,
        ..Kaiming::DEFAULT
    };
    assert_eq!(
        init(r#"{"type": "mmengine.Kaiming", "mode": "FAN_IN", "distribution": "uniform"}"#),
        Init::Kaiming(kaiming)
    );
    assert_eq!(init(r#"{"type": "Caffe2Xavier"}"#), Init::Caffe2Xavier(Caffe2Xavier));
    // Arguments in front of a type whose name is PyTorch's; a name with its module.
    assert_eq!(
        init(r#"{"mode": "FAN_IN", "type": "kaiming_uniform_", "nonlinearity": "relu"}"#),
        Init::Kaiming(kaiming)
    );
    assert_eq!(
        init(r#"{"groups": 2, "type": "torch.nn.init.dirac_"}"#),
        Init::Dirac(Dirac { groups: 2 })
    );
    let pretrained = Pretrained {
        checkpoint: "w.pth".to_string(),
        prefix: Some("b.".to_string()),
        map_location: None,
        turn: Turn::Last,
    };
    let json =
        r#"{"type": "Pretrained", "checkpoint": "w.pth", "prefix": "b.", "map_location": null}"#;
    assert_eq!(write(json), Write::Pretrained(pretrained));
}

#[test]
fn types_by_scope_and_by_the_path_of_their_class() {
    let kaiming = Init::Kaiming(Kaiming::DEFAULT);
    for name in ["Kaiming", "mmengine.Kaiming", "mmengine.model.KaimingInit"] {
        assert_eq!(
            init(&format!(r#"{{"type": "{name}", "_scope_": "mmdet"}}"#)),
            kaiming,
            "{name}"
        );
    }
    let name = "mmengine.model.weight_init.Caffe2XavierInit";
    assert_eq!(init(&format!(r#"{{"type": "{name}"}}"#)), Init::Caffe2Xavier(Caffe2Xavier));
    for (name, turn) in [
        ("Pretrained", Turn::Last),
        ("mmengine.Pretrained", Turn::InOrder),
        ("mmengine.model.PretrainedInit", Turn::InOrder),
    ] {
        let cfg = read(&format!(r#"{{"type": "{name}", "checkpoint": "w.pth"}}"#)).unwrap();
        assert!(matches!(&cfg.rules[0].write, Write::Pretrained(p) if p.turn == turn), "{name}");
        assert_eq!(read(&serde_json::to_string(&cfg).unwrap()), Ok(cfg.clone()));
        assert_eq!(postcard::from_bytes(&postcard::to_allocvec(&cfg).unwrap()), Ok(cfg));
    }
}

#[test]
fn truth_values_are_numbers() {
    let json = r#"{"type": "Constant", "val": true, "bias": false}"#;
    assert_eq!(init(json), Init::Constant(Constant { val: 1.0 }));
    assert_eq!(bias(json), Bias::Value(0.0));
    assert_eq!(
        init(r#"{"type": "Uniform", "b": true}"#),
        Init::Uniform(Uniform { a: 0.0, b: 1.0 })
    );
}

#[test]
fn an_infinite_bound_is_none() {
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    let both = Init::TruncNormal(TruncNormal { mean: 0.0, std: 1.0, a: low, b: high });
    assert_eq!(init(r#"{"type": "TruncNormal", "a": "-inf", "b": "inf"}"#), both);
    assert_eq!(init(r#"{"a": "-inf", "b": "inf", "type": "TruncNormal"}"#), both);
    let text = serde_json::to_string(&read(r#"{"type": "TruncNormal", "b": "inf"}"#).unwrap());
    assert!(text.unwrap().contains(r#""b":"inf""#));
}

#[test]
fn one_or_many() {
    for nothing in ["null", "{}", "[]"] {
        assert_eq!(read(nothing), Ok(Cfg::empty()), "{nothing}");
    }
    let one = read(r#"{"type": "Normal", "layer": "Conv2d", "override": {"name": "fc"}}"#).unwrap();
    let many =
        read(r#"[{"type": "Normal", "layer": ["Conv2d"], "override": [{"name": "fc"}]}]"#).unwrap();
    assert_eq!(one, many);
    assert_eq!(one.rules[0].layers, ["Conv2d"]);
    assert_eq!(one.rules[0].overrides[0], Override { name: "fc".to_string(), write: None });
}

#[test]
fn bias_prob_beats_bias() {
    let both = r#"{"type": "Normal", "bias": 3, "bias_prob": 0.01}"#;
    assert_eq!(bias(both), Bias::Prob(0.01));
    let null = r#"{"type": "Normal", "bias": 3, "bias_prob": null}"#;
    assert_eq!(bias(null), Bias::Value(3.0));
}

#[test]
fn an_override_with_a_type_stands_alone() {
    let json = r#"{"type": "Normal", "std": 3, "override": {"name": "fc", "type": "Constant", "val": 1, "layer": "X"}}"#;
    let cfg = read(json).unwrap();
    let write = Some(Write::new(Init::Constant(Constant { val: 1.0 })));
    assert_eq!(cfg.rules[0].overrides[0], Override { name: "fc".to_string(), write });
}

#[test]
fn faults_say_what_was_found_and_what_is_allowed() {
    let cases = [
        (r#"{"type": "Kaimming"}"#, "'Kaimming' is not an initializer; allowed are 'Constant'"),
        (r#"{"type": "Kaimming"}"#, "; did you mean 'Kaiming'?"),
        (
            r#"{"type": "Constant", "val": 1, "layr": "Conv2d"}"#,
            "unknown key 'layr' of a Constant rule",
        ),
        (r#"{"val": 1, "std": 2, "type": "Constant"}"#, "unknown key 'std' of a Constant rule"),
        (r#"{"layer": "Conv2d"}"#, "a rule needs the key 'type', one of 'Constant'"),
        (r#"[{}]"#, "a rule needs the key 'type'"),
        (r#"{"type": "Constant"}"#, "Constant needs the argument 'val'"),
        (r#"{"type": "Pretrained"}"#, "Pretrained needs the argument 'checkpoint'"),
        (
            r#"{"type": "Pretrained", "checkpoint": "a", "layer": "b"}"#,
            "unknown key 'layer' of a Pretrained rule",
        ),
        (r#"{"type": "Caffe2Xavier", "a": 1}"#, "unknown key 'a' of a Caffe2Xavier rule"),
        (r#"{"type": "Normal", "type": "Normal"}"#, "the key 'type' stands twice in a rule"),
        (r#"{"type": "Normal", "std": -1}"#, "'std' is -1, but it must not be negative"),
        (r#"{"type": "Uniform", "a": 2}"#, "the lower bound a = 2 is above the upper bound b = 1"),
        (
            r#"{"type": "Normal", "bias_prob": 1}"#,
            "'bias_prob' is 1, but it must lie strictly between 0 and 1",
        ),
        (r#"{"type": "Normal", "bias": "0"}"#, "expected a number"),
        (r#"{"type": "Uniform", "b": "inf"}"#, "'b' is inf, but it must be a finite number"),
        (r#"{"a": "inf", "type": "Kaiming"}"#, "'a' is inf, but it must be a finite number"),
        (r#"{"type": "TruncNormal", "a": "inf"}"#, "'a' is inf, but it must be a finite number"),
        (r#"{"type": "TruncNormal", "b": "-inf"}"#, "'b' is -inf, but it must be a finite number"),
        (
            r#"{"type": "TruncNormal", "a": "low"}"#,
            "invalid type: string \"low\", expected a number",
        ),
        (r#"{"type": "mmengine.model.Kaiming"}"#, "'mmengine.model.Kaiming' is not an initializer"),
        (r#"{"type": "KaimingInit"}"#, "'KaimingInit' is not an initializer"),
        (r#"{"_scope_": "mmdet"}"#, "a rule needs the key 'type'"),
        (
            r#"{"type": "Normal", "override": {"name": "fc", "_scope_": "mmdet"}}"#,
            "needs the key 'type', one of",
        ),
        (
            r#"{"type": "Kaiming", "mode": "fan_avg"}"#,
            "'fan_avg' is not a mode; allowed are 'fan_in', 'fan_out'",
        ),
        (
            r#"{"type": "Kaiming", "nonlinearity": "gelu"}"#,
            "'gelu' is not a nonlinearity; allowed are 'linear'",
        ),
        (r#"{"type": "Xavier", "distribution": "cauchy"}"#, "'cauchy' is not a distribution"),
        (r#"{"type": "Normal", "layer": 3}"#, "expected a string or a list of strings for 'layer'"),
        (
            r#"{"type": "Normal", "override": "fc"}"#,
            "expected a dict or a list of dicts for 'override'",
        ),
        (
            r#"{"type": "Normal", "override": {"type": "Normal"}}"#,
            "an override needs the key 'name'",
        ),
        (
            r#"{"type": "Normal", "override": {"name": "fc", "std": 1}}"#,
            "needs the key 'type', one of",
        ),
        (
            r#"{"type": "Normal", "override": {"name": "a", "override": {}}}"#,
            "unknown key 'override' of an override",
        ),
        (r#""Normal""#, "expected an init_cfg: a dict with 'type' or a list of such dicts"),
    ];
    for (json, expected) in cases {
        let error = read(json).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
}

/// A rule of every type, with everything that a rule can have.
const FULL: &str = r#"[
    {"type": "Constant", "val": 0.5, "bias": -1, "layer": ["A", "B"], "params": "*.pos_embed"},
    {"type": "Xavier", "gain": 2, "distribution": "uniform", "layer": "C", "bias_prob": 0.25},
    {"type": "Normal", "mean": 1, "std": 2, "override": [{"name": "x"}, {"name": "y", "type": "Uniform", "a": -1}]},
    {"type": "TruncNormal", "std": 0.02, "a": -0.04, "b": 0.04},
    {"type": "Kaiming", "a": 1, "mode": "fan_in", "nonlinearity": "leaky_relu"},
    {"type": "Caffe2Xavier", "layer": "Conv2d"},
    {"type": "Pretrained", "checkpoint": "torchvision://resnet50", "prefix": "backbone."}
]"#;

#[test]
fn human_readable_round_trip() {
    let cfg = read(FULL).unwrap();
    let text = serde_json::to_string(&cfg).unwrap();
    assert_eq!(read(&text).unwrap(), cfg);
}

#[test]
fn compact_round_trip_into_every_storage() {
    type Small<'a> = InitCfg<Fixed<'a, 7, 2, 2>>;
    let cfg = read(FULL).unwrap();
    let bytes = postcard::to_allocvec(&cfg).unwrap();
    assert_eq!(postcard::from_bytes::<Cfg>(&bytes).unwrap(), cfg);
    let fixed: Small<'_> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(postcard::to_allocvec(&fixed).unwrap(), bytes);
    for (rule, write) in (&fixed as &dyn Rules).writes().enumerate() {
        assert_eq!(Some(write), (&cfg as &dyn Rules).write(rule));
    }
    assert!(
        postcard::from_bytes::<InitCfg<Fixed<'_, 6, 2, 2>>>(&bytes).is_err(),
        "six rules have no room for seven"
    );
}

#[test]
fn compact_form_checks_its_numbers() {
    let bytes = |cfg: &Cfg| postcard::to_allocvec(cfg).unwrap();
    let bad = |init| {
        let rule =
            Rule { write: Write::new(init), layers: vec![], params: vec![], overrides: vec![] };
        postcard::from_bytes::<Cfg>(&bytes(&InitCfg { rules: vec![rule] })).is_err()
    };
    assert!(bad(Init::Normal(Normal { mean: f64::NAN, std: 1.0 })));
    assert!(bad(Init::Normal(Normal { mean: 0.0, std: -1.0 })));
    assert!(!bad(Init::Normal(Normal { mean: 0.0, std: 1.0 })));
}

#[test]
fn damaged_bytes_are_an_error_or_another_init_cfg_never_a_panic() {
    let bytes = postcard::to_allocvec(&read(FULL).unwrap()).unwrap();
    for end in 0..bytes.len() {
        assert!(postcard::from_bytes::<Cfg>(&bytes[..end]).is_err(), "cut at {end}");
    }
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(cfg) = postcard::from_bytes::<Cfg>(&damaged) {
            for rule in &cfg.rules {
                if let Write::Init(init, bias) = rule.write {
                    assert!(init.check().is_ok() && bias.check().is_ok(), "bit {bit}");
                }
            }
        }
    }
}

#[test]
fn a_const_table_says_the_same_as_text() {
    const TABLE: InitCfg<Borrowed<'static>> = InitCfg {
        rules: &[
            Rule { layers: &["Conv2d"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) },
            Rule {
                overrides: &[Override { name: "fc", write: None }],
                ..Rule::new(Init::Normal(Normal { mean: 0.0, std: 0.01 }))
            },
        ],
    };
    let json = r#"[{"type": "Kaiming", "layer": "Conv2d"}, {"type": "Normal", "std": 0.01, "override": {"name": "fc"}}]"#;
    assert_eq!(
        format!("{:?}", serde_json::to_value(&TABLE)),
        format!("{:?}", serde_json::to_value(read(json).unwrap()))
    );
}

mod registered;

#[test]
fn a_device_decodes_the_initializers_of_its_set_alone() {
    type Small<'a> = InitCfg<Fixed<'a, 1, 1, 1, (crate::in_place::KaimingNormal,)>>;
    let bytes = |json| postcard::to_allocvec(&read(json).unwrap()).unwrap();
    for known in [r#"{"type": "Kaiming"}"#, r#"{"type": "Constant", "val": 1}"#] {
        assert!(postcard::from_bytes::<Small<'_>>(&bytes(known)).is_ok(), "{known}");
    }
    assert!(postcard::from_bytes::<Small<'_>>(&bytes(r#"{"type": "Normal"}"#)).is_err());
}

/// What was encoded before an argument came is read as before, and encoded as before where the argument has its default.
#[test]
fn arguments_that_came_later_are_encoded_where_they_are_no_defaults() {
    type Small<'a> = InitCfg<Fixed<'a, 6, 2, 2, (crate::in_place::KaimingNormal,)>>;
    let bytes = |json: &str| postcard::to_allocvec(&read(json).unwrap()).unwrap();
    let plain = bytes(r#"{"type": "Kaiming"}"#);
    // One rule; number 5, `a`, three choices; the bias; three empty lists.
    let expected = [&[1, 5][..], &[0; 8], &[1, 9, 0], &[0; 9], &[0; 3]].concat();
    assert_eq!(plain, expected);
    assert_eq!(bytes(r#"{"type": "Kaiming", "fan": "torch", "parts": 1}"#), plain);
    let later = bytes(r#"{"type": "Kaiming", "parts": 3}"#);
    assert_eq!(later[..2], [1, 5 | 0x80]);
    assert_eq!(later[13..15], [0, 3]);
    assert!(postcard::from_bytes::<Small<'_>>(&plain).is_ok());
    // Its set counts fans as PyTorch does.
    assert!(postcard::from_bytes::<Small<'_>>(&later).is_err());
    for json in [
        r#"{"type":"Kaiming","a":0.0,"mode":"fan_out","nonlinearity":"relu","distribution":"normal","parts":3}"#,
        r#"{"type":"Xavier","gain":1.0,"distribution":"normal","fan":"connections"}"#,
        r#"{"type":"VarianceScaling","scale":1.0,"mode":"fan_in","distribution":"uniform","in_axis":-2,"out_axis":[0,-1]}"#,
    ] {
        let cfg = read(json).unwrap();
        assert_eq!(serde_json::to_string(&cfg).unwrap(), json);
        assert_eq!(postcard::from_bytes(&postcard::to_allocvec(&cfg).unwrap()), Ok(cfg));
    }
}

#[test]
fn axes_are_a_number_or_a_list() {
    let axes = |value: &str| read(&format!(r#"{{"in_axis": {value}, "type": "VarianceScaling"}}"#));
    let shown = |value: &str| match axes(value).unwrap().rules[0].write {
        Write::Init(init, _) => format!("{:?}", init.get(5)),
        Write::Pretrained(_) => panic!("an initializer"),
    };
    for (value, expected) in
        [("0", "0"), ("-1", "-1"), ("[-2]", "-2"), ("[0, 1]", "[0, 1]"), ("[]", "[]")]
    {
        assert_eq!(shown(value), format!("Some(Axes({expected}))"));
    }
    for wrong in ["1.5", "true", "\"0\"", "[0, 1, 2, 3, 4]", "200", "[0, null]"] {
        let error = axes(wrong).unwrap_err();
        assert!(error.contains("dimension") || error.contains("i64"), "{wrong}: {error}");
    }
}
