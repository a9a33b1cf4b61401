//! `diff`: what changed between two models, plans or checkpoints.

use crate::run::{Folder, MODEL};

#[test]
fn equal_inputs_are_code_0() {
    let folder = Folder::new();
    folder.init("m.safetensors", &[]);
    folder.write("plan.json", folder.done(&["plan", "model.json", "--format", "json"]).stdout);
    for (a, b) in [
        ("model.json", "model.json"),
        ("model.json", "plan.json"),
        ("m.safetensors", "m.safetensors"),
    ] {
        let answer = folder.done(&["diff", a, b]);
        assert!(answer.stdout.starts_with("equal ") && answer.stderr.is_empty(), "{answer:?}");
    }
}

#[test]
fn another_writer_and_another_name_are_code_1() {
    let folder = Folder::new();
    let other = MODEL.replace(r#""type": "Kaiming""#, r#""type": "Xavier""#);
    folder.write("other.json", other.replace(r#""name": "fc""#, r#""name": "neck""#));
    let answer = folder.run(&["diff", "model.json", "other.json", "--json"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let changes = answer.json()["changes"].as_array().unwrap().clone();
    let of = |name: &str| {
        let of_name = changes.iter().filter(|change| change["name"] == name);
        of_name.map(|change| change["change"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("conv1.weight"), ["initializer"]);
    assert_eq!(
        (of("neck.weight"), of("neck.bias")),
        (vec!["renamed".into()], vec!["renamed".into()])
    );

    folder.write("rules.json", r#"{"type": "Constant", "val": 2, "layer": "Conv2d"}"#);
    let answer = folder.run(&["diff", "model.json", "--init-cfg-b", "rules.json"]);
    assert!(answer.code == 1 && answer.stdout.contains("constant(val=2)"), "{answer:?}");
}

#[test]
fn values_of_checkpoints() {
    let folder = Folder::new();
    folder.init("a.safetensors", &["--seed", "1"]);
    folder.init("b.safetensors", &["--seed", "2"]);
    let answer = folder.run(&["diff", "a.safetensors", "b.safetensors"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("216 of 216, by up to "), "{answer:?}");
    folder.done(&["diff", "a.safetensors", "b.safetensors", "--no-values"]);
    // A checkpoint has the buffers of the model too.
    folder.done(&["diff", "model.json", "a.safetensors"]);
}

#[test]
fn usage_and_input() {
    let folder = Folder::new();
    folder.run(&["diff", "model.json"]).refused(2, &["<B>"]);
    folder.run(&["diff", "model.json", "none.json"]).refused(3, &["none.json"]);
    folder.run(&["diff", "model.json", "none.safetensors"]).refused(3, &["none.safetensors"]);
}
