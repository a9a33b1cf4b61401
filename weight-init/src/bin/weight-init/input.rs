use std::path::Path;

use weight_init::config::Config;
use weight_init::diagnostic::Sources;
use weight_init::model::{Model, PlacedInitCfg, Registry};
use weight_init::plan::{Options, Plan, PlanError, locate, locate_in_init_cfg};
use weight_init_core::DType;

use crate::args::{ModelArgs, PretrainedChoice};
use crate::failure::Failure;
use crate::output::say;

/// The model and the rules for its root, as the files say.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) model: Model,
    config: Config,
    initialize: Option<(PlacedInitCfg, Sources)>,
}

impl Input {
    pub(crate) fn read(args: &ModelArgs) -> Result<Self, Failure> {
        let root = args.config_root.as_deref();
        let config = Config::read(&args.model, root)?;
        let mut model = Model::from_config(&config, &Registry::standard())?;
        if let Some(path) = &args.config {
            model.lay(&Config::read(path, root)?)?;
        }
        let initialize =
            args.init_cfg.as_deref().map(|path| read_init_cfg(path, root)).transpose()?;
        Ok(Self { model, config, initialize })
    }

    pub(crate) fn options(
        &self,
        pretrained: PretrainedChoice,
        dtype: Option<DType>,
    ) -> Options<'_> {
        Options {
            initialize: self.initialize.as_ref().map(|(rules, _)| &rules.init_cfg),
            skip_pretrained: pretrained == PretrainedChoice::Skip,
            dtype,
        }
    }

    /// Resolves the model.
    pub(crate) fn plan(&self, options: &Options<'_>) -> Result<Plan, Failure> {
        Plan::new(&self.model, options).map_err(|error| self.fault(&error))
    }

    /// A fault in the meeting of model and rules, at its place in the file that holds the rules.
    pub(crate) fn fault(&self, error: &PlanError) -> Failure {
        match &self.initialize {
            Some((rules, sources)) if error.place().is_some() => {
                locate_in_init_cfg(error, rules, sources).into()
            }
            _ => locate(error, &self.model, &self.config.sources).into(),
        }
    }
}

/// The rules that a file is, or has under `init_cfg`, as a Python or TOML file must.
fn read_init_cfg(path: &Path, root: Option<&Path>) -> Result<(PlacedInitCfg, Sources), Failure> {
    let Config { value, sources } = Config::read(path, root)?;
    let rules = match value.get("init_cfg") {
        Some(inner) if value.get("type").is_none() => {
            PlacedInitCfg::read(inner, &sources, "$.init_cfg")
        }
        _ => PlacedInitCfg::read(&value, &sources, "$"),
    };
    Ok((rules?, sources))
}

/// Says the warnings, and fails on them if they count.
pub(crate) fn warn(plan: &Plan, strict: bool) -> Result<(), Failure> {
    let label = if strict { "error" } else { "warning" };
    for warning in plan.warnings() {
        say(format_args!("{label}: {warning}"));
    }
    match plan.warnings().len() {
        0 => Ok(()),
        count if strict => {
            Err(Failure::input(format!("{count} warnings, and --strict makes them errors")))
        }
        _ => Ok(()),
    }
}
