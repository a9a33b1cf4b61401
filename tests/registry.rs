//! Layers built from configs are those that PyTorch makes of the same classes and arguments.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use serde_json::{Value, json};
use weight_init::config::{Config, Format};
use weight_init::diagnostic::{Diagnostic, Source};
use weight_init::model::{LayerSpec, Model, PlacedInitCfg, Registry, TensorSpec, Values};
use weight_init::plan::{Options, Plan, Unknown};
use weight_init::run::{BackendKind, fill_whole};
use weight_init_core::line_fill::AnyFill;
use weight_init_core::{Fill, Layer, LayerVisitor};
use weight_init_tests::golden;

fn build(config: &Value) -> Result<Model, Diagnostic> {
    let config = Config::parse(Source::new("model.json", config.to_string()), Format::Json)?;
    Model::from_config(&config, &Registry::standard())
}

/// A layer as the golden files describe it, without rules.
fn described(layer: &dyn Layer) -> Value {
    #[derive(Default)]
    struct Parts {
        params: Vec<Value>,
        buffers: Vec<Value>,
        children: Vec<Value>,
    }
    impl LayerVisitor for Parts {
        fn param(&mut self, param: &weight_init_core::Param<'_>) -> std::ops::ControlFlow<()> {
            let (name, shape) = (param.name, param.shape.dims());
            self.params.push(json!({"name": name, "shape": shape, "dtype": param.dtype.name()}));
            std::ops::ControlFlow::Continue(())
        }
        fn buffer(&mut self, buffer: &weight_init_core::Buffer<'_>) -> std::ops::ControlFlow<()> {
            let (name, shape) = (buffer.name, buffer.shape);
            self.buffers.push(json!({"name": name, "shape": shape, "dtype": buffer.dtype.name()}));
            std::ops::ControlFlow::Continue(())
        }
        fn child(&mut self, child: &weight_init_core::Child<'_>) -> std::ops::ControlFlow<()> {
            let mut layer = described(child.layer);
            layer["name"] = json!(child.name);
            self.children.push(layer);
            std::ops::ControlFlow::Continue(())
        }
    }
    let mut parts = Parts::default();
    let _ = layer.visit(&mut parts);
    let bases: Vec<_> = layer.bases().collect();
    json!({"class": layer.class(), "bases": bases, "params": parts.params, "buffers": parts.buffers,
           "children": parts.children})
}

/// `tests/data/torch_layers.py` made the file with PyTorch 2.15.
#[test]
fn classes_are_those_of_pytorch() {
    let mut count = 0;
    for line in golden::lines("torch_layers.jsonl.gz") {
        let case: Value = serde_json::from_str(&line).unwrap();
        let mut config = case["args"].clone();
        config["type"] = case["type"].clone();
        match (case.get("layer"), build(&config)) {
            (Some(expected), Ok(model)) => {
                assert_eq!(&described(&model.root()), expected, "{config}")
            }
            (None, Err(_)) => {}
            (Some(_), Err(error)) => panic!("{config}: {error}"),
            (None, Ok(_)) => panic!("{config}: PyTorch refuses it: {}", case["error"]),
        }
        count += 1;
    }
    assert!(count > 150, "{count}");
}

/// The part of a golden description that is comparable with a built one.
fn bare(layer: &Value) -> Value {
    let list = |key: &str| layer.get(key).cloned().unwrap_or_else(|| json!([]));
    let mut children = list("children");
    for child in children.as_array_mut().unwrap() {
        let name = child["name"].clone();
        *child = bare(child);
        child["name"] = name;
    }
    json!({"class": layer["class"], "bases": list("bases"), "params": list("params"), "buffers": list("buffers"),
           "children": children})
}

/// The whole backbone: names, order, shapes, element types, classes and their bases.
#[test]
fn the_resnet_50_example_is_that_of_mmdet() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/resnet50.py");
    let config = Config::read(path, None).unwrap();
    let model = Model::from_config(&config, &Registry::standard()).unwrap();
    let golden: Value =
        serde_json::from_str(&golden::text("models/retinanet_r50_fpn.json.gz")).unwrap();
    let children = golden["model"]["children"].as_array().unwrap();
    let backbone = children.iter().find(|child| child["name"] == "backbone").unwrap();
    assert_eq!(described(&model.root()), bare(backbone));
}

/// The row that the constructor clears, in memory of the caller's; the others are those of an embedding without one.
#[test]
fn the_padding_row_is_zero_wherever_it_is_filled() {
    let filled = |padding: Value, backend: BackendKind| {
        let config = json!({"type": "Embedding", "num_embeddings": 5, "embedding_dim": 7,
                            "padding_idx": padding, "dtype": "float16"});
        let plan = Plan::new(&build(&config).unwrap(), &Options::default()).unwrap();
        let mut memory = [vec![u64::MAX; 9]];
        let tensors = plan.tensors(Unknown::Refuse).unwrap();
        fill_whole(&tensors, 42, &mut backend.start(None).unwrap(), &mut memory).unwrap();
        let bytes: Vec<u8> = memory[0].iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes[..70].chunks(14).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    for backend in [BackendKind::Embedded, BackendKind::Simd, BackendKind::Rayon] {
        let plain = filled(Value::Null, backend);
        let padded = filled(json!(-2), backend);
        assert!(plain.iter().all(|row| row.iter().any(|byte| *byte != 0)));
        assert_eq!(padded[3], [0; 14]);
        assert!([0, 1, 2, 4].iter().all(|row| padded[*row] == plain[*row]));
    }
}

/// A builder's values are one for each element: no number stands in for one that is not there.
#[test]
fn a_builder_gives_a_value_to_each_element() {
    let mut registry = Registry::standard();
    registry.register("Anchors", |_| {
        let value = Some(Values::Each(vec![1.0, 2.0]));
        let tensor = TensorSpec { value, ..TensorSpec::new("anchors", &[3]) };
        Ok(LayerSpec::new("Anchors", &["Module"]).buffer(tensor))
    });
    let config = Config::parse(Source::new("m.json", r#"{"type": "Anchors"}"#), Format::Json);
    let error = Model::from_config(&config.unwrap(), &registry).unwrap_err();
    assert_eq!(error.message(), "'anchors': a tensor of shape [3] has 3 elements, found 2 values");
}

/// A fault of a tree of layers says where it is.
#[test]
fn a_tree_that_is_no_model_is_refused_with_the_place() {
    let block = |layer: LayerSpec| {
        let net = LayerSpec::new("Net", &["Module"]);
        Model::from_spec(net.child("block", layer)).unwrap_err().to_string()
    };
    let layer = || LayerSpec::new("Block", &["Module"]);
    let long = "x".repeat(2000);
    assert_eq!(
        [
            block(layer().param("a.b", &[1])),
            block(layer().param(&long, &[1])),
            block(layer().param("w", &[1]).param("w", &[1])),
            block(layer().param("w", &[usize::MAX])),
            Model::from_spec(layer().param("", &[1])).unwrap_err().to_string(),
        ],
        [
            "in 'block': 'a.b' is no name: it must have a character and no dot",
            "in 'block': its full name has 2006 bytes, more than 1024",
            "'block.w' stands twice",
            "'block.w': a tensor of shape [18446744073709551615] has more than 9223372036854775807 bytes, the most a file can hold",
            "in the root: '' is no name: it must have a character and no dot",
        ]
    );
}

/// A stack takes its layer as a config; PyTorch's `Transformer` makes its own.
#[test]
fn a_stack_holds_copies_of_its_layer() {
    let layer =
        |class: &str| json!({"type": class, "d_model": 8, "nhead": 2, "dim_feedforward": 12});
    let norm = json!({"type": "LayerNorm", "normalized_shape": 8});
    let encoder = json!({"type": "TransformerEncoder", "num_layers": 2, "norm": norm,
                         "encoder_layer": layer("TransformerEncoderLayer"), "mask_check": true});
    let decoder = json!({"type": "TransformerDecoder", "num_layers": 1, "norm": norm,
                         "decoder_layer": layer("TransformerDecoderLayer")});
    let mut whole = layer("Transformer");
    (whole["num_encoder_layers"], whole["num_decoder_layers"]) = (json!(2), json!(1));
    let expected = described(&build(&whole).unwrap().root());
    whole["custom_encoder"] = encoder;
    whole["custom_decoder"] = decoder;
    assert_eq!(described(&build(&whole).unwrap().root()), expected);
    // Copies of copies of copies are counted before they are made.
    let mut stack = layer("TransformerEncoderLayer");
    for _ in 0..5 {
        stack = json!({"type": "TransformerEncoder", "num_layers": 5000, "encoder_layer": stack});
    }
    let error = build(&stack).unwrap_err();
    assert_eq!(error.message(), "the model has more than 1000000 layers");
}

mod own {
    use weight_init_core::initializer;
    use weight_init_core::initializer::{
        Distribution, Draw, InitError, InitializerType, Lower, Shape, fans,
    };

    initializer! {
        /// Variance `scale/fan_in`.
        pub struct Lecun {
            /// Factor of the variance.
            scale: f64 = 1.0, NotNegative;
            /// Normal or uniform.
            distribution: Distribution = Distribution::Normal, Any;
            /// Layers of the model.
            layers: u64 = 1, Any;
        }
        fans: Always;
    }

    impl Lower for Lecun {
        fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
            let units = fans(shape).map_err(InitError::from)?.fan_in * self.layers;
            draw.around_zero(self.distribution, (self.scale / units as f64).sqrt())
        }
    }

    pub(crate) static LECUN: InitializerType = InitializerType::new::<Lecun>();
}

fn with_lecun() -> Registry {
    let mut registry = Registry::standard();
    registry.register_initializer(&own::LECUN);
    registry
}

/// The same model in each format; `RULE` stands for the arguments of a Lecun rule.
const FORMATS: [(&str, Format, &str); 4] = [
    (
        "net.py",
        Format::Python,
        "model = dict(type='Module', init_cfg=dict(type='Lecun', RULE, layer='Linear'),
    fc=dict(type='Linear', in_features=8, out_features=4))",
    ),
    (
        "net.json",
        Format::Json,
        r#"{"type": "Module", "init_cfg": {RULE, "type": "Lecun", "layer": "Linear"},
    "fc": {"type": "Linear", "in_features": 8, "out_features": 4}}"#,
    ),
    (
        "net.toml",
        Format::Toml,
        "[model]\ntype = 'Module'\ninit_cfg = {type = 'Lecun', RULE, layer = 'Linear'}
fc = {type = 'Linear', in_features = 8, out_features = 4}",
    ),
    (
        "net.yaml",
        Format::Yaml,
        "type: Module\ninit_cfg: {type: Lecun, RULE, layer: Linear}
fc: {type: Linear, in_features: 8, out_features: 4}",
    ),
];

/// A key and a value as a format spells them.
fn entry(format: Format, key: &str, value: &str) -> String {
    match format {
        Format::Python => format!("{key}={}", value.replace('"', "'")),
        Format::Json => format!("\"{key}\": {value}"),
        Format::Toml => format!("{key} = {value}"),
        _ => format!("{key}: {value}"),
    }
}

fn ruled(name: &str, format: Format, text: &str, rule: &str) -> Result<Model, Diagnostic> {
    let config = Config::parse(Source::new(name, text.replace("RULE", rule)), format)?;
    Model::from_config(&config, &with_lecun())
}

#[test]
fn an_initializer_of_your_own_is_named_in_every_format() {
    for (name, format, text) in FORMATS {
        let entries = [("scale", "2"), ("distribution", "\"uniform\""), ("layers", "4")];
        let rule = entries.map(|(key, value)| entry(format, key, value)).join(", ");
        let model = ruled(name, format, text, &rule).unwrap();
        let plan = Plan::new(&model, &Options::default()).unwrap();
        let table = plan.table(None).to_string();
        assert!(
            table.contains("Lecun(scale=2, distribution=uniform, layers=4)"),
            "{name}: {table}"
        );
        let json = serde_json::to_value(&plan).unwrap();
        let args = json!({"scale": 2.0, "distribution": "uniform", "layers": 4});
        assert_eq!(json["params"]["fc.weight"]["args"], args, "{name}");
        // √(2 / (8·4)) is 1/4, and the bound √3 times it.
        let tensors = plan.tensors(Unknown::Refuse).unwrap();
        let (fill, _) = tensors[0].fill::<f64>(42).unwrap().unwrap();
        let bound = 3_f64.sqrt() / 4.0;
        assert_eq!(fill, AnyFill::Elements(Fill::uniform(-bound, bound).unwrap()), "{name}");
    }
}

#[test]
fn faults_of_your_own_are_told_at_their_place_in_every_format() {
    let faults = [
        ("scale", "-1", "'scale' is -1, but it must not be negative"),
        ("scal", "1", "unknown key 'scal'"),
        ("layers", "1.5", "expected a whole number from 0"),
        ("distribution", "\"cauchy\"", "'cauchy' is not a distribution"),
    ];
    for (name, format, text) in FORMATS {
        for (key, value, expected) in faults {
            let error = ruled(name, format, text, &entry(format, key, value)).unwrap_err();
            let shown = error.to_string();
            assert!(shown.contains(expected), "{shown}");
            assert!(shown.contains(&format!("init_cfg.{key}: ")), "{shown}");
        }
    }
    let config =
        Config::parse(Source::new("net.json", FORMATS[1].2.replace("RULE,", "")), Format::Json);
    let error = Model::from_config(&config.unwrap(), &Registry::standard()).unwrap_err();
    assert!(error.message().starts_with("'Lecun' is not an initializer"), "{error}");
}

/// Rules of a file, descriptions, and what is laid over them know it, too.
#[test]
fn an_initializer_of_your_own_is_known_wherever_rules_are_read() {
    let registry = with_lecun();
    let parse = |text: &str| Config::parse(Source::new("c.json", text), Format::Json).unwrap();
    let rules = parse(r#"{"type": "Lecun", "layer": "Linear"}"#);
    assert_eq!(PlacedInitCfg::from_config(&rules, &registry).unwrap().init_cfg.rules.len(), 1);
    let described = parse(
        r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Lecun", "layer": "Linear"},
            "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [4, 8]}]}]}"#,
    );
    let mut model = Model::from_config(&described, &registry).unwrap();
    let laid =
        parse(r#"{"model": {"init_cfg": {"type": "Lecun", "scale": 3, "layer": "Linear"}}}"#);
    model.lay(&laid, &registry).unwrap();
    let plan = Plan::new(&model, &Options::default()).unwrap();
    assert!(plan.table(None).to_string().contains("Lecun(scale=3"));
    // A class of its own may read keys of its own; those of the initializer are known.
    let custom = r#"{"class": "Net", "init_weights": "custom",
        "init_cfg": {"type": "Lecun", "scale": 3, "mine": 1, "layer": "Linear"}}"#;
    let model = Model::from_config(&parse(custom), &registry).unwrap();
    let warnings = Plan::new(&model, &Options::default()).unwrap().warnings().to_vec();
    assert!(warnings.iter().any(|it| it.message.contains("'mine'")), "{warnings:?}");
    assert!(!warnings.iter().any(|it| it.message.contains("'scale'")), "{warnings:?}");
}
