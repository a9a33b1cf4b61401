//! A process that is killed leaves nothing that the next one takes for whole.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use weight_init::checkpoint::{SafetensorsWriter, Sink, TensorInfo};
use weight_init_core::DType;

use crate::server::{Answer, Server};

/// A checkpoint of a million elements.
fn checkpoint() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let info = TensorInfo { name: "weight".into(), dtype: DType::F32, shape: vec![1_000_000] };
    let mut writer = SafetensorsWriter::create(&path, &[("", ""); 0], &[info]).unwrap();
    (0..1_000_000_u32).for_each(|i| writer.write(&(i as f32).to_le_bytes()).unwrap());
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn a_killed_download_is_gone_on_with_and_never_taken_for_whole() {
    let bytes = checkpoint();
    let expected = bytes.clone();
    // A third at a time, slowly.
    let server = Server::start(move |request, _| {
        Answer::file(request, &bytes, "\"1\"").pausing(1_300_000, Duration::from_millis(120))
    });
    let folder = tempfile::tempdir().unwrap();
    let model = format!(
        r#"{{"class": "Net", "init_weights": "module",
            "init_cfg": {{"type": "Pretrained", "checkpoint": "{}/net.safetensors"}},
            "params": [{{"name": "weight", "shape": [1000000]}}]}}"#,
        server.address
    );
    fs::write(folder.path().join("model.json"), model).unwrap();
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weight-init"));
        command.args(["init", "model.json", "--out", "m.safetensors"]).current_dir(folder.path());
        command.env("TORCH_HOME", folder.path()).stderr(Stdio::null()).stdout(Stdio::null());
        command
    };
    for wait in [1, 5, 10, 20, 40, 60, 80, 110, 130, 150] {
        let mut child = command().spawn().unwrap();
        thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        if !child.wait().unwrap().success() {
            let whole = folder.path().join("m.safetensors");
            assert!(!whole.exists() || fs::metadata(&whole).unwrap().len() > 4_000_000);
        }
        for file in walk(&folder.path().join("weight-init")) {
            if file.extension().is_some_and(|e| e == "safetensors") {
                assert!(fs::read(&file).unwrap() == expected, "{file:?}");
            }
        }
    }
    assert!(command().status().unwrap().success());
    let file =
        weight_init::checkpoint::StateDict::open(folder.path().join("m.safetensors")).unwrap();
    let mut last = [0; 4];
    file.read_at(0, 999_999, &mut last).unwrap();
    assert_eq!(f32::from_le_bytes(last), 999_999.0);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
