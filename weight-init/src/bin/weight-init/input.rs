use weight_init::config::{de, json, read_source};
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init_core::DType;
use weight_init_core::init_cfg::{InitCfg, Owned};

use crate::args::{ModelArgs, PretrainedChoice};
use crate::failure::Failure;

/// The model and the rules for its root, as the files say.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) model: Model,
    initialize: Option<InitCfg<Owned>>,
    name: String,
}

impl Input {
    pub(crate) fn read(args: &ModelArgs) -> Result<Self, Failure> {
        let source = read_source(&args.model).map_err(Failure::io)?;
        let model = Model::read(&source)?;
        let name = source.name().to_owned();
        let initialize = args.init_cfg.as_deref().map(read_init_cfg).transpose()?;
        Ok(Self { model, initialize, name })
    }

    pub(crate) fn options(&self, pretrained: PretrainedChoice, dtype: Option<DType>) -> Options<'_> {
        Options {
            initialize: self.initialize.as_ref(),
            skip_pretrained: pretrained == PretrainedChoice::Skip,
            dtype,
        }
    }

    /// Resolves the model.
    pub(crate) fn plan(&self, options: &Options<'_>) -> Result<Plan, Failure> {
        Plan::new(&self.model, options).map_err(|error| self.fault(&error))
    }

    /// A fault in the meeting of model and rules.
    pub(crate) fn fault(&self, error: &impl std::fmt::Display) -> Failure {
        Failure::input(format!("{}: {error}", self.name))
    }
}

fn read_init_cfg(path: &std::path::Path) -> Result<InitCfg<Owned>, Failure> {
    let source = read_source(path).map_err(Failure::io)?;
    let value = json::parse(&source)?;
    de::from_value(&value).map_err(|error| error.into_diagnostic(&source, "init_cfg").into())
}

/// Says the warnings, and fails on them if they count.
pub(crate) fn warn(plan: &Plan, strict: bool) -> Result<(), Failure> {
    let label = if strict { "error" } else { "warning" };
    for warning in plan.warnings() {
        eprintln!("{label}: {warning}");
    }
    match plan.warnings().len() {
        0 => Ok(()),
        count if strict => Err(Failure::input(format!("{count} warnings, and --strict makes them errors"))),
        _ => Ok(()),
    }
}
