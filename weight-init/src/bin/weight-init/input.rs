use weight_init::config::{Config, json, read_source};
use weight_init::diagnostic::Source;
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
    initialize: Option<(PlacedInitCfg, Source)>,
}

impl Input {
    pub(crate) fn read(args: &ModelArgs) -> Result<Self, Failure> {
        let root = args.config_root.as_deref();
        let config = Config::read(&args.model, root)?;
        let mut model = Model::from_config(&config, &Registry::standard())?;
        if let Some(path) = &args.config {
            model.lay(&Config::read(path, root)?)?;
        }
        let initialize = args.init_cfg.as_deref().map(read_init_cfg).transpose()?;
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
            Some((rules, source)) if error.place().is_some() => {
                locate_in_init_cfg(error, rules, source).into()
            }
            _ => locate(error, &self.model, &self.config.sources).into(),
        }
    }
}

fn read_init_cfg(path: &std::path::Path) -> Result<(PlacedInitCfg, Source), Failure> {
    let source = read_source(path).map_err(Failure::io)?;
    let rules = PlacedInitCfg::read(&json::parse(&source)?, &source, "$")?;
    Ok((rules, source))
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
