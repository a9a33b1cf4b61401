use std::path::Path;

use weight_init::config::{Config, ReadOptions};
use weight_init::diagnostic::Sources;
use weight_init::model::{Model, PlacedInitCfg, Registry};
use weight_init::plan::{
    LoadError, Options, Plan, PlanError, WarningKind, locate, locate_in_init_cfg,
};
use weight_init_core::DType;

use crate::args::{FetchArgs, ModelArgs, PlanPretrained};
use crate::checkpoints::Checkpoints;
use crate::failure::Failure;
use crate::notes::Notes;
use crate::say::say;

/// The model and the rules for its root, as the files say.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) model: Model,
    /// The texts that the model was read from; its tree of values is gone, for it may be larger than the plan.
    sources: Sources,
    initialize: Option<(PlacedInitCfg, Sources)>,
}

impl Input {
    pub(crate) fn read(args: &ModelArgs, registry: &Registry) -> Result<Self, Failure> {
        let options = args.read.options();
        let config = Config::read_with(&args.model, &options)?;
        let (mut model, sources) = Model::from_owned_config(config, registry)?;
        if let Some(path) = &args.config {
            model.lay(&Config::read_with(path, &options)?, registry)?;
        }
        let initialize = (args.init_cfg.as_deref())
            .map(|path| read_init_cfg(path, &options, registry))
            .transpose()?;
        Ok(Self { model, sources, initialize })
    }

    pub(crate) fn options(&self, skip_pretrained: bool, dtype: Option<DType>) -> Options<'_> {
        Options {
            initialize: self.initialize.as_ref().map(|(rules, _)| &rules.init_cfg),
            initialize_text: self.initialize.as_ref().map(|(rules, _)| rules),
            skip_pretrained,
            dtype,
        }
    }

    /// Resolves the model, and looks into the checkpoints of its Pretrained rules.
    pub(crate) fn plan(
        &self,
        options: &Options<'_>,
        pretrained: PlanPretrained,
        fetch: &FetchArgs,
        notes: Notes,
    ) -> Result<Plan, Failure> {
        let mut plan = Plan::new(&self.model, options).map_err(|error| self.fault(&error))?;
        let loaded = match pretrained {
            PlanPretrained::Skip | PlanPretrained::Assume => return Ok(plan),
            PlanPretrained::Local | PlanPretrained::Load => {
                let mut checkpoints =
                    Checkpoints::new(fetch, pretrained == PlanPretrained::Load, notes);
                plan.load(|checkpoint, key| checkpoints.open(checkpoint, key))
            }
        };
        match loaded {
            Ok(()) => Ok(plan),
            Err(LoadError::Open(failure)) => Err(failure),
            Err(LoadError::Plan(error)) => Err(self.fault(&error)),
        }
    }

    /// A fault in the meeting of model and rules, at its place in the file that holds the rules.
    pub(crate) fn fault(&self, error: &PlanError) -> Failure {
        match &self.initialize {
            Some((rules, sources)) if error.place().is_some() => {
                locate_in_init_cfg(error, rules, sources).into()
            }
            _ => locate(error, &self.model, &self.sources).into(),
        }
    }
}

/// The rules of a file.
fn read_init_cfg(
    path: &Path,
    options: &ReadOptions,
    registry: &Registry,
) -> Result<(PlacedInitCfg, Sources), Failure> {
    let config = Config::read_with(path, options)?;
    Ok((PlacedInitCfg::from_config(&config, registry)?, config.sources))
}

/// Says what became of checkpoints. That one does not match the model exactly is said also where notes are not.
pub(crate) fn report_loads(plan: &Plan, notes: Notes) {
    for load in plan.loads() {
        let text = format_args!("loaded: {load}");
        if load.is_exact() { notes.say(text) } else { say(text) }
    }
}

/// Says the warnings of the kinds that count, and fails on them and on checkpoints that differ from the model if `strict`.
pub(crate) fn warn(
    plan: &Plan,
    counts: impl Fn(WarningKind) -> bool,
    strict: bool,
) -> Result<(), Failure> {
    let label = if strict { "error" } else { "warning" };
    let mut warnings = 0;
    for warning in plan.warnings().iter().filter(|warning| counts(warning.kind)) {
        say(format_args!("{label}: {warning}"));
        warnings += 1;
    }
    let inexact = plan.loads().iter().filter(|load| !load.is_exact()).count();
    match warnings {
        1 if strict => Err(Failure::input("--strict makes the warning an error")),
        2.. if strict => {
            Err(Failure::input(format!("{warnings} warnings, and --strict makes them errors")))
        }
        _ if strict && inexact > 0 => {
            let message = "differ from the model, and --strict makes that an error";
            say(format_args!("error: {inexact} of {} checkpoints {message}", plan.loads().len()));
            Err(Failure::check())
        }
        _ => Ok(()),
    }
}
