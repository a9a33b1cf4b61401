//! Layers whose constructor writes into the layers that it holds.
//!
//! The constructor of a layer runs when those of its children have run, so what it writes wins over
//! theirs. Sources: the constructors of `MultiheadAttention` and `Transformer` in `torch/nn/modules`;
//! of mmcv 2.2.0, `cnn/bricks` (`ConvModule`, `ContextBlock`, `NonLocal1d` …, `GeneralizedAttention`,
//! `PixelShufflePack`) and `ops` (`DeformConv2dPack` …, `SAConv2d`, `CARAFEPack`,
//! `MultiScaleDeformableAttention`, `DeformRoIPoolPack` …); of mmdet 3.3.0, `DyHeadBlock`, `DyConv`,
//! `BiMultiHeadAttention`, `ConditionalAttention`.

use weight_init_core::InitWeights;
use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Distribution, FanMode, Kaiming, Nonlinearity, Normal};

use super::attention::XAVIER_UNIFORM;
use super::family::{Kind, constant, uniform_by_fan};
use super::openmmlab::CAFFE2_XAVIER;
use super::{BY_CLASS, LayerFacts, Member, family_of};

/// What the constructor of a layer does to a parameter below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rewrite {
    /// It leaves the parameter alone.
    Nothing,
    /// It writes this.
    Writes(Init),
    /// It may write something; what, is not known.
    Unclear,
}

/// Whether the constructor of a layer may write into the layers that it holds in a way that
/// [`param_default`](super::param_default) does not know.
///
/// It goes by the class itself: a subclass, even of a container, may do what it likes.
///
/// ```
/// use weight_init::model::classes::{LayerFacts, may_rewrite};
/// # use core::ops::ControlFlow;
/// # use weight_init_core::{Layer, LayerVisitor};
/// # struct Named(&'static str);
/// # impl Layer for Named {
/// #     fn class(&self) -> &str { self.0 }
/// #     fn visit(&self, _: &mut dyn LayerVisitor) -> ControlFlow<()> { ControlFlow::Continue(()) }
/// # }
/// let (resnet, list) = (Named("ResNet"), Named("ModuleList"));
/// let resnet = LayerFacts::new("backbone", &resnet);
/// assert!(may_rewrite(&resnet) && !may_rewrite(&LayerFacts::new("blocks", &list)));
/// // Somebody has looked.
/// assert!(!may_rewrite(&LayerFacts { rewrites: Some(false), ..resnet }));
/// ```
#[must_use]
pub fn may_rewrite(layer: &LayerFacts<'_>) -> bool {
    let class = layer.layer.class();
    layer.rewrites.unwrap_or_else(|| {
        !CONTAINERS.contains(&class) && !BY_CLASS.contains_key(class) && !is_known(layer)
    })
}

/// What the constructor of `above` does to the parameter `name` of the first layer of `below`, which is of this kind; the last
/// of `below` is a child of `above`.
pub(super) fn rewrite(
    above: &LayerFacts<'_>,
    below: &[LayerFacts<'_>],
    kind: Kind,
    name: &str,
) -> Rewrite {
    let by_class = |class| rewrite_by_class(class, above, below, kind, name);
    above.classes().find_map(by_class).unwrap_or(Rewrite::Nothing)
}

/// Whether the class of a layer is one of these, so that nothing else is written into what it holds.
pub(super) fn is_known(layer: &LayerFacts<'_>) -> bool {
    match layer.layer.class() {
        "Transformer" => is_torch_transformer(layer),
        class => CLASSES.contains(&class),
    }
}

/// PyTorch's and mmengine's classes that hold layers and write into none of them: their constructors in
/// `torch/nn/modules/{container,module,transformer,adaptive}.py`, `torch/nn/parallel` and `mmengine/model/base_module.py`.
const CONTAINERS: [&str; 12] = [
    "Module",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "AdaptiveLogSoftmaxWithLoss",
    "DataParallel",
    "DistributedDataParallel",
    "BaseModule",
];

/// The classes that this file knows and that have no parameters of their own, `Transformer` left out.
const CLASSES: [&str; 16] = [
    "ConvModule",
    "PixelShufflePack",
    "CARAFEPack",
    "MultiScaleDeformableAttention",
    "ContextBlock",
    "NonLocal1d",
    "NonLocal2d",
    "NonLocal3d",
    "_NonLocalNd",
    "DeformRoIPoolPack",
    "ModulatedDeformRoIPoolPack",
    "DyHeadBlock",
    "DyConv",
    "ConditionalAttention",
    "DyDCNv2",
    "BiMultiHeadAttention",
];

/// `None` if the class writes into no layer that it holds.
fn rewrite_by_class(
    class: &str,
    above: &LayerFacts<'_>,
    below: &[LayerFacts<'_>],
    kind: Kind,
    name: &str,
) -> Option<Rewrite> {
    let (layer, child) = (below.first()?, below.last()?);
    let direct = below.len() == 1;
    Some(match class {
        "MultiheadAttention" => {
            let clears = direct && above.has_param("in_proj_bias") && kind == Kind::Linear;
            if clears && name == "bias" { zero() } else { Rewrite::Nothing }
        }
        "Transformer" => {
            let matrix = layer.param(name, |param| param.shape.dims().len() > 1);
            let rewrites = is_torch_transformer(above) && matrix == Some(true);
            if rewrites { Rewrite::Writes(XAVIER_UNIFORM) } else { Rewrite::Nothing }
        }
        "ConvModule" if direct => conv_module(above, layer, kind, name),
        "DeformConv2dPack"
        | "DeformConv2dPack_MLU"
        | "ModulatedDeformConv2dPack"
        | "ModulatedDeformConv2dPack_MLU" => kind.if_conv(name, zero()),
        "SAConv2d" if direct => match child.name {
            "switch" => kind.weight_and_bias(Kind::Conv, name, zero(), 1.0),
            "" if name == "bias" => kind.if_conv(name, Rewrite::Unclear),
            _ => kind.if_conv(name, zero()),
        },
        "PixelShufflePack" => kind.if_conv(name, Rewrite::Writes(XAVIER_UNIFORM)),
        "CARAFEPack" => kind.if_conv(
            name,
            match child.name {
                "content_encoder" => normal(0.001),
                "" => Rewrite::Unclear,
                _ => Rewrite::Writes(XAVIER_UNIFORM),
            },
        ),
        "MultiScaleDeformableAttention" if direct => match (child.name, name) {
            // Points on rays around the reference point.
            ("sampling_offsets", "bias") => Rewrite::Unclear,
            ("sampling_offsets" | "attention_weights", "weight" | "bias") => zero(),
            ("value_proj" | "output_proj", _) => {
                kind.weight_and_bias(Kind::Linear, name, Rewrite::Writes(XAVIER_UNIFORM), 0.0)
            }
            ("", _) if kind == Kind::Linear => Rewrite::Unclear,
            _ => Rewrite::Nothing,
        },
        "ContextBlock" => context_block(below, kind, name),
        "NonLocal1d" | "NonLocal2d" | "NonLocal3d" | "_NonLocalNd" => non_local(below, kind, name),
        "GeneralizedAttention" if direct && matches!(kind, Kind::Conv | Kind::Linear) => {
            kind.weight_and_bias(kind, name, Rewrite::Writes(CAFFE2_XAVIER), 0.0)
        }
        "DeformRoIPoolPack" | "ModulatedDeformRoIPoolPack" => match (child.name, layer.name) {
            _ if kind != Kind::Linear || direct => Rewrite::Nothing,
            ("offset_fc", "4") | ("mask_fc", "2") => kind.if_linear(name, zero()),
            ("", _) | (_, "") => Rewrite::Unclear,
            _ => Rewrite::Nothing,
        },
        "DyHeadBlock" => match child.name {
            // Zero or normal, as an argument says.
            "spatial_conv_offset" | "" if name == "weight" => kind.if_conv(name, Rewrite::Unclear),
            _ => kind.if_conv(name, normal(0.01)),
        },
        "DyConv" => match child.name {
            "dyconvs" | "attnconv" => kind.if_conv(name, normal(0.01)),
            "" => kind.if_conv(name, Rewrite::Unclear),
            _ => Rewrite::Nothing,
        },
        "ConditionalAttention" if direct => match (child.name, name) {
            ("out_proj", "bias") => zero(),
            ("", "bias") if kind == Kind::Linear => Rewrite::Unclear,
            _ => Rewrite::Nothing,
        },
        // Never in groups, so that fan_in is that of all channels.
        "DyDCNv2" if direct && layer.layer.class() == "ModulatedDeformConv2d" => {
            match (name, layer.fan_in(name)) {
                ("weight", Some(fan_in)) => Rewrite::Writes(uniform_by_fan(fan_in)),
                _ => Rewrite::Nothing,
            }
        }
        "BiMultiHeadAttention" => kind.if_linear(name, Rewrite::Writes(XAVIER_UNIFORM)),
        _ => return None,
    })
}

impl Kind {
    /// That of layers of a family and class.
    pub(super) fn of(member: Option<Member>) -> Self {
        match member {
            Some((_, "ConvAWS2d" | "SAConv2d")) => Self::Conv,
            Some((_, "NormedLinear")) => Self::Linear,
            Some((_, "Bilinear")) | None => Self::Other,
            Some((family, _)) => family.kind,
        }
    }

    /// mmengine's `xavier_init`, `normal_init`, … on a layer of this kind: the weight, and the bias as a
    /// constant.
    fn weight_and_bias(self, kind: Self, name: &str, weight: Rewrite, bias: f64) -> Rewrite {
        match name {
            _ if self != kind => Rewrite::Nothing,
            "weight" => weight,
            "bias" => Rewrite::Writes(constant(bias)),
            _ => Rewrite::Nothing,
        }
    }

    /// The weight of a convolution, and a bias of zero.
    fn if_conv(self, name: &str, weight: Rewrite) -> Rewrite {
        self.weight_and_bias(Self::Conv, name, weight, 0.0)
    }

    /// The weight of a linear map, and a bias of zero.
    fn if_linear(self, name: &str, weight: Rewrite) -> Rewrite {
        self.weight_and_bias(Self::Linear, name, weight, 0.0)
    }
}

const fn zero() -> Rewrite {
    Rewrite::Writes(constant(0.0))
}

const fn normal(std: f64) -> Rewrite {
    Rewrite::Writes(Init::Normal(Normal { mean: 0.0, std }))
}

const fn kaiming_normal(mode: FanMode) -> Rewrite {
    Rewrite::Writes(Init::Kaiming(Kaiming {
        a: 0.0,
        mode,
        nonlinearity: Nonlinearity::Relu,
        distribution: Distribution::Normal,
        ..Kaiming::DEFAULT
    }))
}

/// A class of this name is PyTorch's if it holds PyTorch's encoder and decoder.
fn is_torch_transformer(layer: &LayerFacts<'_>) -> bool {
    let holds = |name, class| {
        let is = |child: &LayerFacts<'_>| child.name == name && child.layer.class() == class;
        layer.find_child(|child| is(child).then_some(())).is_some()
    };
    holds("encoder", "TransformerEncoder") && holds("decoder", "TransformerDecoder")
}

/// `ConvModule.init_weights`: `kaiming_init` for a convolution that has no `init_weights` of its own, 1 and
/// 0 for a norm. With a leaky ReLU the gain depends on its slope, which a description lacks: it counts as mmcv's
/// default of 0.01 (a slope of 0.1 would make the weights 0.5 % smaller).
fn conv_module(above: &LayerFacts<'_>, layer: &LayerFacts<'_>, kind: Kind, name: &str) -> Rewrite {
    match (kind, name) {
        (Kind::Norm, "weight") => return Rewrite::Writes(constant(1.0)),
        (Kind::Norm, "bias") => return zero(),
        (Kind::Conv, _) => {}
        _ if layer.name == "conv" || layer.layer.class().contains("Conv") => {}
        _ => return Rewrite::Nothing,
    }
    let class = layer.layer.class();
    let own_init = layer.layer.init_weights() != InitWeights::None
        || class.starts_with("ModulatedDeform")
        || class == "SAConv2d";
    match name {
        "weight" | "bias" if own_init => Rewrite::Nothing,
        "weight" if is_leaky(above) => Rewrite::Writes(Init::Kaiming(Kaiming {
            a: 0.01,
            nonlinearity: Nonlinearity::LeakyRelu,
            ..Kaiming::DEFAULT
        })),
        "weight" => kaiming_normal(FanMode::FanOut),
        "bias" => zero(),
        _ => Rewrite::Nothing,
    }
}

fn is_leaky(conv_module: &LayerFacts<'_>) -> bool {
    let leaky = |child: &LayerFacts<'_>| child.layer.is("LeakyReLU").then_some(());
    conv_module.find_child(leaky).is_some()
}

/// `ContextBlock.reset_parameters`: `kaiming_init(mode="fan_in")` for `conv_mask`, 0 for the last
/// convolution of `channel_add_conv` and `channel_mul_conv`.
fn context_block(below: &[LayerFacts<'_>], kind: Kind, name: &str) -> Rewrite {
    match below {
        [_] => kind.if_conv(name, kaiming_normal(FanMode::FanIn)),
        [layer, _] => match layer.name {
            "3" => kind.if_conv(name, zero()),
            "" if name == "weight" || name == "bias" => {
                if kind == Kind::Conv {
                    Rewrite::Unclear
                } else {
                    Rewrite::Nothing
                }
            }
            _ => Rewrite::Nothing,
        },
        _ => Rewrite::Nothing,
    }
}

/// `_NonLocalNd.init_weights` with its defaults: N(0, 0.01²) for g, theta and phi, 0 for the norm of
/// `conv_out`, or for its convolution if it has no norm.
fn non_local(below: &[LayerFacts<'_>], kind: Kind, name: &str) -> Rewrite {
    let [_, module, ..] = below else { return Rewrite::Nothing };
    match below.last().map_or("", |child| child.name) {
        "g" | "theta" | "phi" => kind.if_conv(name, normal(0.01)),
        "conv_out" => {
            let norm =
                |child: &LayerFacts<'_>| (Kind::of(family_of(child)) == Kind::Norm).then_some(());
            let last = if module.find_child(norm).is_some() { Kind::Norm } else { Kind::Conv };
            kind.weight_and_bias(last, name, zero(), 0.0)
        }
        "" if matches!(kind, Kind::Conv | Kind::Norm) => Rewrite::Unclear,
        _ => Rewrite::Nothing,
    }
}
