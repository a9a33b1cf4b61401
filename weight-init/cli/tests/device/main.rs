//! The command with a CUDA device: a mock driver stands in for it, or there is none.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../../../tests/cuda/mock.rs"]
mod mock;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// Every kind of fill, element type, and what no device fills; more than a stage holds.
const MODEL: &str = r#"{
  "class": "Net", "bases": ["BaseModule"], "init_weights": "module",
  "init_cfg": [
    {"type": "Kaiming", "layer": "Conv2d"},
    {"type": "Constant", "val": 1, "layer": "_BatchNorm"},
    {"type": "TruncNormal", "std": 0.02, "layer": "Linear"},
    {"type": "Uniform", "a": -1, "b": 1, "layer": "Head"}
  ],
  "children": [
    {"name": "conv1", "class": "Conv2d", "bases": ["_ConvNd"],
     "params": [{"name": "weight", "shape": [64, 3, 7, 7]}, {"name": "bias", "shape": [64]}]},
    {"name": "bn1", "class": "BatchNorm2d", "bases": ["_BatchNorm"],
     "params": [{"name": "weight", "shape": [5]}, {"name": "bias", "shape": [5]}],
     "buffers": [{"name": "running_mean", "shape": [5], "value": 0},
                 {"name": "num_batches_tracked", "shape": [], "dtype": "int64", "value": 0}]},
    {"name": "fc", "class": "Linear",
     "params": [{"name": "weight", "shape": [70, 33], "dtype": "bfloat16"}, {"name": "bias", "shape": [33], "dtype": "float16"}]},
    {"name": "head", "class": "Head", "params": [{"name": "weight", "shape": [4, 10], "dtype": "float64"}]},
    {"name": "embedding", "class": "BatchNorm2d", "bases": ["_BatchNorm"],
     "params": [{"name": "weight", "shape": [1100, 1000]}]}
  ]
}"#;

/// The command in a folder of its own, with a model in it.
struct Folder(TempDir);

struct Answer {
    code: i32,
    out: String,
    said: String,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.json"), MODEL).unwrap();
        Self(folder)
    }

    /// Runs the command with the library as the driver, which is a machine of some kind.
    fn run(&self, driver: &Path, kind: &str, args: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_weight-init"))
            .args(args)
            .current_dir(&self.0)
            .env("WEIGHT_INIT_CUDA_DRIVER", driver)
            .env("MOCK_CUDA", kind)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            said: text(output.stderr),
        }
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.0.path().join(file)).unwrap()
    }
}

impl Answer {
    #[track_caller]
    fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.said);
        self
    }

    #[track_caller]
    fn refused(self, words: &str) {
        assert_eq!(self.code, 3, "{}", self.said);
        assert!(self.said.contains(words), "{}", self.said);
    }
}

fn mock() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        mock::compile(repository, Path::new(env!("CARGO_TARGET_TMPDIR")))
    })
}

fn no_driver() -> &'static Path {
    Path::new("/nowhere/libcuda.so.1")
}

fn init<'a>(out: &'a str, backend: &'a str) -> [&'a str; 8] {
    ["init", "model.json", "--seed", "42", "--out", out, "--backend", backend]
}

#[test]
fn a_device_writes_the_same_checkpoint() {
    let folder = Folder::new();
    folder.run(no_driver(), "", &init("cpu.safetensors", "embedded")).done();
    for (out, backend) in [("cuda.safetensors", "cuda"), ("auto.safetensors", "auto")] {
        let answer = folder.run(mock(), "", &init(out, backend)).done();
        assert!(answer.said.contains("backend cuda"), "{}", answer.said);
        assert!(folder.bytes(out) == folder.bytes("cpu.safetensors"));
    }
    let verified = folder.run(mock(), "", &["verify", "model.json", "cpu.safetensors"]).done();
    assert!(verified.out.contains("bit for bit"), "{}", verified.out);
}

#[test]
fn without_a_device_auto_falls_back_and_says_so() {
    let folder = Folder::new();
    let answer = folder.run(no_driver(), "", &init("auto.safetensors", "auto")).done();
    let note = "note: the processor fills, with the same bits: there is no CUDA driver: ";
    assert!(answer.said.contains(note) && answer.said.contains("backend rayon"), "{}", answer.said);
    folder.run(no_driver(), "", &init("cpu.safetensors", "embedded")).done();
    assert!(folder.bytes("auto.safetensors") == folder.bytes("cpu.safetensors"));
}

#[test]
fn a_device_that_will_not_do_is_code_3() {
    let folder = Folder::new();
    let args = init("cuda.safetensors", "cuda");
    folder.run(no_driver(), "", &args).refused("error: there is no CUDA driver: ");
    folder.run(mock(), "no_device", &args).refused("error: the CUDA driver has no device");
    folder.run(mock(), "old_device", &args).refused("compute capability 6.0, and 7.0 is needed");
    folder.run(mock(), "memory=5000000", &args).refused("no memory left for 4194304 bytes");
    // Enough for the stages, not for a table of fills.
    folder.run(mock(), "memory=8390000", &args).refused("no memory left for 8192 bytes");
    assert!(!folder.0.path().join("cuda.safetensors").exists());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn bench_measures_the_device() {
    let folder = Folder::new();
    let args = ["bench", "--backend", "cuda", "--elements", "10000", "--format", "json"];
    let rows = folder.run(mock(), "", &args).done().out;
    assert_eq!(rows.lines().count(), 16, "{rows}");
    for (case, row) in
        ["constant_f32", "uniform_f32", "normal_f32", "trunc_normal_f32"].iter().zip(rows.lines())
    {
        assert!(
            row.contains(&format!(
                r#""case":"{case}","backend":"cuda","threads":1,"elements":10000"#
            )),
            "{row}"
        );
    }
    folder.run(no_driver(), "", &args).refused("there is no CUDA driver");
}
