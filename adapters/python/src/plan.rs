use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use weight_init::checkpoint::StateDict;
use weight_init::config::{Config, ConfigError, json};
use weight_init::create::Recipe;
use weight_init::diagnostic::{Diagnostic, Source, Sources};
use weight_init::fetch::{Fetch, FetchError};
use weight_init::model::{Model, PlacedInitCfg};
use weight_init::plan::{
    ConstructorDefault, LoadError, Lowered, Options, Plan as Inner, PlanError, Tensor, Unknown,
    Writer, locate, locate_in_init_cfg,
};
use weight_init::report::Explanation;

use crate::error::Fault;
use crate::memory::Target;
use crate::register::registry;
use crate::{fill, save, verify};

/// What writes each parameter of a described model.
#[pyclass(frozen, module = "weight_init._weight_init")]
pub(crate) struct Plan {
    model: Model,
    rules: Option<PlacedInitCfg>,
    skip_pretrained: bool,
    /// Whether what no rule writes gets what constructors give, or is kept.
    constructor: bool,
    plan: Inner,
}

/// Something that is to be read: a text of JSON, or a file of any format.
enum Text {
    Json(String),
    File(PathBuf),
}

/// Module and number of the rule; checkpoint, file and prefix; how many tensors are loaded; names that are missing and
/// unexpected; tensors that do not fit, with what is expected and found; those that are converted, with both types; the sentence.
type Loaded = (
    (String, usize),
    (String, PathBuf, Option<String>),
    usize,
    (Vec<String>, Vec<String>),
    Vec<(String, String, String)>,
    Vec<(String, String, String)>,
    String,
);

#[pymethods]
impl Plan {
    /// `description`, and `init_cfg` for mmengine's `initialize(model, init_cfg)`, are texts of JSON, or paths.
    #[new]
    #[allow(clippy::too_many_arguments, reason = "an interface to Python alone, which names them")]
    #[pyo3(signature = (
        description, is_path, *, constructor, init_cfg, init_cfg_is_path, skip_pretrained, checkpoints, offline
    ))]
    fn new(
        py: Python<'_>,
        description: String,
        is_path: bool,
        constructor: bool,
        init_cfg: Option<String>,
        init_cfg_is_path: bool,
        skip_pretrained: bool,
        checkpoints: HashMap<String, PathBuf>,
        offline: bool,
    ) -> PyResult<Self> {
        let description = Text::of(description, is_path);
        let init_cfg = init_cfg.map(|text| Text::of(text, init_cfg_is_path));
        let checkpoints = Checkpoints { given: checkpoints, offline, fetch: None };
        Ok(py.detach(|| {
            Self::read(description, init_cfg, constructor, skip_pretrained, checkpoints)
        })?)
    }

    /// Every parameter in model order: its name and `rule`, `pretrained`, `constructor`, `unknown` or `kept`.
    fn writers(&self) -> Vec<(&str, &'static str)> {
        let kind = |writer: &Writer| match writer {
            Writer::Rule { origin, .. } if origin.is_pretrained() => "pretrained",
            Writer::Rule { .. } => "rule",
            Writer::Untouched(ConstructorDefault::Unknown) => "unknown",
            Writer::Untouched(ConstructorDefault::Kept) => "kept",
            Writer::Untouched(_) => "constructor",
        };
        self.plan.params().iter().map(|param| (param.name.as_str(), kind(&param.writer))).collect()
    }

    /// Names of what [`fill`](Self::fill) writes.
    fn written(&self) -> PyResult<Vec<&str>> {
        let tensors = self.tensors()?;
        Ok(tensors.into_iter().map(|tensor| tensor.name).collect())
    }

    /// Names of what a checkpoint fills.
    fn loaded(&self) -> PyResult<Vec<&str>> {
        let tensors = self.plan.written().map_err(Fault::from)?.into_iter();
        Ok(tensors.filter(|it| matches!(it.source, Lowered::Stored(_))).map(|it| it.name).collect())
    }

    /// Kind, module and sentence of what is probably not meant.
    fn warnings(&self) -> Vec<(&'static str, &str, &str)> {
        let warnings = self.plan.warnings().iter();
        warnings.map(|it| (it.kind.name(), it.module.as_str(), it.message.as_str())).collect()
    }

    /// What became of each checkpoint: the sentence, and whether it matches the model exactly.
    fn loads(&self) -> Vec<(String, bool)> {
        self.plan.loads().iter().map(|load| (load.to_string(), load.is_exact())).collect()
    }

    /// The same as numbers and names, which [`Loaded`] lists.
    fn load_reports(&self) -> Vec<Loaded> {
        let reports = self.plan.loads().iter();
        let reports = reports.map(|it| {
            let mismatched = it.mismatched.iter().cloned();
            let converted = it.converted.iter().cloned();
            (
                (it.by.module.clone(), it.by.rule),
                (it.checkpoint.clone(), it.file.clone(), it.prefix.clone()),
                it.loaded,
                (it.missing.clone(), it.unexpected.clone()),
                mismatched.map(|it| (it.name, it.expected, it.found)).collect(),
                converted.map(|it| (it.name, it.from, it.to)).collect(),
                it.to_string(),
            )
        });
        reports.collect()
    }

    /// As columns.
    fn table(&self, width: Option<usize>) -> String {
        self.plan.table(width).to_string()
    }

    /// As `weight-init plan --format json` prints it.
    fn to_json(&self) -> PyResult<String> {
        Ok(serde_json::to_string(&self.plan).map_err(|error| Fault::Model(error.to_string()))?)
    }

    /// Every rule that was considered for a parameter, in order, and which one won.
    fn explain(&self, name: &str) -> PyResult<String> {
        let options = self.options();
        let explanation = if self.constructor {
            Explanation::new(&self.plan, &self.model, &options, name)
        } else {
            Explanation::of_layer(&self.plan, &self.model.root(), &options, name)
        };
        Ok(explanation.map_err(|error| PyKeyError::new_err(error.to_string()))?.to_string())
    }

    /// Fills memory and says how many bytes; `progress` is called now and then with the bytes that are written, and an
    /// exception of its own, or an interrupt, ends the work.
    ///
    /// The caller keeps the memory of `targets` alive, and away from everybody else, until this returns.
    #[pyo3(signature = (targets, seed, threads, progress = None))]
    fn fill(
        &self,
        py: Python<'_>,
        targets: Vec<Target>,
        seed: u64,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<u64> {
        let mut passed = |bytes: u64| {
            let told = Python::attach(|py| {
                py.check_signals()?;
                progress.as_ref().map(|progress| progress.call1(py, (bytes,))).transpose()
            });
            told.map(drop).map_err(Fault::Interrupted)
        };
        Ok(py.detach(|| {
            let tensors = self.tensors()?;
            // SAFETY: the caller's word.
            unsafe { fill::fill(&tensors, &targets, seed, threads, &mut passed) }
        })?)
    }

    /// The first element in memory that is not what the plan makes, as tensor, number and sentence.
    ///
    /// The caller keeps the memory of `targets` alive, and unchanged, until this returns.
    fn verify(
        &self,
        py: Python<'_>,
        targets: Vec<Target>,
        seed: u64,
        threads: Option<usize>,
    ) -> PyResult<Option<verify::Found>> {
        Ok(py.detach(|| {
            let tensors = self.tensors()?;
            // SAFETY: the caller's word.
            unsafe { verify::verify(&tensors, &targets, seed, threads) }
        })?)
    }

    /// Writes the checkpoint that `weight-init init` writes, and says how many bytes.
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        seed: u64,
        threads: Option<usize>,
    ) -> PyResult<u64> {
        Ok(py.detach(|| save::file(&self.plan, &self.recipe(seed), &path, threads))?)
    }

    /// Writes one process' share of the folder that `weight-init init --layout` writes: `hf` or `dcp`.
    #[pyo3(signature = (path, seed, threads, layout, max_shard_size, rank, world))]
    #[allow(clippy::too_many_arguments, reason = "an interface to Python alone, which names them")]
    fn save_folder(
        &self,
        py: Python<'_>,
        path: PathBuf,
        seed: u64,
        threads: Option<usize>,
        layout: &str,
        max_shard_size: Option<&str>,
        rank: u64,
        world: u64,
    ) -> PyResult<save::Saved> {
        let cut =
            save::Cut::new(layout, max_shard_size, rank, world).map_err(PyValueError::new_err)?;
        Ok(py.detach(|| save::folder(&self.plan, &self.recipe(seed), &path, cut, threads))?)
    }
}

impl Plan {
    fn recipe(&self, seed: u64) -> Recipe {
        Recipe { seed, skip_pretrained: self.skip_pretrained, ..Recipe::default() }
    }

    fn read(
        description: Text,
        init_cfg: Option<Text>,
        constructor: bool,
        skip_pretrained: bool,
        mut checkpoints: Checkpoints,
    ) -> Result<Self, Fault> {
        let config = description.read("model")?;
        let registry = registry();
        let (model, sources) = Model::from_owned_config(config, &registry)?;
        let rules = match init_cfg.map(|rules| rules.read("init_cfg")).transpose()? {
            None => None,
            Some(config) => Some((PlacedInitCfg::from_config(&config, &registry)?, config.sources)),
        };
        let fault = |error: &PlanError| -> Fault {
            match &rules {
                Some((rules, sources)) if error.place().is_some() => {
                    locate_in_init_cfg(error, rules, sources).into()
                }
                _ => locate(error, &model, &sources).into(),
            }
        };
        let options = options(rules.as_ref().map(|(rules, _)| rules), skip_pretrained);
        let planned = if constructor {
            Inner::new(&model, &options)
        } else {
            Inner::of_layer(&model.root(), &options)
        };
        let mut plan = planned.map_err(|error| fault(&error))?;
        let loaded = plan.load(|name, key| checkpoints.open(name, key).map(Some));
        loaded.map_err(|error| match error {
            LoadError::Open(fault) => fault,
            LoadError::Plan(error) => fault(&error),
        })?;
        let rules = rules.map(|(rules, _)| rules);
        Ok(Self { model, rules, skip_pretrained, constructor, plan })
    }

    fn options(&self) -> Options<'_> {
        options(self.rules.as_ref(), self.skip_pretrained)
    }

    /// What is written: by rules and checkpoints alone, or also by constructors.
    fn tensors(&self) -> Result<Vec<Tensor<'_>>, Fault> {
        Ok(if self.constructor {
            self.plan.tensors(Unknown::Refuse)?
        } else {
            self.plan.written()?
        })
    }
}

impl Text {
    fn of(text: String, is_path: bool) -> Self {
        if is_path { Self::File(text.into()) } else { Self::Json(text) }
    }

    fn read(self, name: &str) -> Result<Config, Fault> {
        match self {
            Self::Json(text) => {
                let source = Source::new(name, text);
                let value = json::parse(&source)?;
                Ok(Config { value, sources: Sources::new(source) })
            }
            Self::File(path) => Config::read(&path, None).map_err(|error| match error {
                ConfigError::Invalid(diagnostic) => diagnostic.into(),
                error => Diagnostic::of_file(&path.to_string_lossy(), error.to_string()).into(),
            }),
        }
    }
}

fn options(rules: Option<&PlacedInitCfg>, skip_pretrained: bool) -> Options<'_> {
    Options {
        initialize: rules.map(|rules| &rules.init_cfg),
        initialize_text: rules,
        skip_pretrained,
        dtype: None,
    }
}

/// The checkpoints that rules name: the caller's file of that name, or what the command finds.
struct Checkpoints {
    given: HashMap<String, PathBuf>,
    offline: bool,
    /// Made when the first one is not given.
    fetch: Option<Fetch>,
}

impl Checkpoints {
    fn open(&mut self, name: &str, key: Option<&str>) -> Result<Arc<StateDict>, Fault> {
        if let Some(path) = self.given.get(name) {
            let opened = StateDict::open_key(path, key);
            return opened.map(Arc::new).map_err(|error| Fault::Checkpoint(error.to_string()));
        }
        let fault = |error: FetchError| Fault::Checkpoint(error.to_string());
        let fetch = match self.fetch.take() {
            Some(fetch) => fetch,
            None => Fetch::from_env().map_err(fault)?.offline(self.offline),
        };
        let fetch = self.fetch.insert(fetch);
        fetch.open(name, key, &mut |_| ()).map(Arc::new).map_err(fault)
    }
}
