//! Memory does not grow with the model: two gigabytes are written through a small window.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::run::Folder;

const MIB: u64 = 1 << 20;

/// The most memory that `init` of a model of four `f32` tensors of so many elements has held, in bytes.
fn peak(elements: u64) -> u64 {
    let folder = Folder::new();
    let layers: Vec<_> = (0..4)
        .map(|i| format!(r#"{{"name": "l{i}", "class": "Linear", "params": [{{"name": "weight", "shape": [1, {elements}]}}]}}"#))
        .collect();
    let text = format!(
        r#"{{"class": "Net", "init_weights": "module", "init_cfg": {{"type": "Uniform", "layer": "Linear"}},
            "children": [{}]}}"#,
        layers.join(",")
    );
    folder.write("model.json", text);
    peak_of(&folder, &["init", "model.json", "--out", "/dev/null"])
}

/// The most memory that a command has held in this folder, in bytes.
fn peak_of(folder: &Folder, args: &[&str]) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args(args)
        .current_dir(folder.path(""))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The high-water mark itself; a process that has ended has none any more.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            line.and_then(|line| line.trim().strip_suffix(" kB")).map(|kib| kib.parse::<u64>());
        peak = peak.max(kib.map_or(0, |kib| 1024 * kib.unwrap()));
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{ended}");
            return peak;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn two_gigabytes_go_through_a_small_window() {
    let (small, large) = (peak(1000), peak(128 * MIB));
    assert!(large > 0 && large < small + 64 * MIB, "{} MiB, {} MiB", small / MIB, large / MIB);
}

#[test]
fn a_checkpoint_streams_from_file_to_file() {
    let folder = Folder::new();
    let model = |elements: u64, rule: &str| {
        format!(
            r#"{{"class": "Linear", "init_weights": "module", "init_cfg": {rule},
                "params": [{{"name": "weight", "shape": [1, {elements}]}}]}}"#
        )
    };
    let peak = |elements| {
        folder.write("model.json", model(elements, r#"{"type": "Uniform", "layer": "Linear"}"#));
        folder.init("net.safetensors", &[]);
        let rule = r#"{"type": "Pretrained", "checkpoint": "net.safetensors"}"#;
        folder.write("model.json", model(elements, rule));
        peak_of(&folder, &["init", "model.json", "--out", "/dev/null"])
    };
    let (small, large) = (peak(1000), peak(128 * MIB));
    assert!(large > 0 && large < small + 32 * MIB, "{} MiB, {} MiB", small / MIB, large / MIB);
}
