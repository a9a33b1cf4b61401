//! Layers built from configs are those that PyTorch makes of the same classes and arguments.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use serde_json::{Value, json};
use weight_init::config::{Config, Format};
use weight_init::diagnostic::{Diagnostic, Source};
use weight_init::model::{Model, Registry};
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

/// What of a golden description is comparable with a built one.
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
