use weight_init::config::{de, json, read_source};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, PlanError, locate_in_description, locate_in_init_cfg};
use weight_init_core::DType;
use weight_init_core::init_cfg::{InitCfg, Owned};

use crate::args::{ModelArgs, PretrainedChoice};
use crate::failure::Failure;
use crate::output::say;

/// The model and the rules for its root, as the files say.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) model: Model,
    source: Source,
    initialize: Option<(InitCfg<Owned>, Source)>,
}

impl Input {
    pub(crate) fn read(args: &ModelArgs) -> Result<Self, Failure> {
        let source = read_source(&args.model).map_err(Failure::io)?;
        let model = Model::read(&source)?;
        let initialize = args.init_cfg.as_deref().map(read_init_cfg).transpose()?;
        Ok(Self { model, source, initialize })
    }

    pub(crate) fn options(
        &self,
        pretrained: PretrainedChoice,
        dtype: Option<DType>,
    ) -> Options<'_> {
        Options {
            initialize: self.initialize.as_ref().map(|(rules, _)| rules),
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
            Some((_, source)) if error.place().is_some() => {
                locate_in_init_cfg(error, source).into()
            }
            _ => locate_in_description(error, &self.source).into(),
        }
    }
}

fn read_init_cfg(path: &std::path::Path) -> Result<(InitCfg<Owned>, Source), Failure> {
    let source = read_source(path).map_err(Failure::io)?;
    let value = json::parse(&source)?;
    match de::from_value(&value) {
        Ok(rules) => Ok((rules, source)),
        Err(error) => Err(error.into_diagnostic(&source, "$").into()),
    }
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
