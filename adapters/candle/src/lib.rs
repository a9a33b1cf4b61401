//! One `init_cfg` for any [candle](https://github.com/huggingface/candle) model: which rule writes which variable, the same bits
//! everywhere.
//!
//! ```
//! use candle_core::{DType, Device, Result};
//! use candle_nn::{Linear, VarBuilder, VarMap, linear};
//!
//! struct Net {
//!     body: Linear,
//!     head: Linear,
//! }
//!
//! impl Net {
//!     fn new(vb: VarBuilder) -> Result<Self> {
//!         Ok(Self { body: linear(64, 32, vb.pp("body"))?, head: linear(32, 10, vb.pp("head"))? })
//!     }
//! }
//!
//! let init_cfg = weight_init_candle::init_cfg(r#"[
//!     {"type": "Kaiming", "layer": "Linear"},
//!     {"type": "Normal", "std": 0.01, "params": "head.weight"}
//! ]"#)?;
//! let varmap = VarMap::new();
//! let (net, report) = weight_init_candle::build(&varmap, DType::F32, &Device::Cpu, &init_cfg, 42, Net::new)?;
//!
//! assert!(report.to_string().contains("kaiming_normal("));
//! assert!(report.explain("head.weight")?.contains("=> the model itself, rule 1, params 0"));
//! # let _ = (net.body, net.head);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A value depends on the seed, the variable's name and the element's number alone, and is the one that the `weight-init`
//! command writes for the same names and shapes. The crate [`weight_init`] says what rules may hold.
//!
//! # Where values come from
//!
//! | | classes of layers | what no rule writes |
//! |---|---|---|
//! | [`build`]: the model's own code, over a builder | guessed from hints, names and shapes | the hint that the layer gives candle, such as a `Linear`'s Kaiming draw, from our stream and the seed |
//! | the same with a description: [`WeightInit::model`] | the description's | what the command writes: PyTorch's constructor of the class, or the recorded code; where neither is known, the layer's hint |
//! | [`init`]: a `VarMap` that is there already | guessed from names and shapes, or the description's | stays as it is |
//!
//! A description is what `python -m weight_init describe` writes of a PyTorch model, and [`description`] of a candle model.
//! candle's own generator is asked for nothing but elements that are no floating-point numbers;
//! [`Report::by_candle`] names them.
//!
//! # How classes are guessed
//!
//! candle shows a builder names, shapes and hints, and no classes. [`WeightInit::classes`] corrects what is guessed wrong.
//!
//! | a layer with | is taken for |
//! |---|---|
//! | `running_mean` | `BatchNorm`; also by `_BatchNorm` and `BatchNorm1d` … `3d` |
//! | `weight_hh_l0` | `LSTM`, `GRU` or `RNN`, by its rows |
//! | `in_proj_weight` | `MultiheadAttention` |
//! | `weight` of one dimension, with and without `bias` | `LayerNorm`, which `GroupNorm` looks like, and `RMSNorm`; `gamma` and `beta` as well |
//! | `weight` of two dimensions | `Embedding` by a normal hint or a name such as `embed_tokens` or `wte`, else `Linear` |
//! | `weight` of three, four, five dimensions | `Conv1d`, `Conv2d`, `Conv3d`, also by `_ConvNd`; with a uniform hint `ConvTranspose1d`, `ConvTranspose2d`, also by `_ConvTransposeNd` |
//! | anything else | `Module` |

mod backend;
mod checkpoints;
mod classes;
mod describe;
mod error;
mod hint;
mod report;
mod request;
mod write;

use std::fmt;

use candle_core::{DType, Device};
use candle_nn::{VarBuilder, VarMap};
use weight_init::model::Model;
use weight_init::plan::{LoadError, Options, Plan, PlanError};
pub use weight_init::rules::Rules;

pub use self::error::Error;
pub use self::report::Report;
use self::request::Requests;
use self::write::{Writer, locked};

/// Reads rules from JSON: a dict, or a list of dicts.
///
/// # Errors
///
/// As [`Rules::from_json`].
pub fn init_cfg(json: &str) -> Result<Rules, Error> {
    Ok(Rules::from_json(json)?)
}

/// Makes a model whose variables have the values of the rules; see [`WeightInit::build`].
///
/// # Errors
///
/// As [`WeightInit::build`].
pub fn build<M, E: fmt::Display>(
    varmap: &VarMap,
    dtype: DType,
    device: &Device,
    rules: &Rules,
    seed: u64,
    make: impl FnMut(VarBuilder<'static>) -> Result<M, E>,
) -> Result<(M, Report), Error> {
    WeightInit::new(rules, seed).build(varmap, dtype, device, make)
}

/// Writes the variables of a map that rules write; see [`WeightInit::init`].
///
/// # Errors
///
/// As [`WeightInit::init`].
pub fn init(varmap: &VarMap, rules: &Rules, seed: u64) -> Result<Report, Error> {
    WeightInit::new(rules, seed).init(varmap)
}

/// The model that a function makes, as `weight-init plan`, `explain`, `init` and `verify` read it: JSON of guessed classes, names
/// and shapes, with candle's hints as what constructors give.
///
/// # Errors
///
/// What the function returns; names that no description can have.
pub fn description<M, E: fmt::Display>(
    dtype: DType,
    device: &Device,
    make: impl FnMut(VarBuilder<'static>) -> Result<M, E>,
) -> Result<serde_json::Value, Error> {
    let requests = Requests::of(dtype, device, None, make)?;
    let description = describe::description(requests.floats(), |_| None);
    describe::model(&description)?;
    Ok(description)
}

/// An initialization: rules, a seed, and the classes that candle does not show.
///
/// ```
/// use candle_core::{DType, Device};
/// use candle_nn::{VarMap, linear};
/// use weight_init_candle::WeightInit;
///
/// // Without rules candle's own initializers are drawn, the same for a seed on every machine.
/// let varmap = VarMap::new();
/// let init = WeightInit::new(None, 42);
/// let (_, report) = init.build(&varmap, DType::BF16, &Device::Cpu, |vb| linear(4, 2, vb.pp("fc")))?;
/// assert!(report.to_string().contains("candle's hint"));
/// # Ok::<(), weight_init_candle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightInit<'a> {
    rules: Option<&'a Rules>,
    seed: u64,
    model: Option<&'a Model>,
    classes: fn(&str) -> Option<&'static str>,
    strict: bool,
}

impl<'a> WeightInit<'a> {
    /// By rules for the root, as mmengine's `initialize(model, init_cfg)` has them; without any, by those that a description holds.
    #[must_use]
    pub fn new(rules: impl Into<Option<&'a Rules>>, seed: u64) -> Self {
        Self { rules: rules.into(), seed, model: None, classes: |_| None, strict: false }
    }

    /// A description with the model's names, which knows classes and what constructors give.
    ///
    /// ```
    /// use candle_core::{DType, Device};
    /// use candle_nn::{VarMap, linear};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init_candle::WeightInit;
    ///
    /// let model = Model::read(&Source::new("net.json", r#"{"class": "Net", "children": [
    ///     {"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 4]}, {"name": "bias", "shape": [2]}]}]}"#))?;
    /// let (varmap, device) = (VarMap::new(), Device::Cpu);
    /// let init = WeightInit::new(None, 42).model(&model);
    /// let (fc, report) = init.build(&varmap, DType::F32, &device, |vb| linear(4, 2, vb.pp("fc")))?;
    /// assert!(report.to_string().contains("uniform(a=-0.5, b=0.5)"), "PyTorch's Linear");
    /// # let _ = fc;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn model(mut self, model: &'a Model) -> Self {
        self.model = Some(model);
        self
    }

    /// The class of the layer at a path, where it is [guessed](crate#how-classes-are-guessed) wrong; `None` leaves the guess.
    #[must_use]
    pub fn classes(mut self, classes: fn(&str) -> Option<&'static str>) -> Self {
        self.classes = classes;
        self
    }

    /// Warnings are errors: a rule that matches nothing, an override that never wins, a checkpoint that does not match in
    /// every name and shape.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Makes a model, twice: first over zeros that take no memory, to see what it asks for; then, with everything decided,
    /// over the values. So a rule may name what comes later, and a mistake is found before anything is written.
    ///
    /// Variables are those of `varmap`; one that is there already keeps its place and gets its value. A name that the
    /// description ties to another gets a variable of its own with the same value: candle ties by tensors, not by names.
    ///
    /// # Errors
    ///
    /// Names and shapes that a description does not have, with the nearest name. Rules that do not fit the model: an override of
    /// a layer that it does not have, a weight without the fans that its initializer needs; checkpoints that cannot be
    /// read; with [`strict`](Self::strict) every warning. Nothing was written then. What `make` returns; a model that asks for
    /// other names the second time.
    pub fn build<M, E: fmt::Display>(
        &self,
        varmap: &VarMap,
        dtype: DType,
        device: &Device,
        mut make: impl FnMut(VarBuilder<'static>) -> Result<M, E>,
    ) -> Result<(M, Report), Error> {
        let (requests, report) = self.seen(dtype, device, &mut make)?;
        let vars = write::vars(&report, &requests, self.seed, varmap, device)?;
        let names = self.model.map(|_| report.names());
        let made = make(backend::builder(vars, names, varmap, dtype, device));
        Ok((made.map_err(|error| Error::new(error.to_string()))?, report))
    }

    /// Who would write what of the model that a function makes.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn plan<M, E: fmt::Display>(
        &self,
        dtype: DType,
        device: &Device,
        make: impl FnMut(VarBuilder<'static>) -> Result<M, E>,
    ) -> Result<Report, Error> {
        Ok(self.seen(dtype, device, make)?.1)
    }

    /// Writes the variables of a map that rules write; the others stay as they are. Values do not depend on the order of the
    /// map, and a second run writes the same.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn init(&self, varmap: &VarMap) -> Result<Report, Error> {
        let vars = locked(varmap.data()).clone();
        let requests = Requests::of_vars(&vars);
        let model = match self.model {
            Some(model) => model.clone(),
            None => describe::model(&describe::description(requests.floats(), self.classes))?,
        };
        // What no rule writes stays as it is.
        let plan = self.planned(&model, |model, options| Plan::of_layer(&model.root(), options))?;
        let report = Report::new(model, plan, self.rules).of(&requests)?;
        let writer = Writer::new(self.seed)?;
        for tensor in report.plan().written()? {
            if let Some(var) = vars.get(tensor.name) {
                writer.set(var, &tensor)?;
            }
        }
        Ok(report)
    }

    /// What a function asks for that makes a model, and what is planned for it.
    fn seen<M, E: fmt::Display>(
        &self,
        dtype: DType,
        device: &Device,
        make: impl FnMut(VarBuilder<'static>) -> Result<M, E>,
    ) -> Result<(Requests, Report), Error> {
        let planned = |model: Model| {
            let plan = self.planned(&model, Plan::new)?;
            Ok::<_, Error>(Report::new(model, plan, self.rules))
        };
        let (requests, report) = match self.model {
            Some(model) => {
                let report = planned(model.clone())?;
                (Requests::of(dtype, device, Some(report.names()), make)?, report)
            }
            None => {
                let requests = Requests::of(dtype, device, None, make)?;
                let model =
                    describe::model(&describe::description(requests.floats(), self.classes))?;
                (requests, planned(model)?)
            }
        };
        let report = report.of(&requests)?;
        Ok((requests, report))
    }

    fn planned(
        &self,
        model: &Model,
        plan: fn(&Model, &Options<'_>) -> Result<Plan, PlanError>,
    ) -> Result<Plan, Error> {
        let options = self.rules.map(Rules::options).unwrap_or_default();
        let fault = |error: &_| match self.rules {
            Some(rules) => Error::from(rules.located(error)),
            None => Error::new(error.to_string()),
        };
        let mut plan = plan(model, &options).map_err(|error| fault(&error))?;
        plan.load(checkpoints::open).map_err(|error| match error {
            LoadError::Open(error) => error,
            LoadError::Plan(error) => fault(&error),
        })?;
        let warning = plan.warnings().first().map(|warning| warning.message.clone());
        let inexact = plan.loads().iter().find(|load| !load.is_exact()).map(ToString::to_string);
        match warning.or(inexact).filter(|_| self.strict) {
            Some(message) => Err(Error::new(message)),
            None => Ok(plan),
        }
    }
}

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
