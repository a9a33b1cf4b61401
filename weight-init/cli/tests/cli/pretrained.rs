//! Pretrained rules: what is loaded, what is said of it, and what falls to other rules.

use std::collections::BTreeMap;

use weight_init::checkpoint::{SafetensorsFile, SafetensorsWriter, Sink, TensorInfo};
use weight_init_core::DType;

use crate::run::{Folder, MODEL};

/// The model with a Pretrained rule before its others.
fn model(rule: &str) -> String {
    MODEL.replacen(r#"{"type": "Kaiming""#, &format!(r#"{rule}, {{"type": "Kaiming""#), 1)
}

pub(crate) const RULE: &str = r#"{"type": "Pretrained", "checkpoint": "net.safetensors"}"#;

/// A checkpoint of constants.
pub(crate) fn checkpoint(folder: &Folder, file: &str, tensors: &[(&str, &[usize], f32)]) {
    let info = |(name, shape, _): &(&str, &[usize], f32)| TensorInfo {
        name: (*name).to_owned(),
        dtype: DType::F32,
        shape: shape.to_vec(),
    };
    let infos: Vec<_> = tensors.iter().map(info).collect();
    let mut writer = SafetensorsWriter::create(folder.path(file), &[("", ""); 0], &infos).unwrap();
    for (_, shape, value) in tensors {
        writer.write(&value.to_le_bytes().repeat(shape.iter().product())).unwrap();
    }
    writer.finish().unwrap();
}

/// Bytes of each tensor of a file.
fn tensors(folder: &Folder, file: &str) -> BTreeMap<String, Vec<u8>> {
    let file = SafetensorsFile::open(folder.path(file)).unwrap();
    let read = |tensor: &weight_init::checkpoint::TensorEntry| {
        let mut bytes = vec![0; tensor.len as usize];
        file.read_at(tensor, 0, &mut bytes).unwrap();
        (tensor.name.clone(), bytes)
    };
    file.tensors().iter().map(read).collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.json", model(RULE));
    checkpoint(
        &folder,
        "net.safetensors",
        &[
            ("module.conv1.weight", &[8, 3, 3, 3], 2.0),
            ("module.bn1.running_mean", &[8], 3.0),
            ("module.head.weight", &[4, 10], 4.0),
            ("module.fc.weight", &[1, 2], 5.0),
            ("module.aux.weight", &[3], 6.0),
        ],
    );
    folder
}

#[test]
fn what_a_checkpoint_holds_is_loaded_and_the_rest_falls_to_the_rules() {
    let folder = folder();
    let answer = folder.done(&["init", "model.json", "--out", "m.safetensors", "--seed", "7"]);
    for part in [
        "rule 0: 'net.safetensors': 3 tensors loaded",
        "missing in the checkpoint: conv1.bias",
        "1 not in the model: module.aux.weight",
        "fc.weight (float32 [10, 8] in the model, float32 [1, 2] in the checkpoint)",
        "1 converted: head.weight (float32 to float64)",
    ] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
    folder.write("model.json", MODEL);
    folder.init("without.safetensors", &["--seed", "7"]);
    let (with, without) =
        (tensors(&folder, "m.safetensors"), tensors(&folder, "without.safetensors"));
    for (name, bytes) in &with {
        let expected = match name.as_str() {
            "conv1.weight" => 2.0_f32.to_le_bytes().repeat(216),
            "bn1.running_mean" => 3.0_f32.to_le_bytes().repeat(8),
            "head.weight" => 4.0_f64.to_le_bytes().repeat(40),
            _ => without[name].clone(),
        };
        assert!(*bytes == expected, "{name}");
    }
    folder.write("model.json", model(RULE));
    folder.done(&["verify", "model.json", "m.safetensors"]);
    // A changed checkpoint is found.
    checkpoint(&folder, "net.safetensors", &[("conv1.weight", &[8, 3, 3, 3], 2.5)]);
    let answer = folder.run(&["verify", "model.json", "m.safetensors"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stdout.contains("conv1.weight: element 0"), "{answer:?}");
}

#[test]
fn plan_and_explain_say_what_comes_from_where() {
    let folder = folder();
    let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
    assert_eq!(plan["params"]["conv1.weight"]["stored_as"], "module.conv1.weight");
    assert_eq!(plan["params"]["conv1.weight"]["init"], "pretrained");
    assert_eq!(plan["params"]["fc.weight"]["init"], "normal");
    let load = &plan["checkpoints"][0];
    assert_eq!((load["loaded"].as_u64(), load["by"]["rule"].as_u64()), (Some(3), Some(0)));
    assert_eq!(load["unexpected"], serde_json::json!(["module.aux.weight"]));
    assert_eq!(load["mismatched"][0]["found"], "float32 [1, 2]");
    assert_eq!(load["converted"][0]["to"], "float64");
    let table = folder.done(&["plan", "model.json"]);
    assert!(table.stdout.contains("3 tensors loaded"), "{}", table.stdout);

    let why = |param| folder.done(&["explain", "model.json", param]).stdout;
    let answer = why("fc.weight");
    assert!(answer.contains("no: the checkpoint holds 'fc.weight' as float32 [1, 2]"), "{answer}");
    assert!(answer.contains("written by (model), rule 3: normal"), "{answer}");
    assert!(why("fc.bias").contains("no: the checkpoint does not hold 'fc.bias'"));
    assert!(why("conv1.weight").contains("where it is 'module.conv1.weight'"));
}

#[test]
fn strict_fails_where_checkpoint_and_model_differ() {
    let folder = folder();
    let args = ["init", "model.json", "--out", "m.safetensors", "--strict"];
    let answer = folder.run(&args);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stderr.contains("error: 1 of 1 checkpoints"), "{answer:?}");
    assert!(!folder.path("m.safetensors").exists());
    assert_eq!(folder.run(&["plan", "model.json", "--strict"]).code, 1);

    // The file that was made of the model matches it.
    folder.write("model.json", MODEL);
    folder.init("net.safetensors", &[]);
    folder.write("model.json", model(RULE).replace(r#""override""#, r#""name_of_nothing""#));
    folder.run(&args).refused(2, &["name_of_nothing"]);
    let exact = r#"{"class": "Linear", "init_weights": "module",
        "init_cfg": {"type": "Pretrained", "checkpoint": "net.safetensors", "prefix": "fc"},
        "params": [{"name": "weight", "shape": [10, 8]}, {"name": "bias", "shape": [10]}]}"#;
    folder.write("model.json", exact);
    let answer = folder.done(&args);
    assert!(answer.stderr.contains("2 tensors loaded, everything matches"), "{answer:?}");
}

#[test]
fn a_prefix_that_no_name_has_is_an_error_at_its_place() {
    let folder = folder();
    folder.write("model.json", model(&RULE.replace('}', r#", "prefix": "modul"}"#)));
    let answer = folder.run(&["plan", "model.json"]);
    answer.refused(2, &["begins with the prefix 'modul'", "did you mean 'module'?", "model.json:"]);
}

#[test]
fn a_checkpoint_that_is_elsewhere_is_believed_in_a_plan_and_needed_in_init() {
    let folder = Folder::new();
    let torchvision = RULE.replace("net.safetensors", "torchvision://resnet50");
    folder.write("model.json", model(&torchvision));
    let home = folder.path("home");
    let run = |args: &[&str]| {
        crate::run::Answer::of(
            folder.command(args).env("TORCH_HOME", &home).env_remove("WEIGHT_INIT_NAMES"),
        )
    };
    let answer = run(&["plan", "model.json", "--format", "json"]);
    assert_eq!(answer.json()["params"]["fc.weight"]["init"], "pretrained");
    assert!(answer.stderr.contains("believed to hold every parameter"), "{answer:?}");
    let init = ["init", "model.json", "--out", "m.safetensors", "--offline"];
    let place = "hub/checkpoints/resnet50-0676ba61.pth";
    run(&init).refused(3, &["torchvision://resnet50", "https://download.pytorch.org/", place]);
    assert_eq!(folder.files(), ["model.json"]);
    // Where PyTorch has downloaded it already, it is found.
    std::fs::create_dir_all(home.join("hub/checkpoints")).unwrap();
    checkpoint(&folder, &format!("home/{place}"), &[("fc.bias", &[10], 1.0)]);
    let answer = run(&init);
    assert_eq!(answer.code, 0, "{answer:?}");

    folder.write("model.json", model(&RULE.replace("net.safetensors", "torchvision://resnet5o")));
    run(&["plan", "model.json"]).refused(2, &["did you mean 'resnet50'?"]);
    folder.write("model.json", model(&RULE.replace("net.safetensors", "ftp://a/b.pth")));
    run(&["plan", "model.json"]).refused(2, &["'ftp://'", "hf://"]);
    folder.write("model.json", model(&RULE.replace("net.safetensors", "absent.pth")));
    run(&["init", "model.json", "--out", "n.safetensors"]).refused(3, &["absent.pth"]);
}

#[test]
fn names_of_ones_own_go_first() {
    let folder = folder();
    let path = folder.path("net.safetensors").display().to_string().replace('\\', "/");
    folder.write("names.json", format!(r#"{{"mmcls": {{"mine": "file://{path}"}}}}"#));
    folder.write("model.json", model(&RULE.replace("net.safetensors", "mmcls://mine")));
    let answer = folder.run(&["plan", "model.json", "--checkpoint-names", "names.json"]);
    // Of mmcls only what is below 'backbone.' counts.
    assert!(answer.stdout.contains("0 tensors loaded"), "{answer:?}");
    folder.write("names.json", r#"{"mmcls": {"mine": 3}}"#);
    let answer = folder.run(&["plan", "model.json", "--checkpoint-names", "names.json"]);
    answer.refused(2, &["names.json", "line 1"]);
}

#[test]
fn pretrained_rules_can_be_skipped() {
    let folder = folder();
    let skipped = folder.init("m.safetensors", &["--pretrained", "skip"]);
    let answer = folder.run(&["verify", "model.json", "m.safetensors"]);
    assert!(answer.code == 1 && answer.stdout.contains("pass --pretrained skip"), "{answer:?}");
    folder.done(&["verify", "model.json", "m.safetensors", "--pretrained", "skip"]);
    // The values are those without the rule: names and shapes decide, and the rules that are left.
    let skipped_tensors = tensors(&folder, "m.safetensors");
    folder.write("model.json", MODEL);
    let without = folder.init("without.safetensors", &[]);
    assert_eq!(skipped_tensors, tensors(&folder, "without.safetensors"));
    assert_ne!(skipped, without);
}

#[test]
fn a_checkpoint_that_is_loaded_last_leaves_nothing_to_a_class() {
    let folder = Folder::new();
    checkpoint(
        &folder,
        "net.safetensors",
        &[("head.weight", &[2, 2], 1.0), ("weight", &[2, 2], 1.0)],
    );
    let model = |root: &str, head: &str| {
        format!(
            r#"{{"class": "Net", "init_weights": "module", {root} "children": [
                 {{"name": "head", "class": "Linear", "init_weights": "custom", {head}
                   "params": [{{"name": "weight", "shape": [2, 2]}}]}}]}}"#
        )
    };
    let rule = format!(r#""init_cfg": {RULE},"#);
    // The root's rule runs when the head is done, the head's own within its init_weights.
    for (text, warns) in [(model(&rule, ""), false), (model("", &rule), true)] {
        folder.write("model.json", text);
        let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
        assert_eq!(plan["params"]["head.weight"]["init"], "pretrained");
        let warnings = plan["warnings"].as_array().unwrap();
        assert_eq!(warnings.iter().any(|warning| warning["kind"] == "own_code"), warns);
    }
}

#[test]
fn a_buffer_is_known_where_a_checkpoint_holds_it() {
    let folder = Folder::new();
    let rule = r#""init_weights": "module", "init_cfg": {"type": "Pretrained", "checkpoint": "net.safetensors"}"#;
    let text =
        format!(r#"{{"class": "Linear", {rule}, "buffers": [{{"name": "scale", "shape": [2]}}]}}"#);
    folder.write("model.json", text);
    let kinds = || {
        let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
        plan["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|w| w["kind"].to_string())
            .collect::<Vec<_>>()
    };
    let init = ["init", "model.json", "--out", "m.safetensors"];
    checkpoint(&folder, "net.safetensors", &[("scale", &[2], 2.0)]);
    assert!(!kinds().contains(&"\"unknown_buffers\"".to_owned()), "{:?}", kinds());
    folder.done(&init);
    assert_eq!(tensors(&folder, "m.safetensors")["scale"], 2_f32.to_le_bytes().repeat(2));
    checkpoint(&folder, "net.safetensors", &[("other", &[2], 2.0)]);
    assert!(kinds().contains(&"\"unknown_buffers\"".to_owned()), "{:?}", kinds());
    folder.run(&init).refused(2, &["the content of 1 buffer is not known: scale (Linear)"]);
}
