//! The classes that are known: their arguments, their tensors, and what their constructors write into these.
//!
//! A class stands in one file. Its builder makes the layer of a config: arguments → tensors, as in `torch/nn/modules` of
//! PyTorch 2.15; a test compares each class with what PyTorch itself makes of it. Its family says what the constructor
//! writes, for layers of configs and of descriptions.
//!
//! A parameter that no init_cfg rule writes keeps what the framework's constructor gave it. A model
//! that exists only as a description has had no constructor, so this table stands in for it: PyTorch's
//! layers, and the OpenMMLab classes that write values of their own. It goes by class names alone; a
//! class that it does not know by name is looked up by its bases, the nearest that is known
//! (`MyConv(Conv2d)`, `ConvBase(BaseModule, Conv2d)`). What it does not know, it does not guess: the
//! answer is `None`.
//!
//! Sources: `reset_parameters` in `torch/nn/modules/*.py` of PyTorch 2.15.0, and the constructors of
//! mmcv 2.2.0, mmengine 0.10.7 and mmdet 3.3.0. The formulas stand at the families:
//!
//! | family | classes | values |
//! |---|---|---|
//! | `conv` | `Conv1d` … `ConvTranspose3d`, lazy ones | weight and bias U(±1/√fan_in) |
//! | `linear` | `Linear`, `Bilinear`, … | weight and bias U(±1/√fan_in) |
//! | `norm` | `BatchNorm1d` … `RMSNorm` | weight 1, bias 0, mean 0, variance 1 |
//! | `embedding` | `Embedding`, `EmbeddingBag` | N(0, 1), the row `padding_idx` 0 |
//! | `attention` | `MultiheadAttention` | Xavier uniform, biases 0 |
//! | `recurrent` | `LSTM`, `GRU`, `RNN`, their cells | U(±1/√hidden_size) |
//! | `activation` | `PReLU` | 0.25 |
//! | `openmmlab` | `Scale`, `WindowMSA`, `DeformConv2dPack`, … | see there |
//!
//! A layer's constructor runs before the constructor of the layer that holds it, and some of those
//! write into what they hold: `MultiheadAttention` clears the bias of its `out_proj`, mmcv's
//! `ConvModule` gives its convolution Kaiming's normal distribution, `Transformer` gives every matrix
//! below it Xavier's. So the table is asked with the layers above as well, and the outermost that
//! writes wins. A class that the table does not know, and that holds layers, may do the same:
//! [`may_rewrite`] tells which.
//!
//! # What is not known
//!
//! - Arguments count as left at their defaults where that is nearly always so: `PReLU(init=0.25)`,
//!   `Scale(scale=1.0)`, the slope of a `LeakyReLU` in a `ConvModule`, the `std` and `zeros_init` of mmcv's
//!   non-local blocks. Where it is not (`LayerScale`) the answer is `None`.
//! - Memory that PyTorch leaves as it is (`DeformableDETR.level_embed`, `L2Norm.weight`) has no value.
//! - `TransformerEncoder` and `TransformerDecoder` copy one layer, so that all begin with the *same*
//!   values; here every layer has values of its own from the same distribution.
//! - Weights that a parametrization replaced (`weight_norm`, `spectral_norm`), and the biases whose
//!   bound depends on them.
//! - A subclass that overrides `reset_parameters`, unless `rewrites` tells of it, or a class of another
//!   package that has the name of a known one.

mod activation;
mod attention;
mod buffer;
mod containers;
mod conv;
mod embedding;
mod family;
mod layer_facts;
mod linear;
mod norm;
mod openmmlab;
mod plain;
mod recurrent;
mod rewrite;
mod transformer;

pub use buffer::BufferDefault;
pub use layer_facts::LayerFacts;
pub use rewrite::may_rewrite;

use std::sync::LazyLock;

use foldhash::HashMap;
use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::ALL;

use self::family::{Family, Kind};
use self::rewrite::Rewrite;
use super::from_config::Registry;

/// The builders of every class, family by family.
const BUILDERS: [fn(&mut Registry); 10] = [
    conv::register,
    linear::register,
    norm::register,
    embedding::register,
    recurrent::register,
    attention::register,
    transformer::register,
    activation::register,
    plain::register,
    containers::register,
];

/// Every class whose constructor is known; OpenMMLab's first, they may be more exact about a name.
const FAMILIES: [&Family; 8] = [
    &openmmlab::FAMILY,
    &conv::FAMILY,
    &linear::FAMILY,
    &norm::FAMILY,
    &embedding::FAMILY,
    &attention::FAMILY,
    &recurrent::FAMILY,
    &activation::FAMILY,
];

/// A family and the class by which a layer belongs there.
type Member = (&'static Family, &'static str);

/// The classes of the families by their names: a plan asks for every layer, and for those above it.
static BY_CLASS: LazyLock<HashMap<&str, Member>> = LazyLock::new(|| {
    let mut by_class = HashMap::default();
    for family in FAMILIES {
        for &class in family.classes.iter().chain(family.abstract_classes) {
            by_class.entry(class).or_insert((family, class));
        }
    }
    by_class
});

/// An argument of PyTorch's constructors that tensors do not depend on.
const DEVICE: &[&str] = &["device"];

impl Registry {
    /// The built-in initializers; PyTorch's layers, mmengine's containers, and the short names that OpenMMLab has for some
    /// of them:
    ///
    /// | classes | |
    /// |---|---|
    /// | `Conv1d` … `ConvTranspose3d`, `Linear`, `Bilinear`, `Embedding`, `EmbeddingBag` | |
    /// | `BatchNorm1d` … `3d`, `SyncBatchNorm`, `InstanceNorm1d` … `3d`, `GroupNorm`, `LayerNorm`, `RMSNorm` | also `BN`, `SyncBN`, `IN`, `GN`, `LN` |
    /// | `RNN`, `LSTM`, `GRU` and their cells, `MultiheadAttention`, `Transformer` and its parts, `AdaptiveLogSoftmaxWithLoss`, `PReLU` | |
    /// | activations, pooling, padding, dropout, `Identity`, `Flatten`, `Upsample`, … | no parameters |
    /// | `Module`, `Sequential`, `ModuleList`, `ModuleDict` | mmengine's, with an init_cfg of their own |
    /// | `nn.Module`, `nn.Sequential`, `nn.ModuleList`, `nn.ModuleDict` | PyTorch's: init_weights does not go through them |
    #[must_use]
    pub fn standard() -> Self {
        let mut registry = Self::empty();
        ALL.iter().for_each(|of| registry.register_initializer(of));
        for register in BUILDERS {
            register(&mut registry);
        }
        registry
    }
}

/// What the constructors give a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDefault {
    /// What they draw or set it by.
    pub init: Init,
    /// The row that they then clear: the `padding_idx` of an embedding.
    pub zero_row: Option<usize>,
}

impl From<Init> for ParamDefault {
    fn from(init: Init) -> Self {
        Self { init, zero_row: None }
    }
}

/// What the constructors give the parameter `name` of a layer; `None` if that is not known.
///
/// `lineage` is the layer and those above it, the nearest first. The nearer ones suffice for most: a
/// layer that is not shown counts as one that writes nothing.
///
/// ```
/// use weight_init::model::classes::{LayerFacts, param_default};
/// # use core::ops::ControlFlow;
/// # use weight_init_core::{DType, Layer, LayerVisitor, Param, Shape};
/// use weight_init_core::init_cfg::Init;
/// use weight_init_core::initializer::Uniform;
/// # struct Linear;
/// # impl Layer for Linear {
/// #     fn class(&self) -> &str { "Linear" }
/// #     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
/// #         visitor.param(&Param::new("weight", Shape::new(&[10, 64]), DType::F32))
/// #     }
/// # }
/// // A Linear(64, 10).
/// let lineage = [LayerFacts::new("fc", &Linear)];
/// let bias = param_default(&lineage, "bias");
/// assert_eq!(bias, Some(Init::Uniform(Uniform { a: -0.125, b: 0.125 }).into()));
/// ```
#[must_use]
pub fn param_default(lineage: &[LayerFacts<'_>], name: &str) -> Option<ParamDefault> {
    let (layer, above) = lineage.split_first()?;
    let member = family_of(layer);
    let kind = Kind::of(member);
    for (index, ancestor) in above.iter().enumerate().rev() {
        let below = lineage.get(..=index).unwrap_or_default();
        match rewrite::rewrite(ancestor, below, kind, name) {
            Rewrite::Nothing => {}
            Rewrite::Writes(init) => return Some(init.into()),
            Rewrite::Unclear => return None,
        }
    }
    let (family, class) = member.filter(|_| layer.rewrites != Some(true))?;
    let init = (family.param)(class, layer, name)?;
    let zero_row = if family.kind == Kind::Embedding { layer.padding_row } else { None };
    Some(ParamDefault { init, zero_row })
}

/// What the constructors give the buffer `name` of a layer; `None` if that is not known.
///
/// Only the layer itself counts, the first of `lineage`. The values fit every element type that
/// PyTorch gives the buffer.
#[must_use]
pub fn buffer_default(lineage: &[LayerFacts<'_>], name: &str) -> Option<BufferDefault> {
    let layer = lineage.first()?;
    let (family, class) = family_of(layer).filter(|_| layer.rewrites != Some(true))?;
    (family.buffer)(class, layer, name)
}

/// Names of the classes that the table knows, abstract ones left out.
pub fn known_classes() -> impl Iterator<Item = &'static str> {
    FAMILIES.into_iter().flat_map(|family| family.classes.iter().copied())
}

/// The family of a layer and the class by which it belongs there: its own, or the nearest base that is known.
fn family_of(layer: &LayerFacts<'_>) -> Option<Member> {
    layer.classes().find_map(|class| BY_CLASS.get(class).copied())
}

#[cfg(test)]
mod tests;
