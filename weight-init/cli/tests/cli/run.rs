//! Runs the built command in a folder of its own.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// Content of `model.json` in every [`Folder`]: rules, an override, buffers, an integer.
pub(crate) const MODEL: &str = r#"{
  "class": "Net", "bases": ["BaseModule"], "init_weights": "module",
  "init_cfg": [
    {"type": "Kaiming", "layer": "Conv2d"},
    {"type": "Constant", "val": 1, "layer": ["_BatchNorm"]},
    {"type": "Normal", "std": 0.01, "layer": "Linear", "bias_prob": 0.01,
     "override": {"name": "head", "type": "Xavier", "distribution": "uniform"}}
  ],
  "aliases": {"norm1": "bn1"},
  "children": [
    {"name": "conv1", "class": "Conv2d", "bases": ["_ConvNd"],
     "params": [{"name": "weight", "shape": [8, 3, 3, 3]}, {"name": "bias", "shape": [8]}]},
    {"name": "bn1", "class": "BatchNorm2d", "bases": ["_BatchNorm"],
     "params": [{"name": "weight", "shape": [8]}, {"name": "bias", "shape": [8]}],
     "buffers": [{"name": "running_mean", "shape": [8], "value": 0},
                 {"name": "running_var", "shape": [8], "value": 1},
                 {"name": "num_batches_tracked", "shape": [], "dtype": "int64", "value": 0}]},
    {"name": "fc", "class": "Linear", "bases": ["Module"],
     "params": [{"name": "weight", "shape": [10, 8]}, {"name": "bias", "shape": [10]}]},
    {"name": "head", "class": "Linear", "bases": ["Module"],
     "params": [{"name": "weight", "shape": [4, 10], "dtype": "float64"}, {"name": "bias", "shape": [4]}]}
  ]
}"#;

/// The tensors of [`MODEL`] in its order: name, element type, shape.
pub(crate) const TENSORS: [(&str, &str, &[u64]); 11] = [
    ("conv1.weight", "F32", &[8, 3, 3, 3]),
    ("conv1.bias", "F32", &[8]),
    ("bn1.weight", "F32", &[8]),
    ("bn1.bias", "F32", &[8]),
    ("bn1.running_mean", "F32", &[8]),
    ("bn1.running_var", "F32", &[8]),
    ("bn1.num_batches_tracked", "I64", &[]),
    ("fc.weight", "F32", &[10, 8]),
    ("fc.bias", "F32", &[10]),
    ("head.weight", "F64", &[4, 10]),
    ("head.bias", "F32", &[4]),
];

/// A folder that holds [`MODEL`] and goes away with its test.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

/// A JSON text as [`Answer::json`] prints it: on one line, with its keys in order.
pub(crate) fn json(text: &str) -> String {
    serde_json::from_str::<Value>(text).unwrap().to_string()
}

/// The command's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("model.json", MODEL);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Every file, by name.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The command with these arguments, here; it must end within a minute.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weight-init"));
        command.args(args).current_dir(self.0.path()).timeout(Duration::from_secs(60));
        command
    }

    /// Runs the command.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer::of(&mut self.command(args))
    }

    /// The command on a terminal of so many rows, made by the command `script`; `None` where that is missing.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_terminal(&self, rows: u16, args: &str) -> Option<Command> {
        if std::process::Command::new("script").arg("--version").output().is_err() {
            eprintln!("skipped: there is no command 'script' to make a terminal");
            return None;
        }
        let typed =
            format!("stty rows {rows} cols 100; '{}' {args}", env!("CARGO_BIN_EXE_weight-init"));
        let mut command = Command::new("script");
        command.args(["-qec", &typed, "/dev/null"]).current_dir(self.0.path());
        command.env("SHELL", "/bin/sh").env("TERM", "xterm").timeout(Duration::from_secs(60));
        Some(command)
    }

    /// Runs the command, which must do what it is asked for.
    #[track_caller]
    pub(crate) fn done(&self, args: &[&str]) -> Answer {
        let answer = self.run(args);
        assert_eq!(answer.code, 0, "{args:?}: {answer:?}");
        answer
    }

    /// Writes the initial checkpoint of `model.json` and returns its bytes.
    #[track_caller]
    pub(crate) fn init(&self, out: &str, args: &[&str]) -> Vec<u8> {
        self.done(&[&["init", "model.json", "--out", out], args].concat());
        self.read(out)
    }
}

impl Answer {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let answer = Self {
            // A signal, as of an overflow of the stack or of the time, has no code.
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!answer.stderr.contains("panicked"), "{answer:?}");
        answer
    }

    /// The command refused its input: nothing on standard output, and what is wrong on standard error.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, parts: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        let says = self.stderr.lines().any(|line| line.starts_with("error: "));
        assert!(says && self.stderr.ends_with('\n'), "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "'{part}' is not in {}", self.stderr);
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
