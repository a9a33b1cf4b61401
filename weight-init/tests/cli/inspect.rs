//! `inspect`: what a checkpoint holds.

use crate::run::{Folder, TENSORS};

#[test]
fn every_tensor_has_a_line_and_figures() {
    let folder = Folder::new();
    folder.init("m.safetensors", &["--seed", "42"]);
    let table = folder.done(&["inspect", "m.safetensors"]);
    assert_eq!(table.stderr, "");
    for (name, dtype, _) in TENSORS {
        let line = table.stdout.lines().find(|line| line.starts_with(&format!("{name} ")));
        assert!(line.is_some_and(|line| line.contains(dtype)), "{name}: {}", table.stdout);
    }

    let report = folder.done(&["inspect", "m.safetensors", "--format", "json"]).json();
    assert_eq!(report["metadata"]["weight_init.seed"], "42");
    let tensors = report["tensors"].as_array().unwrap();
    assert!(tensors.iter().map(|t| t["name"].as_str().unwrap()).eq(TENSORS.map(|t| t.0)));
    for (found, (name, dtype, shape)) in tensors.iter().zip(TENSORS) {
        assert_eq!(found["dtype"], dtype, "{name}");
        assert_eq!(found["elements"], shape.iter().product::<u64>(), "{name}");
        assert_eq!((&found["nan"], &found["inf"]), (&0.into(), &0.into()), "{name}");
    }
    let of = |name: &str| tensors.iter().find(|t| t["name"] == name).unwrap();
    assert_eq!(
        (of("bn1.weight")["mean"].as_f64(), of("bn1.weight")["std"].as_f64()),
        (Some(1.0), Some(0.0))
    );
    // Kaiming: √(2/72), of 216 elements.
    let std = of("conv1.weight")["std"].as_f64().unwrap();
    assert!((std - 0.1667).abs() < 0.04, "{std}");
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let folder = Folder::new();
    folder.run(&["inspect", "none.safetensors"]).refused(3, &["none.safetensors"]);
    folder.run(&["inspect", "."]).refused(3, &["folder"]);
    folder.run(&["inspect", "model.json"]).refused(2, &["model.json"]);
    folder.write("empty.safetensors", "");
    folder.run(&["inspect", "empty.safetensors"]).refused(2, &["empty.safetensors"]);
    folder.write("pickle.pth", b"PK\x03\x04 and more of a zip file");
    folder.run(&["inspect", "pickle.pth"]).refused(2, &["zip"]);
}
