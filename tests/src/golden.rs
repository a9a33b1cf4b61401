//! Answers of the real mmengine and PyTorch: readers of `data/`.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::Deserialize;
use weight_init::config::{de, json};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init_core::init_cfg::{InitCfg, Owned};

use crate::plan::{Ordered, Written};

/// One random model with mmengine's answer.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Its number.
    pub id: u64,
    /// Which function was called.
    pub call: Call,
    /// Whether every init_cfg in it is well formed.
    pub valid: bool,
    /// The last writer of each parameter, in model order.
    pub expected: Option<Ordered<Written>>,
    /// Why there is none.
    pub error: Option<Fault>,
    /// The line itself, which is a model description, too.
    #[serde(skip)]
    pub text: String,
}

/// An exception.
#[derive(Debug, Deserialize)]
pub struct Fault {
    /// Its text.
    pub message: String,
}

/// mmengine's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `model.init_weights()`
    InitWeights,
    /// `initialize(model, init_cfg)`
    Initialize,
}

/// A detector and how mmengine initialized it.
#[derive(Debug, Deserialize)]
pub struct Detector {
    /// The last writer of each parameter, in model order.
    pub expected: Ordered<Written>,
    /// Modules whose own `init_weights` ran.
    pub custom_called: Vec<String>,
    /// Modules that loaded a checkpoint.
    pub pretrained: Vec<Pretrained>,
    /// The file itself, which is a model description, too.
    #[serde(skip)]
    pub text: String,
    /// Name of the file.
    #[serde(skip)]
    pub name: String,
}

/// A module that loaded a checkpoint.
#[derive(Debug, Deserialize)]
pub struct Pretrained {
    /// Its path.
    pub module: String,
    /// The checkpoint that it loaded.
    pub checkpoint: String,
    /// Which part of it.
    pub prefix: Option<String>,
}

impl Case {
    /// Reads the model, and the init_cfg of an `initialize`: the checks that need no meeting of the two.
    pub fn read(&self) -> Result<(Model, Option<InitCfg<Owned>>), String> {
        let source = Source::new(format!("case {}", self.id), self.text.as_str());
        let model = Model::read(&source).map_err(|error| error.to_string())?;
        let init_cfg = match self.call {
            Call::InitWeights => None,
            Call::Initialize => {
                let value = json::parse(&source).unwrap();
                let init_cfg = de::from_value(value.get("init_cfg").unwrap());
                Some(init_cfg.map_err(|error| error.to_string())?)
            }
        };
        Ok((model, init_cfg))
    }

    /// Reads and resolves.
    pub fn plan(&self) -> Result<Plan, String> {
        let (model, init_cfg) = self.read()?;
        let options = Options { initialize: init_cfg.as_ref(), ..Options::default() };
        Plan::new(&model, &options).map_err(|error| error.to_string())
    }
}

/// Every random model.
#[must_use]
pub fn cases() -> Vec<Case> {
    let lines = BufReader::new(open("differential.jsonl.gz")).lines();
    lines
        .map(|line| {
            let text = line.unwrap();
            Case { text: text.clone(), ..serde_json::from_str(&text).unwrap() }
        })
        .collect()
}

/// Every detector, by name.
#[must_use]
pub fn detectors() -> Vec<Detector> {
    let files = fs::read_dir(data().join("models")).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let text = io::read_to_string(open(format!("models/{name}"))).unwrap();
            Detector { text: text.clone(), name, ..serde_json::from_str(&text).unwrap() }
        })
        .collect()
}

/// The lines of a compressed data file.
pub fn lines(name: &str) -> impl Iterator<Item = String> {
    BufReader::new(open(name)).lines().map(Result::unwrap)
}

/// The text of a compressed data file.
#[must_use]
pub fn text(name: &str) -> String {
    io::read_to_string(open(name)).unwrap()
}

fn open(name: impl AsRef<Path>) -> impl Read {
    GzDecoder::new(File::open(data().join(name)).unwrap())
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}
