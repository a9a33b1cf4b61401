//! The command, with a cache of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a model and `TORCH_HOME`.
#[derive(Debug)]
pub(crate) struct Home(TempDir);

impl Home {
    /// A model whose only parameter, `weight` of four `f32`, is Pretrained from there.
    pub(crate) fn new(checkpoint: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.model(checkpoint);
        home
    }

    pub(crate) fn model(&self, checkpoint: &str) {
        let model = serde_json::json!({
            "class": "Net", "init_weights": "module",
            "init_cfg": {"type": "Pretrained", "checkpoint": checkpoint},
            "params": [{"name": "weight", "shape": [4], "value": 0}],
        });
        fs::write(self.path().join("model.json"), model.to_string()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The cache that PyTorch shares.
    pub(crate) fn shared(&self) -> PathBuf {
        self.path().join("hub/checkpoints")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weight-init"));
        command.args(args).current_dir(self.path()).env("TORCH_HOME", self.path());
        for name in
            ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn init(&self) -> Output {
        self.run(&["init", "model.json", "--out", "m.safetensors"])
    }
}

/// The command's standard output and standard error.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// A safetensors file of one tensor, `weight`, of four ones.
pub(crate) fn checkpoint() -> Vec<u8> {
    let header = r#"{"weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    let data = [1.0_f32; 4].map(f32::to_le_bytes).concat();
    [(header.len() as u64).to_le_bytes().as_slice(), header.as_bytes(), &data].concat()
}
