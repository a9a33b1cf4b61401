//! Values, shapes, ids and laziness of modules beside the file that the command writes for the same description.

use burn::module::{Module, Param};
use burn::nn::LinearLayout;
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::HashMap;
use weight_init_burn::{Rules, WeightInit, description, init, init_cfg};

use crate::check::{file, looks, values};
use crate::nets::{Net, modules, net};

const RULES: &str = r#"[
    {"type": "Kaiming", "layer": ["_ConvNd", "_ConvTransposeNd"], "bias": 0.25},
    {"type": "Xavier", "distribution": "uniform", "layer": "Linear", "bias_prob": 0.01},
    {"type": "Constant", "val": 1, "layer": ["_BatchNorm", "LayerNorm"]},
    {"type": "TruncNormal", "std": 0.02, "a": -0.04, "b": 0.04, "layer": "Embedding", "params": ["pos", "half", "double"]},
    {"type": "Normal", "std": 0.001, "params": "head.A.*", "override": {"name": "pair", "type": "Uniform", "a": -0.5, "b": 0.5}}
]"#;

/// What rules call a field of the nets.
fn in_rules(path: &str) -> String {
    path.replace("gamma", "weight").replace("beta", "bias").replace("alpha", "weight")
}

/// Asserts that every parameter that a rule wrote has the bits of the file; returns how many there were.
fn assert_equal_to_the_file(
    written: &HashMap<String, TensorData>,
    description: &serde_json::Value,
    rules: &Rules,
    by_rules: &[&str],
) -> usize {
    let file = file(description, rules, 42);
    let mut same = 0;
    for (path, value) in written {
        let name = in_rules(path);
        if !by_rules.contains(&&*name) {
            continue;
        }
        let (shape, bytes) = &file[&name];
        assert_eq!(value.shape().to_vec(), *shape, "{name}");
        assert!(value.as_bytes() == &**bytes, "{name}");
        same += 1;
    }
    same
}

fn by_rules(report: &weight_init_burn::Report) -> Vec<&str> {
    let params = report.plan().params().iter();
    params
        .filter(|it| matches!(*it.writer, weight_init::plan::Writer::Rule { .. }))
        .map(|it| &*it.name)
        .collect()
}

#[test]
fn rules_write_the_bits_of_the_command_and_leave_everything_else_alone() {
    let device = Device::flex();
    let rules = init_cfg(RULES).unwrap();
    let lazy = net(&device, LinearLayout::Row, true);
    let before = looks(&lazy);
    let about = description(&lazy).unwrap();
    WeightInit::new(&rules, 42).plan(&lazy).unwrap();
    assert_eq!(looks(&lazy), before, "a plan only looks");

    // A lazy parameter with an initializer that panics is in it.
    let (written, report) = init(lazy, &rules, 42).unwrap();
    assert!(report.warnings().is_empty(), "{:?}", report.warnings());
    let after = looks(&written);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before.0, before.1, &before.3), (&after.0, after.1, &after.3));
    }
    let kept: Vec<_> = after.iter().filter(|it| !it.2).map(|it| &*it.0).collect();
    assert_eq!(kept, Vec::<&str>::new(), "every lazy parameter is written by these rules");
    let row = values(&written);
    let by_rules = by_rules(&report);
    let same = assert_equal_to_the_file(&row, &about, &rules, &by_rules);
    assert!(same > 50, "{same}");
    assert_eq!(row["embed.weight"], row["unembed"], "tied parameters are one");

    for (layout, eager) in
        [(LinearLayout::Col, false), (LinearLayout::Row, true), (LinearLayout::Col, true)]
    {
        let other = net(&device, layout, false);
        if eager {
            values(&other);
        }
        let (other, _) = init(other, &rules, 42).unwrap();
        let other = values(&other);
        for name in row.keys().filter(|name| by_rules.contains(&&*in_rules(name))) {
            assert_eq!(other[name], row[name], "{name}");
        }
    }
}

#[test]
fn every_module_of_burn_with_parameters_can_be_written_and_loaded_back() {
    let device = Device::flex();
    let rules = init_cfg(r#"{"type": "Normal", "std": 0.5, "params": "*"}"#).unwrap();
    for eager in [false, true] {
        let before = modules(&device);
        if eager {
            values(&before);
        }
        let about = description(&before).unwrap();
        let shapes = looks(&before);
        let (after, report) = init(before, &rules, 42).unwrap();
        let written = values(&after);
        let by_rules = by_rules(&report);
        let same = assert_equal_to_the_file(&written, &about, &rules, &by_rules);
        assert_eq!(same, report.plan().params().len());
        for ((path, id, _, shape), after) in shapes.into_iter().zip(looks(&after)) {
            // A lazy weight of this layout shows the shape that it loads.
            let is_col = path == "col.weight"
                || path.starts_with("swiglu_col.") && path.ends_with(".weight");
            let loads_transposed = is_col && !eager;
            let shape = if loads_transposed { shape.into_iter().rev().collect() } else { shape };
            assert_eq!((path, id, shape), (after.0, after.1, after.3));
        }
        // Its record loads into another module.
        assert_eq!(values(&modules(&device).load_record(after.into_record())), written);
    }
}

#[test]
fn gradients_flow_into_what_was_written_and_frozen_parameters_stay_frozen() {
    let device = Device::flex().autodiff();
    let rules = init_cfg(r#"{"type": "Kaiming", "layer": "Linear"}"#).unwrap();
    let linear = || burn::nn::LinearConfig::new(3, 2).init(&device);
    let (free, _) = init(linear(), &rules, 1).unwrap();
    let (frozen, _) = init(linear().no_grad(), &rules, 1).unwrap();
    let loss = free.forward(Tensor::<2>::ones([4, 3], &device)).sum();
    let gradients = loss.backward();
    assert!(free.weight.val().grad(&gradients).is_some());
    assert!(!frozen.weight.val().is_require_grad());
}

#[test]
fn constructors_make_the_whole_module_reproducible() {
    let device = Device::flex();
    let rules = init_cfg(r#"{"type": "Normal", "std": 0.01, "params": "head.A.*"}"#).unwrap();
    let net = || Net {
        pos: burn::module::Param::from_tensor(Tensor::zeros([1, 4, 6], &device)),
        ..net(&device, LinearLayout::Row, false)
    };
    let error = WeightInit::new(&rules, 7).constructors().apply(net()).unwrap_err().to_string();
    assert!(error.contains("pos"), "{error}");
    let linear = || burn::nn::LinearConfig::new(30, 20).init(&device);
    let once = |module| values(&WeightInit::new(&rules, 7).constructors().apply(module).unwrap().0);
    let first = once(linear());
    assert_eq!(first, once(linear()));
    let bound = 1.0 / 30.0_f32.sqrt();
    assert!(first["weight"].as_slice::<f32>().unwrap().iter().all(|x| x.abs() <= bound));
}

#[test]
fn mistakes_are_named_with_their_place_and_the_nearest_name() {
    let device = Device::flex();
    let net = net(&device, LinearLayout::Row, false);
    let error = init_cfg(r#"{"type": "Kaiming", "layr": "Conv2d"}"#).unwrap_err().to_string();
    assert!(
        error.contains("unknown key 'layr'") && error.contains("did you mean 'layer'?"),
        "{error}"
    );

    let rules = init_cfg("{\"type\": \"Constant\", \"val\": 0, \"layer\": \"Conv2d\",\n \"override\": {\"name\": \"hed\", \"type\": \"Constant\", \"val\": 1}}").unwrap();
    let error = WeightInit::new(&rules, 1).plan(&net).unwrap_err().to_string();
    assert!(
        error.contains("names 'hed'")
            && error.contains("did you mean 'head'?")
            && error.contains("init_cfg:2:14"),
        "{error}"
    );

    let rules = init_cfg(r#"{"type": "Kaiming", "layer": "Conv2"}"#).unwrap();
    let report = WeightInit::new(&rules, 1).plan(&net).unwrap();
    assert!(
        report.warnings()[0].message.contains("did you mean 'Conv2d'?"),
        "{:?}",
        report.warnings()
    );
    let error = WeightInit::new(&rules, 1).strict().plan(&net).unwrap_err().to_string();
    assert!(error.contains("'Conv2'"), "{error}");

    let error = report.explain("stem.wieght").unwrap_err().to_string();
    assert!(error.contains("did you mean 'stem.weight'?"), "{error}");

    let rules = init_cfg(r#"{"type": "Pretrained", "checkpoint": "net.pth"}"#).unwrap();
    let error = init(net, &rules, 1).unwrap_err().to_string();
    assert!(error.contains("net.pth"), "{error}");
}

#[derive(Module, Debug)]
struct Scale {
    weight: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Scaled {
    linear: burn::nn::Linear,
    scale: Scale,
}

#[derive(Module, Debug)]
struct Nested {
    blocks: Vec<Scaled>,
    scale: Option<Scale>,
}

#[test]
fn structs_of_ones_own_are_classes_wherever_they_are_nested() {
    let device = Device::flex();
    let scale = || Scale { weight: Param::from_tensor(Tensor::ones([2], &device)) };
    let scaled = || {
        let linear = burn::nn::LinearConfig::new(2, 2).init(&device);
        Scaled { linear, scale: scale() }
    };
    let net = Nested { blocks: vec![scaled(), scaled()], scale: Some(scale()) };
    let rules = init_cfg(
        r#"[{"type": "Constant", "val": 3, "layer": "Scale"},
            {"type": "Xavier", "layer": "Linear", "override": {"name": "scale", "type": "Constant", "val": 5}}]"#,
    )
    .unwrap();
    let (net, report) = WeightInit::new(&rules, 1).strict().apply(net).unwrap();
    assert_eq!(report.plan().rules()[0].matched, 3);
    let held = values(&net);
    let weight = |name: &str| held[name].as_slice::<f32>().unwrap().to_vec();
    assert_eq!(weight("blocks.1.scale.weight"), [3.0; 2]);
    assert_eq!(weight("scale.weight"), [5.0; 2], "the override of the root's attribute");
}
