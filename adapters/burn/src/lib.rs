//! One `init_cfg` for any [burn](https://burn.dev) module: which rule writes which parameter, the same bits everywhere.
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::{Linear, LinearConfig};
//! use burn::tensor::Device;
//!
//! #[derive(Module, Debug)]
//! struct Net {
//!     body: Linear,
//!     head: Linear,
//! }
//!
//! let device = Device::flex();
//! let net = Net { body: LinearConfig::new(64, 32).init(&device), head: LinearConfig::new(32, 10).init(&device) };
//!
//! let init_cfg = weight_init_burn::init_cfg(r#"[
//!     {"type": "Kaiming", "layer": "Linear"},
//!     {"type": "Normal", "std": 0.01, "params": "head.weight"}
//! ]"#)?;
//! let (net, report) = weight_init_burn::init(net, &init_cfg, 42)?;
//!
//! assert!(report.to_string().contains("kaiming_normal("));
//! assert!(report.explain("head.weight")?.contains("=> the model itself, rule 1, params 0"));
//! # let _ = net;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A value depends on the seed, the parameter's name and the element's number alone, and is the one that the `weight-init`
//! command writes for [`description`] of the same model. The crate [`weight_init`] says what rules may hold.
//!
//! # What of a module becomes what
//!
//! | burn | in rules and reports |
//! |---|---|
//! | path of fields, with indices and enum variants: `blocks.0.conv` | the same |
//! | container `Struct:Conv2d` | class `Conv2d`; convolutions also by `_ConvNd`, `_ConvTransposeNd`, `BatchNorm` by `_BatchNorm` and `BatchNorm1d` … `3d`, `InstanceNorm` by `_InstanceNorm`, `RmsNorm` by `RMSNorm`, `MultiHeadAttention` by `MultiheadAttention` |
//! | `gamma`, `beta` of normalizations, `alpha` of `PRelu` | `weight`, `bias`, `weight` |
//! | `weight` of `Linear`, `[in, out]` | layout `in_out`: fans are right, and elements are numbered as burn shows them, in the layout `Row` and `Col` alike |
//! | `running_mean`, `running_var` | buffers: a `Pretrained` rule loads them, otherwise they stay as they are |
//! | two fields of one `ParamId` | one parameter, by the name that comes first |
//!
//! `Pretrained` rules load PyTorch's files, safetensors and npz by the same names: a `fc.weight` `[out, in]` of PyTorch's becomes
//! burn's `[in, out]`. [`WeightInit::rename`] tells names that differ, and the feature `fetch` finds checkpoints by the names of
//! model zoos.
//!
//! Parameters that no rule writes keep burn's own initializer, lazily where they are lazy; those that a rule writes never run
//! it. Ids, gradient settings, load and save mappers, devices and element types stay as they are.

mod by_class;
mod checkpoints;
mod classes;
mod error;
mod report;
mod see;
mod write;

use std::collections::HashSet;

use burn_core::module::Module;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{LoadError, Plan, PlanError, locate};
pub use weight_init::rules::Rules;
use weight_init::run::BackendKind;

use self::checkpoints::Checkpoints;
pub use self::error::Error;
pub use self::report::Report;
use self::see::Seen;
use self::write::Writer;

/// Reads rules from JSON: a dict, or a list of dicts.
///
/// # Errors
///
/// As [`Rules::from_json`].
pub fn init_cfg(json: &str) -> Result<Rules, Error> {
    Ok(Rules::from_json(json)?)
}

/// Initializes every parameter that a rule writes; see [`WeightInit`] for more to choose.
///
/// # Errors
///
/// As [`WeightInit::apply`].
pub fn init<M: Module>(module: M, rules: &Rules, seed: u64) -> Result<(M, Report), Error> {
    WeightInit::new(rules, seed).apply(module)
}

/// The module as `weight-init plan`, `explain`, `init` and `verify` read it: JSON of classes, names, shapes and ties.
///
/// # Errors
///
/// Fields whose names have dots or are empty.
pub fn description<M: Module>(module: &M) -> Result<serde_json::Value, Error> {
    let seen = Seen::of(module, &[], Ok)?;
    Ok(serde_json::to_value(seen.model.description())?)
}

/// An initialization: rules, a seed, and what is to be done where no rule writes.
///
/// ```
/// use burn::nn::LinearConfig;
/// use burn::tensor::Device;
/// use weight_init_burn::WeightInit;
///
/// let module = LinearConfig::new(4, 2).init(&Device::flex());
/// let rules = weight_init_burn::init_cfg(r#"{"type": "Xavier", "layer": "Linear"}"#)?;
/// // What would be done; the module stays lazy.
/// let report = WeightInit::new(&rules, 42).strict().plan(&module)?;
/// assert_eq!(report.plan().rules()[0].won, 2);
/// # Ok::<(), weight_init_burn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightInit<'a> {
    rules: &'a Rules,
    seed: u64,
    in_out: Vec<String>,
    classes: Vec<(String, &'a Rules)>,
    checkpoints: Checkpoints,
    strict: bool,
    constructors: bool,
}

impl<'a> WeightInit<'a> {
    /// By rules for the root, as mmengine's `initialize(model, init_cfg)` has them; a seed gives the same values everywhere.
    #[must_use]
    pub fn new(rules: &'a Rules, seed: u64) -> Self {
        Self {
            rules,
            seed,
            in_out: Vec::new(),
            classes: Vec::new(),
            checkpoints: Checkpoints::default(),
            strict: false,
            constructors: false,
        }
    }

    /// Matrices of this class are `[in, out]`, as `Linear`'s are; a class of one's own counts as `[out, in]`.
    #[must_use]
    pub fn in_out(mut self, class: &str) -> Self {
        self.in_out.push(class.to_owned());
        self
    }

    /// Rules for every layer of this class, such as a struct of one's own, which run after those for the root: what a class'
    /// own init_cfg is in mmengine. They write what is in the layer alone; globs of `params` are over full names.
    ///
    /// ```
    /// use burn::module::Module;
    /// use burn::nn::{Linear, LinearConfig};
    /// use burn::tensor::Device;
    /// use weight_init_burn::{WeightInit, init_cfg};
    ///
    /// #[derive(Module, Debug)]
    /// struct Block {
    ///     up: Linear,
    ///     down: Linear,
    /// }
    ///
    /// #[derive(Module, Debug)]
    /// struct Net {
    ///     blocks: Vec<Block>,
    ///     down: Linear,
    /// }
    ///
    /// let linear = || LinearConfig::new(8, 8).init(&Device::flex());
    /// let net = Net { blocks: vec![Block { up: linear(), down: linear() }], down: linear() };
    ///
    /// let (rules, block) = (init_cfg(r#"{"type": "Xavier", "layer": "Linear"}"#)?,
    ///     init_cfg(r#"{"type": "Constant", "val": 0, "params": "*.down.weight"}"#)?);
    /// let (net, _) = WeightInit::new(&rules, 42).of_class("Block", &block).strict().apply(net)?;
    /// let sum = |linear: &Linear| linear.weight.val().abs().sum().into_scalar::<f32>();
    /// assert!(sum(&net.blocks[0].down) == 0.0 && sum(&net.blocks[0].up) > 0.0 && sum(&net.down) > 0.0);
    /// # Ok::<(), weight_init_burn::Error>(())
    /// ```
    #[must_use]
    pub fn of_class(mut self, class: &str, rules: &'a Rules) -> Self {
        self.classes.push((class.to_owned(), rules));
        self
    }

    /// The module's name for a tensor of a checkpoint of Pretrained rules, whose names are otherwise the module's own.
    #[must_use]
    pub fn rename(mut self, name: fn(&str) -> String) -> Self {
        self.checkpoints.name = Some(name);
        self
    }

    /// Checkpoints hold matrices `[in, out]`, as files of burn's do; otherwise they are `[out, in]` as in PyTorch's, and what is
    /// `[in, out]` in the module gets their transposes.
    #[must_use]
    pub fn checkpoints_in_out(mut self) -> Self {
        self.checkpoints.in_out = true;
        self
    }

    /// Warnings are errors: a rule that matches nothing, an override that never wins, a checkpoint that does not match in
    /// every name and shape.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Parameters that no rule writes get what PyTorch's constructor of their class gives, from the seed, in place of burn's own
    /// initializer, whose values depend on the order in which parameters are first used.
    #[must_use]
    pub fn constructors(mut self) -> Self {
        self.constructors = true;
        self
    }

    /// Who would write what. The module is only looked at: lazy parameters stay lazy.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), but for what happens while values are written.
    pub fn plan<M: Module>(&self, module: &M) -> Result<Report, Error> {
        self.planned(self.seen(module)?.model)
    }

    /// Writes the parameters.
    ///
    /// # Errors
    ///
    /// Rules that do not fit the module (an override of a field that it does not have, a weight without the fans that its
    /// initializer needs); checkpoints that cannot be read; with [`strict`](Self::strict) every warning; a class of
    /// [`of_class`](Self::of_class) that no layer has; with
    /// [`constructors`](Self::constructors) parameters of classes whose constructor is not known. Nothing was written then.
    pub fn apply<M: Module>(&self, module: M) -> Result<(M, Report), Error> {
        let Seen { model, params } = self.seen(&module)?;
        let report = self.planned(model)?;
        let mut tensors = match self.constructors {
            true => report.plan().tensors(Default::default())?,
            false => report.plan().written()?,
        };
        let buffers = report.plan().buffers().iter().filter(|buffer| buffer.stored.is_none());
        let kept: HashSet<_> = buffers.map(|buffer| &*buffer.name).collect();
        tensors.retain(|tensor| !kept.contains(tensor.name));
        let backend = BackendKind::Auto.start(None)?;
        let mut writer = Writer::new(&params, &tensors, self.seed, backend);
        let module = module.map(&mut writer);
        writer.finish()?;
        drop(tensors);
        Ok((module, report))
    }

    fn seen<M: Module>(&self, module: &M) -> Result<Seen, Error> {
        let root = (!self.classes.is_empty()).then_some(self.rules);
        Seen::of(module, &self.in_out, |spec| match root {
            Some(rules) => by_class::with_rules(spec, rules, &self.classes),
            None => Ok(spec),
        })
    }

    fn planned(&self, model: Model) -> Result<Report, Error> {
        // Rules of classes are the layers' own, and those for the root then are its own, too.
        let rules = self.classes.is_empty().then_some(self.rules);
        let options = rules.map(Rules::options).unwrap_or_default();
        let located = |error: &PlanError| match rules {
            Some(rules) => Error::from(rules.located(error)),
            None => locate(error, &model, &Source::new("init_cfg", "")).into(),
        };
        let plan = match self.constructors {
            true => Plan::new(&model, &options),
            // What no rule writes is burn's to initialize.
            false => Plan::of_layer(&model.root(), &options),
        };
        let mut plan = plan.map_err(|error| located(&error))?;
        let matrices = checkpoints::matrices(&plan);
        let loaded = plan.load(|name, key| self.checkpoints.open(name, key, &matrices).map(Some));
        loaded.map_err(|error| match error {
            LoadError::Open(error) => error,
            LoadError::Plan(error) => located(&error),
        })?;
        let warning = plan.warnings().first().map(|warning| warning.message.clone());
        let inexact = plan.loads().iter().find(|load| !load.is_exact()).map(ToString::to_string);
        match warning.or(inexact).filter(|_| self.strict) {
            Some(message) => Err(Error::new(message)),
            None => Ok(Report::new(model, plan, rules.cloned())),
        }
    }
}

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
