//! `inspect`: what a checkpoint holds.

use crate::pytorch::{self, Item};
use crate::run::{Answer, Folder, TENSORS};

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
    folder
        .run(&["inspect", "m.safetensors", "--checkpoint-key", "a"])
        .refused(3, &["m.safetensors"]);
    folder.init("m.safetensors", &[]);
    let parts = ["the key 'a' leads nowhere", "a safetensors file holds tensors alone"];
    folder.run(&["inspect", "m.safetensors", "--checkpoint-key", "a"]).refused(2, &parts);
}

#[test]
fn a_pytorch_file_says_its_key_and_what_is_not_read() {
    let folder = Folder::new();
    let weights = [("w", Item::Ones(4)), ("q", Item::Object("torch._utils", "_rebuild_qtensor"))];
    let ema = [("w", Item::Ones(2))];
    let file = [("state_dict", Item::Dict(&weights)), ("ema_state_dict", Item::Dict(&ema))];
    folder.write("epoch_1.pth", pytorch::file(&file));
    let table = folder.done(&["inspect", "epoch_1.pth"]).stdout;
    for part in [
        "epoch_1.pth (PyTorch legacy, ",
        "key         state_dict",
        "other keys  ema_state_dict (1 tensor)",
        "q  an object of 'torch._utils._rebuild_qtensor'",
        "1 tensor, 4 elements, 16 bytes",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let json = folder.done(&["inspect", "epoch_1.pth", "--format", "json"]).json();
    assert_eq!((&json["key"], &json["format"]), (&"state_dict".into(), &"PyTorch legacy".into()));
    assert_eq!(json["tensors"][0]["mean"], 1.0);
    assert_eq!(json["unread"][0]["name"], "q");
    assert_eq!(json["state_dicts"][1], serde_json::json!({"key": "ema_state_dict", "tensors": 1}));
    let ema = ["inspect", "epoch_1.pth", "--checkpoint-key", "ema_state_dict", "--format", "json"];
    assert_eq!(folder.done(&ema).json()["tensors"][0]["shape"], serde_json::json!([2]));
}

#[test]
fn several_state_dicts_are_listed() {
    let folder = Folder::new();
    let (g, d) = ([("w", Item::Ones(4))], [("w", Item::Ones(2))]);
    folder.write("gan.pth", pytorch::file(&[("g", Item::Dict(&g)), ("d", Item::Dict(&d))]));
    let table = folder.done(&["inspect", "gan.pth"]).stdout;
    assert!(
        table.contains("--checkpoint-key KEY") && table.contains("\n  g (1 tensor)\n"),
        "{table}"
    );
    let json = folder.done(&["inspect", "gan.pth", "--format", "json"]).json();
    assert_eq!(json["state_dicts"][1], serde_json::json!({"key": "d", "tensors": 1}));
    folder.done(&["inspect", "gan.pth", "--checkpoint-key", "d"]);
}

#[test]
fn a_folder_is_its_index_and_an_address_is_what_was_downloaded() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("hf")).unwrap();
    folder.init("hf/model-00001-of-00001.safetensors", &[]);
    folder.run(&["inspect", "hf"]).refused(3, &["folder"]);
    let names =
        TENSORS.map(|(name, ..)| format!(r#""{name}": "model-00001-of-00001.safetensors""#));
    let index = format!(r#"{{"weight_map": {{{}}}}}"#, names.join(", "));
    folder.write("hf/model.safetensors.index.json", &index);
    folder.write("hf/pytorch_model.bin.index.json", r#"{"weight_map": {"a": "absent.bin"}}"#);
    for path in ["hf", "hf/model.safetensors.index.json"] {
        let json = folder.done(&["inspect", path, "--format", "json"]).json();
        assert_eq!(json["total"]["tensors"], TENSORS.len());
        assert_eq!(json["format"], "sharded");
    }
    // Two indices of one kind leave a choice.
    folder.write("hf/other.safetensors.index.json", &index);
    folder.run(&["inspect", "hf"]).refused(3, &["folder"]);

    let address = "https://download.pytorch.org/models/resnet50-0676ba61.pth";
    let home = folder.path("home");
    let run = |name: &str| Answer::of(folder.command(&["inspect", name]).env("TORCH_HOME", &home));
    run(address).refused(3, &[address, "not on this machine"]);
    std::fs::create_dir_all(home.join("hub/checkpoints")).unwrap();
    folder.write(
        "home/hub/checkpoints/resnet50-0676ba61.pth",
        pytorch::file(&[("fc.bias", Item::Ones(5))]),
    );
    for name in [address, "torchvision://resnet50"] {
        let answer = run(name);
        assert!(answer.code == 0 && answer.stdout.contains("fc.bias  [5]"), "{answer:?}");
    }
    run("ftp://a/b.pth").refused(2, &["'ftp://'"]);
}
