//! Layers built from configs are those that PyTorch makes of the same classes and arguments.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use serde_json::{Value, json};
use weight_init::config::{Config, Format};
use weight_init::diagnostic::{Diagnostic, Source};
use weight_init::model::{LayerSpec, Model, Registry, TensorSpec, Values};
use weight_init::plan::{Options, Plan, Unknown};
use weight_init::run::{BackendKind, fill_whole};
use weight_init_core::{Layer, LayerVisitor};
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
    assert_eq!(error.message(), "'anchors' of shape [3] has 3 elements, found 2 values");
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
