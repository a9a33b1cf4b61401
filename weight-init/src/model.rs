//! A model without values: layers with their classes, parameters and init_cfg, built from a config or described.
//!
//! A config names classes of a [`Registry`] by `type` and gives their arguments; see [`Model::from_config`]. The module
//! `Module` takes layers by name, beside `class_name`, `bases`, `aliases`, `custom`, `params` and `buffers`; the
//! containers take `modules`. A list of configs is a `Sequential`.
//!
//! A description is a JSON tree of layers in the order in which the framework registers them, bare or under the key
//! `model`. A layer has
//!
//! | key | what | default |
//! |---|---|---|
//! | `name` | name in the layer above, without dots; the root's is ignored | needed below the root |
//! | `class` | name of its class | needed |
//! | `bases` | names of the direct base classes | none |
//! | `mro` | names of all base classes, the nearest first; constructor defaults alone go by it, rules by `bases` | none |
//! | `rewrites` | whether the class's own code writes values into itself or into its layers, see below | by the class |
//! | `padding_idx` | the row of an embedding that the constructor clears; counted from the end if negative | none |
//! | `init_weights` | `"module"` (mmengine's BaseModule), or `"custom"` where the class overrides it | plain layer |
//! | `runs_init_cfg` | of a `"custom"` one: whether it runs the `init_cfg`; otherwise Pretrained rules alone count | `true` |
//! | `init_cfg` | rules: a dict, a list of dicts, or null | none |
//! | `params`, `buffers` | lists of tensors | none |
//! | `aliases` | attributes that are another name of a layer below: `{"norm3": "bn3"}` | none |
//! | `children` | list of layers | none |
//! | `flow` | the way of the signal through the children, for [`signal`](crate::signal): see [`FlowStep`] | by the class |
//! | `same_as` | beside `name` alone: the very same layer as the one met first at that dotted path | |
//!
//! `rewrites` is about code that no description shows: a `reset_parameters`, an `__init__` or an `init_weights` of the
//! class itself. Without the key, a class that holds layers may rewrite them unless it is one of PyTorch's, a plain container
//! or in the [table of defaults](classes), and `"init_weights": "custom"` always may: a plan warns of the parameters
//! concerned. `false` says that it does not. `true` also makes the layer's own constructor values unknown, so that a subclass
//! with a `reset_parameters` of its own is told from its base.
//!
//! and a tensor
//!
//! | key | what | default |
//! |---|---|---|
//! | `name` | name in its layer | needed |
//! | `shape` | list of dimensions | needed |
//! | `dtype` | `"float32"`, `"bfloat16"`, `"int64"`, ..., or one that is known by name only, such as `"complex64"` | `"float32"` |
//! | `value` | what the constructor puts in: a number, a list of one for each element, or `{"file", "tensor"}` | by the class |
//! | `constructor` | in place of `value`: the initializer by which the model's code writes it, see below | by the class |
//! | `parts` | beside either: regions that the code wrote later, each with `start` and `shape`, a number for each dimension, and a `constructor` or `value` of its own | none |
//! | `by` | beside either, also in a part: the method and the call that wrote it, for people | none |
//! | `own_init` | parameters: what the `init_weights` of classes of their own write, see below | none |
//! | `layout` | parameters: `"out_in"` (PyTorch) or `"in_out"` (burn's Linear, Keras); fans follow it | `"out_in"` |
//! | `groups`, `transposed` | parameters: of a convolution's kernel, for fans that count connections | 1, `false` |
//! | `stream` | parameters: the name that seeds the values, so that a renamed layer keeps them | the full name |
//! | `same_as` | beside `name` alone: the very same parameter, or buffer, as that of this full name | |
//!
//! A `value` of `{"file": "model.buffers.safetensors", "tensor": "pos.index"}` is that tensor of a safetensors file in the
//! description's own folder: the bits of any shape and element type that the format has.
//!
//! A `constructor` is a dict as a rule has it, of a `type` and its arguments: `{"type": "TruncNormal", "std": 0.02}`. It is
//! what the tensor holds where no rule writes it, whatever the class, and random values come from the tensor's own stream.
//! Parts are laid over it in their order; an element of a part is drawn at its number in the whole tensor, and fans are those
//! of the part. `{"norm_of": "conv.weight_v"}` is the L2 norm of another parameter, whatever writes that, over each dimension
//! that is 1 here and more there: the `g` of weight normalization. `{"unknown": "QR of a random matrix, in Net.__init__ (net.py:12)"}`
//! says that the code writes something that has no name here, and where: plans report it, and `init` asks for a choice as it does
//! for classes that are not known.
//!
//! `"then": ["exp", {"clamp_min": 0.0001}, "softplus_inverse"]` beside the `type` names functions of single elements over what the
//! initializer draws, in order, such as the logarithm of a uniform draw that state space models start from. The draw is one of f64
//! numbers whatever the element type, the functions are those of [`constructor::Step`], with the same bits everywhere, and the
//! result is rounded once.
//!
//! `own_init` lists what `"custom"` ones write, in program order: each entry has the path of the `module` whose `init_weights` it
//! is, whether that comes `after` the module's rules and children (otherwise before them), and a `constructor` or `value` with
//! `parts` and `by`. Such a write takes its place among those of rules: the last one counts.
//!
//! ```
//! use weight_init::diagnostic::Source;
//! use weight_init::model::Model;
//! use weight_init::plan::{Options, Plan};
//!
//! let source = Source::new("model.json", r#"{"class": "LSTM", "params": [
//!     {"name": "bias_ih_l0", "shape": [16], "constructor": {"type": "Uniform", "a": -0.5, "b": 0.5}, "by": "LSTM.reset_parameters",
//!      "parts": [{"start": [4], "shape": [4], "constructor": {"type": "Constant", "val": 1}, "by": "Net.__init__"}]}]}"#);
//! let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
//! let table = plan.table(None).to_string();
//! assert!(table.contains("uniform(a=-0.5, b=0.5), [4:8] constant(val=1)  LSTM.reset_parameters; Net.__init__"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod checkpoint_keys;
pub mod classes;
pub mod constructor;
mod description;
mod extend;
mod flow;
mod from_config;
mod layers;
mod overlay;
mod placed;
mod step;
mod trail;
mod write;

use std::sync::Arc;

use foldhash::HashMap;
use weight_init_core::initializer::ALL;
use weight_init_core::{DType, InitWeights, Layer, Layout};

pub use self::checkpoint_keys::CheckpointKeys;
use self::classes::BufferDefault;
use self::constructor::{Constructor, OwnWrite};
pub use self::extend::extend_stands_in;
pub use self::flow::FlowStep;
pub use self::from_config::{Arguments, ChildSpec, LayerSpec, Registry, SpecError, TensorSpec};
pub use self::placed::PlacedInitCfg;
pub(crate) use self::trail::Trail;
use crate::checkpoint::Stored;
use crate::config::Config;
use crate::config::json;
use crate::diagnostic::{Diagnostic, Source, Sources};
use crate::value::Value;

/// A tree of layers; one that several paths lead to is held once.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init_core::Layer;
///
/// let source = Source::new("model.json", r#"{
///     "class": "Net", "bases": ["BaseModule"], "init_weights": "module",
///     "init_cfg": {"type": "Xavier", "layer": "Linear"},
///     "children": [{"name": "fc", "class": "Linear",
///                   "params": [{"name": "weight", "shape": [10, 64]}, {"name": "bias", "shape": [10]}]}]
/// }"#);
/// let model = Model::read(&source)?;
/// assert_eq!(model.root().class(), "Net");
/// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The root stands first; children point forward, or back where they are tied.
    nodes: Vec<Node>,
    /// What the description says is in tensors, by full name.
    values: HashMap<String, Values>,
    /// What it says that the model's code writes into tensors, by full name.
    constructors: HashMap<String, Arc<Constructor>>,
    /// What it says that the `init_weights` of classes of their own write into parameters, by full name.
    own_writes: HashMap<String, Vec<OwnWrite>>,
    /// The layers by the path at which they are met first.
    paths: HashMap<String, usize>,
    /// Full names of tied buffers and the first name of each.
    buffer_ties: Vec<(String, String)>,
}

/// A Python script that describes PyTorch and OpenMMLab models; it needs PyTorch, and nothing of this library.
pub const DESCRIBE_PY: &str = include_str!("../describe.py");

/// Bytes of a full name, at most: real ones have a hundred, and every tensor below a layer repeats the layer's.
const MAX_NAME: usize = 1024;

/// The largest tensor, in bytes: offsets in files and in frameworks are signed.
const MAX_TENSOR_BYTES: u64 = i64::MAX as u64;

/// One layer.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    class: Arc<str>,
    bases: Box<[String]>,
    /// All base classes, the nearest first; empty where nobody says.
    ancestors: Box<[String]>,
    /// Whether the class's own code writes values into itself or its layers; `None`: nobody says.
    rewrites: Option<bool>,
    /// The row of its weight that the constructor clears.
    padding_row: Option<usize>,
    init_weights: InitWeights,
    /// Whether its `init_weights` runs the init_cfg, as it does by `super().init_weights()`; otherwise it loads its checkpoints alone.
    runs_init_cfg: bool,
    init_cfg: Option<Box<PlacedInitCfg>>,
    params: Vec<ParamNode>,
    buffers: Vec<BufferNode>,
    aliases: Box<[(String, String)]>,
    /// The way of the signal through the children, if the description declares it.
    flow: Option<Box<[FlowStep]>>,
    children: Vec<ChildNode>,
}

#[derive(Clone, Debug, PartialEq)]
struct ParamNode {
    name: Arc<str>,
    shape: Arc<[usize]>,
    dtype: DType,
    layout: Layout,
    stream: Option<Box<str>>,
    same_as: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq)]
struct BufferNode {
    name: String,
    shape: Vec<usize>,
    dtype: DType,
}

#[derive(Clone, Debug, PartialEq)]
struct ChildNode {
    name: Arc<str>,
    node: usize,
    same_as: Option<Box<str>>,
}

/// What a tensor holds without any initializer: given by its description or a constructor.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// The same number everywhere.
    All(f64),
    /// One number for each element, row-major.
    Each(Vec<f64>),
    /// What a known constructor computes.
    Computed(BufferDefault),
    /// What a file beside the description holds, of the tensor's own shape and element type.
    Stored(Stored),
}

impl Values {
    /// The number of element `index`, row-major; zero past the end, and of stored values, which are read from their file.
    #[must_use]
    pub fn element(&self, index: u64) -> f64 {
        match self {
            Self::All(x) => *x,
            Self::Each(numbers) => {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                numbers.get(index).copied().unwrap_or_default()
            }
            Self::Computed(default) => default.element(index),
            Self::Stored(_) => 0.0,
        }
    }
}

/// The dict with `type`, or the list, that a model is built from, and its path; `None`: it is a description.
fn to_be_built(value: &Value) -> Option<(&Value, &'static str)> {
    let (model, base) = match value.get("model") {
        Some(_) if value.get("class").is_some() => return None,
        Some(model) => (model, "$.model"),
        None => (value, "$"),
    };
    (model.as_list().is_some() || model.get("type").is_some()).then_some((model, base))
}

/// The row that an index names, counted from the end if negative; `None` if there is no such row of so many.
fn row(index: i128, rows: usize) -> Option<usize> {
    let from_front = if index < 0 { index.checked_add(rows as i128)? } else { index };
    usize::try_from(from_front).ok().filter(|row| *row < rows)
}

impl Model {
    /// Reads a description: a JSON tree of layers, bare or under the key `model`. Its init_cfg name built-in initializers;
    /// [`from_config`](Self::from_config) knows others, too.
    ///
    /// # Errors
    ///
    /// Text that is no JSON, keys or values that no description has, init_cfg that are wrong whatever the model,
    /// names that stand twice, ties that lead nowhere: with the place in the file.
    pub fn read(source: &Source) -> Result<Self, Diagnostic> {
        description::read(json::parse(source)?, source, ALL)
    }

    /// The model of a file: a config to be built (a dict with `type`), or a description (with `class`); bare or under
    /// the key `model`. The tree of a description is copied; [`from_owned_config`](Self::from_owned_config) takes it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and of a config: classes that are not registered, arguments that are missing, unknown
    /// or wrong.
    pub fn from_config(config: &Config, registry: &Registry) -> Result<Self, Diagnostic> {
        let Config { value, sources } = config;
        match to_be_built(value) {
            Some((model, base)) => from_config::build(model, sources, registry, base),
            None => description::read(value.clone(), sources, registry.initializers()),
        }
    }

    /// As [`from_config`](Self::from_config), of a config that is not needed afterwards but for its texts: the tree of values of a
    /// description is given back while the model is built. Of a million tensors it takes more memory than the model. The texts lead
    /// an error of a [plan](crate::plan::locate) to its place.
    ///
    /// ```
    /// use weight_init::config::{Config, Format};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::{Model, Registry};
    ///
    /// let source = Source::new("net.json", r#"{"type": "Linear", "in_features": 8, "out_features": 4}"#);
    /// let config = Config::parse(source, Format::Json)?;
    /// let (model, sources) = Model::from_owned_config(config, &Registry::standard())?;
    /// assert_eq!((model.layers(), sources.first().name()), (1, "net.json"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_config`](Self::from_config).
    pub fn from_owned_config(
        config: Config,
        registry: &Registry,
    ) -> Result<(Self, Sources), Diagnostic> {
        let Config { value, sources } = config;
        let model = match to_be_built(&value) {
            Some((model, base)) => from_config::build(model, &sources, registry, base)?,
            None => description::read(value, &sources, registry.initializers())?,
        };
        Ok((model, sources))
    }

    /// The root, as the resolver sees it.
    #[must_use]
    pub fn root(&self) -> impl Layer + '_ {
        layers::LayerRef { model: self, index: 0 }
    }

    /// Layers that the model holds, tied ones counted once.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.nodes.len()
    }

    /// Parameters of all layers, of layers and parameters that are tied those that are met first.
    pub(crate) fn own_params(&self) -> usize {
        let params = self.nodes.iter().flat_map(|node| &node.params);
        params.filter(|param| param.same_as.is_none()).count()
    }

    /// The init_cfg of the layer first met at a dotted path, with its places; the root's path is empty.
    #[must_use]
    pub fn init_cfg(&self, path: &str) -> Option<&PlacedInitCfg> {
        self.node_at(path)?.init_cfg.as_deref()
    }

    /// The way of the signal through the layer first met at a dotted path, if the description declares it.
    #[must_use]
    pub fn flow(&self, path: &str) -> Option<&[FlowStep]> {
        self.node_at(path)?.flow.as_deref()
    }

    /// The layer first met at a dotted path.
    fn node_at(&self, path: &str) -> Option<&Node> {
        self.nodes.get(self.place(path)?)
    }

    /// Its place among the layers.
    fn place(&self, path: &str) -> Option<usize> {
        if path.is_empty() { Some(0) } else { self.paths.get(path).copied() }
    }

    /// Whether somebody says that the class of the layer first met at `path` writes nothing by itself.
    pub(crate) fn writes_nothing_itself(&self, path: &str) -> bool {
        self.node_at(path).is_some_and(|node| node.rewrites == Some(false))
    }

    /// Other names of tied buffers and the first name of each, but for those of tied layers.
    pub(crate) fn buffer_ties(&self) -> &[(String, String)] {
        &self.buffer_ties
    }

    /// What the description itself says is in the tensor of this full name.
    pub(crate) fn value(&self, tensor: &str) -> Option<&Values> {
        self.values.get(tensor)
    }

    /// What it says that the `init_weights` of classes of their own write into the parameter of this full name, in program order.
    pub(crate) fn own_writes(&self, param: &str) -> &[OwnWrite] {
        self.own_writes.get(param).map_or(&[], Vec::as_slice)
    }

    /// What the description says that the model's code writes into the tensor of this full name.
    pub(crate) fn constructor(&self, tensor: &str) -> Option<&Arc<Constructor>> {
        self.constructors.get(tensor)
    }
}

/// Elements of a tensor; a dimension of zero makes it empty, however large the others are.
pub(crate) fn elements(shape: &[usize]) -> u64 {
    if shape.contains(&0) {
        0
    } else {
        shape.iter().fold(1, |n: u64, dim| n.saturating_mul(*dim as u64))
    }
}
