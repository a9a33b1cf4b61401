//! Checkpoints of PyTorch's names and layout in burn's modules.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig, LinearLayout};
use burn::tensor::{Device, Tensor};
use safetensors::SafeTensors;
use serde_json::json;
use std::path::Path;
use weight_init_burn::{WeightInit, init, init_cfg};

use crate::check::{values, write_file};
use crate::whole_models::{ResNet, resnet_of_pytorch};

#[derive(Module, Debug)]
struct Pair {
    square: Linear,
    wide: Linear,
}

fn pair(device: &Device, layout: LinearLayout) -> Pair {
    let linear = |input, output| LinearConfig::new(input, output).with_layout(layout);
    Pair { square: linear(3, 3).init(device), wide: linear(3, 5).init(device) }
}

/// `[out, in]` as PyTorch writes them, under a prefix and by other names.
fn pair_of_pytorch(names: [&str; 2]) -> serde_json::Value {
    let linear = |name: &str, output: usize| {
        json!({"name": name, "class": "Linear",
               "params": [{"name": "weight", "shape": [output, 3]}, {"name": "bias", "shape": [output]}]})
    };
    let layers = [linear(names[0], 3), linear(names[1], 5)];
    json!({"class": "Net", "children": [{"name": "model", "class": "Pair", "children": layers}]})
}

fn rules(path: &Path, more: &str) -> weight_init_burn::Rules {
    init_cfg(&format!(r#"{{"type": "Pretrained", "checkpoint": {path:?}{more}}}"#)).unwrap()
}

fn numbers(path: &Path, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    let data = SafeTensors::deserialize(&bytes).unwrap();
    let bytes = data.tensor(name).unwrap().data().chunks_exact(4).map(|it| it.try_into().unwrap());
    bytes.map(f32::from_le_bytes).collect()
}

fn transposed(numbers: &[f32], columns: usize) -> Vec<f32> {
    let rows = numbers.len() / columns;
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| numbers[row * columns + column]))
        .collect()
}

#[test]
fn matrices_of_pytorch_are_transposed_into_every_layout_of_burn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pair.safetensors");
    write_file(&pair_of_pytorch(["square", "wide"]), None, 7, &path);
    let rules = rules(&path, r#", "prefix": "model.""#);
    let device = Device::flex();
    for (layout, eager) in [
        (LinearLayout::Row, false),
        (LinearLayout::Row, true),
        (LinearLayout::Col, false),
        (LinearLayout::Col, true),
    ] {
        let before = pair(&device, layout);
        if eager {
            values(&before);
        }
        let (net, report) = WeightInit::new(&rules, 1).strict().apply(before).unwrap();
        assert!(report.to_string().contains("4 tensors loaded, everything matches"), "{report}");
        let held = values(&net);
        for name in ["square", "wide"] {
            let stored = numbers(&path, &format!("model.{name}.weight"));
            let weight = held[&format!("{name}.weight")].as_slice::<f32>().unwrap();
            assert_eq!(weight, transposed(&stored, 3), "{name}");
            let bias = held[&format!("{name}.bias")].as_slice::<f32>().unwrap();
            assert_eq!(bias, numbers(&path, &format!("model.{name}.bias")));
        }
    }
}

#[test]
fn names_that_differ_are_told_and_matrices_of_burns_own_files_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pair.safetensors");
    write_file(&pair_of_pytorch(["fc1", "fc2"]), None, 7, &path);
    let device = Device::flex();
    let all = rules(&path, "");
    let lost = init(pair(&device, LinearLayout::Row), &all, 1).unwrap().1.to_string();
    assert!(lost.contains("missing in the checkpoint"), "{lost}");
    let rename: fn(&str) -> String =
        |name| name.replace("model.fc1", "square").replace("model.fc2", "wide");
    let told = WeightInit::new(&all, 1).rename(rename);
    let (net, _) = told.clone().strict().apply(pair(&device, LinearLayout::Row)).unwrap();
    let weight = transposed(&numbers(&path, "model.fc2.weight"), 3);
    assert_eq!(values(&net)["wide.weight"].as_slice::<f32>().unwrap(), weight);

    let (net, report) = told.checkpoints_in_out().apply(pair(&device, LinearLayout::Row)).unwrap();
    let square = numbers(&path, "model.fc1.weight");
    assert_eq!(values(&net)["square.weight"].as_slice::<f32>().unwrap(), square);
    let mismatch = "wide.weight (float32 [3, 5] in the model, float32 [5, 3] in the checkpoint)";
    assert!(report.to_string().contains(mismatch), "{report}");
}

#[test]
fn a_resnet_of_pytorch_is_loaded_whole_with_its_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resnet.safetensors");
    let mut description = resnet_of_pytorch();
    description["children"][1]["buffers"][0]["value"] = json!(0.25);
    write_file(&description, None, 7, &path);
    let device = Device::flex();
    let rules = rules(&path, "");
    let (net, report) = init(ResNet::new(&device), &rules, 1).unwrap();
    let table = report.to_string();
    assert!(table.contains("102 tensors loaded"), "{table}");
    let held = values(&net);
    assert_eq!(held["bn1.running_mean"].as_slice::<f32>().unwrap(), [0.25; 16]);
    let fc = transposed(&numbers(&path, "fc.weight"), 128);
    assert_eq!(held["fc.weight"].as_slice::<f32>().unwrap(), fc);
    for name in ["conv1.weight", "layer4.0.downsample.0.weight", "layer2.1.bn2.gamma"] {
        let stored = numbers(&path, &name.replace("gamma", "weight"));
        assert_eq!(held[name].as_slice::<f32>().unwrap(), stored, "{name}");
    }
    assert_eq!(net.forward(Tensor::ones([1, 3, 32, 32], &device)).dims(), [1, 10]);
}
