//! Which initializer writes each parameter of a model, decided once and for all.
//!
//! A [`Plan`] is the resolver's answer for a whole model in model order, with what the rules did and did not do,
//! and with the constructor defaults for what no rule touches. It knows no backend, and of files only what checkpoints
//! [`load`](Plan::load) has shown it.

mod build;
pub(crate) mod by;
mod decide;
mod digest;
mod load;
mod load_names;
mod load_report;
mod locate;
mod lower;
mod lower_error;
mod matcher;
pub(crate) mod named;
mod norm;
mod own_code;
mod parts;
mod plain;
mod unknown;
mod warning;
pub(crate) mod write;

use std::fmt;
use std::sync::Arc;

use weight_init_core::init_cfg::{InitCfg, Origin, Owned};
use weight_init_core::resolve::Part;
use weight_init_core::{DType, Layer, Layout};

pub use self::by::By;
pub use self::load::LoadError;
pub use self::load_report::{Advice, Converted, LoadReport, Mismatched};
pub use self::locate::{locate, locate_in_init_cfg};
pub use self::lower::{Lowered, Tensor};
pub use self::lower_error::LowerError;
pub use self::norm::NormOf;
use self::own_code::{Overwriter, Own, OwnCode};
pub use self::parts::TensorPart;
pub use self::unknown::Unknown;
pub use self::warning::{Warning, WarningKind};
use self::write::{Held, Write};
pub use crate::checkpoint::Stored;
use crate::model::classes::ParamDefault;
use crate::model::constructor::Constructor;
use crate::model::{Model, PlacedInitCfg, Values};

/// What is to be planned beside the model.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Rules for the root alone, as mmengine's `initialize(model, init_cfg)`; no module's own init_cfg runs then.
    pub initialize: Option<&'a InitCfg<Owned>>,
    /// What they were read from: it has keys of Pretrained rules, and types by the names that the text gives them.
    pub initialize_text: Option<&'a PlacedInitCfg>,
    /// Whether Pretrained rules are passed over, so that the rules below them write.
    pub skip_pretrained: bool,
    /// Element type of all floating-point parameters and buffers; `None`: each its own.
    pub dtype: Option<DType>,
}

/// The decision for every parameter and buffer of a model.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan};
///
/// let source = Source::new("model.json", r#"{
///     "class": "Net", "init_weights": "module", "init_cfg": {"type": "Constant", "val": 2, "layer": "Linear"},
///     "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [3, 4]}]}]
/// }"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// assert_eq!(plan.params()[0].name, "fc.weight");
/// assert_eq!(plan.rules()[0].won, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    params: Vec<PlannedParam>,
    buffers: Vec<PlannedBuffer>,
    rules: Vec<PlannedRule>,
    warnings: Vec<Warning>,
    /// Warnings of init_cfg as they were read, whatever becomes of their rules.
    remarks: Vec<Warning>,
    own_code: OwnCode,
    ties: Vec<(String, String)>,
    loads: Vec<LoadReport>,
    /// As [`Options::skip_pretrained`].
    skip_pretrained: bool,
    /// Whether only rules for the root were given, as to mmengine's `initialize`.
    bare: bool,
    /// Whether it is of a layer that holds its weights.
    live: bool,
}

/// A parameter and what writes it.
#[derive(Clone, Debug)]
pub struct PlannedParam {
    /// Full dotted name; of a tied parameter the first.
    pub name: String,
    /// Class of its layer.
    pub class: Arc<str>,
    /// Dimensions.
    pub shape: Arc<[usize]>,
    /// What the dimensions mean.
    pub layout: Layout,
    /// Element type.
    pub dtype: DType,
    /// Id of the random stream.
    pub stream_id: u64,
    /// What writes it; what one part of a rule writes is held once for all parameters.
    pub writer: Arc<Writer>,
    /// The tensor that it is loaded from, if its writer is a Pretrained rule whose checkpoint is [loaded](Plan::load).
    pub stored: Option<Stored>,
    /// The innermost module above whose class has its own `init_weights`, which no init_cfg shows.
    pub custom: Option<Arc<str>>,
    /// What writes it if no rule does: the framework's constructor.
    default: Arc<Writer>,
    /// The nearest layer above whose constructor may write it: a place in [`OwnCode`].
    constructor: Option<usize>,
    /// What an `init_weights` of a class's own may write, if there is one above.
    own: Option<Box<Own>>,
    /// Whose own code may write it after everything that is decided here.
    overwriter: Option<Overwriter>,
    /// Every write of a rule in program order; the last one that counts is the writer. Held once for parameters that are
    /// written alike.
    pub(crate) writes: Arc<[Write]>,
}

/// What a parameter's values come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Writer {
    /// A rule of an init_cfg.
    Rule {
        /// What the rule writes.
        origin: Origin<String>,
        /// Where the rule stands.
        by: By,
    },
    /// No rule has the last word: what the framework's constructor or the model's own code gives it.
    Untouched(ConstructorDefault),
}

/// What the framework's constructor gives a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstructorDefault {
    /// The constructor draws or sets it so.
    Init(ParamDefault),
    /// The description says what is in it.
    Values(Values),
    /// The description says what the model's own code writes.
    Recorded(Arc<Constructor>),
    /// The class is unknown.
    Unknown,
    /// A live layer keeps what it holds.
    Kept,
}

/// A buffer and what is put into it.
#[derive(Clone, Debug)]
pub struct PlannedBuffer {
    /// Full dotted name.
    pub name: String,
    /// Class of its layer.
    pub class: Arc<str>,
    /// Dimensions.
    pub shape: Arc<[usize]>,
    /// Element type.
    pub dtype: DType,
    /// What the constructor puts in; `None`: unknown.
    pub value: Option<Values>,
    /// What the model's own code writes into it, if the description says that in place of a value.
    pub constructor: Option<Arc<Constructor>>,
    /// The tensor that it is loaded from instead, if a Pretrained rule's checkpoint holds it.
    pub stored: Option<Stored>,
    /// Whether a checkpoint that was not opened is believed to hold it.
    assumed: bool,
    /// Writes of Pretrained rules in program order.
    writes: Vec<Write>,
    /// Parameters that stand before it in model order.
    position: usize,
}

/// A rule and how it fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRule {
    /// Path of the module that holds it; empty for the root.
    pub module: String,
    /// Number of the rule in the module's init_cfg.
    pub rule: usize,
    /// Name of its initializer.
    pub type_name: &'static str,
    /// The name that its text has in place of that: `kaiming_normal_`, `HeNormal`.
    pub alias: Option<&'static str>,
    /// Whether an `init_weights` reaches the module.
    pub reached: bool,
    /// Whether it is a Pretrained rule that runs in list order, before the children.
    pub in_order: bool,
    /// Parameters that it or one of its overrides writes at some time.
    pub matched: usize,
    /// Parameters that it or one of its overrides writes last.
    pub won: usize,
    /// Where in its checkpoint the state dict is, of a Pretrained rule. mmengine does not know it.
    pub key: Option<String>,
    /// The classes that it names.
    layers: Vec<String>,
    /// Whether it writes by these alone.
    plain: bool,
    /// Parameters that it writes by these, if it is plain.
    by_class: usize,
    overrides: Vec<PlannedOverride>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PlannedOverride {
    name: String,
    alias: Option<&'static str>,
    /// Parameters that it writes at some time.
    matched: usize,
    won: usize,
    key: Option<String>,
}

/// Why a model and its rules do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    message: String,
    place: Option<RulePlace>,
}

/// Where a rule, or one of its overrides, stands in an init_cfg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePlace {
    /// Path of the module; empty for the root.
    pub module: String,
    /// Number of the rule.
    pub rule: usize,
    /// Number of the override, if it is about one.
    pub override_index: Option<usize>,
}

impl PlannedRule {
    /// The name of its type as its text has it.
    #[must_use]
    pub const fn written_type(&self) -> &'static str {
        match self.alias {
            Some(alias) => alias,
            None => self.type_name,
        }
    }

    /// The name that a part has in place of that of its initializer.
    pub(crate) fn alias_of(&self, part: Part) -> Option<&'static str> {
        match part {
            Part::Layer | Part::Params(_) => self.alias,
            Part::Override(index) => self.overrides.get(index)?.alias,
        }
    }
}

impl PlanError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None }
    }

    /// The rule that it is about, if it is about one.
    #[must_use]
    pub const fn place(&self) -> Option<&RulePlace> {
        self.place.as_ref()
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Resolves the whole model.
    ///
    /// # Errors
    ///
    /// An override of an attribute that its module does not have; a rule that writes a weight without the fans
    /// its initializer needs; more shared paths than can be walked.
    pub fn new(model: &Model, options: &Options<'_>) -> Result<Self, PlanError> {
        build::build(&model.root(), Some(model), options)
    }

    /// Resolves a layer that is no description, such as a struct with `#[derive(Layer)]`.
    ///
    /// Parameters that no rule touches are [`Kept`](ConstructorDefault::Kept): what the program put into them is not
    /// known here.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// ```
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init_core::Layer;
    ///
    /// #[derive(Layer)]
    /// struct Scale {
    ///     #[layer(param)]
    ///     weight: [f32; 3],
    /// }
    ///
    /// let plan = Plan::of_layer(&Scale { weight: [1.0; 3] }, &Options::default())?;
    /// assert!(plan.table(None).to_string().contains("kept"));
    /// # Ok::<(), weight_init::plan::PlanError>(())
    /// ```
    pub fn of_layer(layer: &dyn Layer, options: &Options<'_>) -> Result<Self, PlanError> {
        build::build(layer, None, options)
    }

    /// Every parameter once, in model order.
    #[must_use]
    pub fn params(&self) -> &[PlannedParam] {
        &self.params
    }

    /// Every buffer once, in model order.
    #[must_use]
    pub fn buffers(&self) -> &[PlannedBuffer] {
        &self.buffers
    }

    /// Every rule of every module, in model order.
    #[must_use]
    pub fn rules(&self) -> &[PlannedRule] {
        &self.rules
    }

    /// What is probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What became of each checkpoint that was [loaded](Self::load), rule by rule.
    #[must_use]
    pub fn loads(&self) -> &[LoadReport] {
        &self.loads
    }

    /// Other names of tied parameters and buffers and the first name of each.
    #[must_use]
    pub fn ties(&self) -> &[(String, String)] {
        &self.ties
    }
}
