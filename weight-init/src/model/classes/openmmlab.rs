//! OpenMMLab classes that write values of their own: mmcv 2.2.0, mmengine 0.10.7, mmdet 3.3.0.
//!
//! Left out, because the value is an argument that a description lacks: `LayerScale.weight`, the
//! `gamma` of mmdet's vision-language fusion, `mean` and `std` of the data preprocessors. Left out,
//! because the constructor leaves the memory as it is: `level_embed`, `L2Norm.weight`,
//! `TridentConv.weight`.

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{
    Caffe2Xavier, Distribution, FanMode, Kaiming, Nonlinearity, Normal, bias_from_prob, fans,
};
use weight_init_core::{Layout, Shape};

use super::family::{Family, Kind, constant, uniform_by_fan};
use super::{BufferDefault, LayerFacts, conv};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &[
        // mmcv.cnn
        "Scale",
        "ConvAWS2d",
        "GeneralizedAttention",
        // mmcv.ops
        "DeformConv2d",
        "DeformConv2dPack",
        "DeformConv2dPack_MLU",
        "ModulatedDeformConv2d",
        "ModulatedDeformConv2dPack",
        "ModulatedDeformConv2dPack_MLU",
        "SAConv2d",
        "FusedBiasLeakyReLU",
        "SparseConv2d",
        "SparseConv3d",
        "SparseConv4d",
        "SparseConvTranspose2d",
        "SparseConvTranspose3d",
        "SparseInverseConv2d",
        "SparseInverseConv3d",
        "SubMConv2d",
        "SubMConv3d",
        "SubMConv4d",
        // mmdet
        "WindowMSA",
        "SwinTransformer",
        "AbsolutePositionEmbedding",
        "NormedLinear",
        "CenterPrior",
        "RepPointsHead",
        "ContrastiveEmbed",
        "VLFusionModule",
        "Integral",
        "EQLV2Loss",
        "SeesawLoss",
        "GHMC",
        "GHMR",
        // mmengine
        "StochasticWeightAverage",
        "ExponentialMovingAverage",
        "MomentumAnnealingEMA",
    ],
    abstract_classes: &["BaseAveragedModel", "SparseConvolution"],
    param,
    buffer,
};

fn param(class: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match (class, name) {
        ("Scale", "scale") => Some(constant(1.0)),
        ("GeneralizedAttention", "gamma") => Some(constant(0.0)),
        ("FusedBiasLeakyReLU", "bias") => Some(constant(0.0)),
        ("DeformConv2d" | "DeformConv2dPack" | "DeformConv2dPack_MLU", _) => {
            deform_conv(class, layer, name)
        }
        (
            "ModulatedDeformConv2d" | "ModulatedDeformConv2dPack" | "ModulatedDeformConv2dPack_MLU",
            _,
        ) => modulated_deform_conv(layer, name),
        ("SAConv2d", "weight_diff") => Some(constant(0.0)),
        ("ConvAWS2d" | "SAConv2d", _) => conv::param(class, layer, name),
        (class, _) if is_sparse_conv(class) => sparse_conv(layer, name),
        ("WindowMSA", "relative_position_bias_table") => Some(constant(0.0)),
        ("SwinTransformer", "absolute_pos_embed") => Some(constant(0.0)),
        ("AbsolutePositionEmbedding", "pos_embed") => Some(constant(0.0)),
        ("NormedLinear", "weight") => Some(Init::Normal(Normal { mean: 0.0, std: 0.01 })),
        ("NormedLinear", "bias") => Some(constant(0.0)),
        ("CenterPrior", "mean") => Some(constant(0.0)),
        ("CenterPrior", "sigma") => Some(constant(1.0)),
        ("RepPointsHead", "moment_transfer") => Some(constant(0.0)),
        ("ContrastiveEmbed", "bias") | ("VLFusionModule", "bias0") => {
            Some(constant(bias_from_prob(0.01)))
        }
        ("VLFusionModule", "log_scale" | "bias_lang") => Some(constant(0.0)),
        _ => None,
    }
}

fn buffer(class: &str, layer: &LayerFacts<'_>, name: &str) -> Option<BufferDefault> {
    let value = match (class, name) {
        ("ConvAWS2d" | "SAConv2d", "weight_gamma") => 1.0,
        ("ConvAWS2d" | "SAConv2d", "weight_beta") => 0.0,
        ("WindowMSA", "relative_position_index") => return relative_position(layer),
        ("Integral", "project") => return Some(BufferDefault::Index),
        ("EQLV2Loss", "pos_grad" | "neg_grad") => 0.0,
        ("EQLV2Loss", "pos_neg") => 100.0,
        ("SeesawLoss", "cum_samples") => 0.0,
        ("GHMC" | "GHMR", "acc_sum") => 0.0,
        (
            "BaseAveragedModel"
            | "StochasticWeightAverage"
            | "ExponentialMovingAverage"
            | "MomentumAnnealingEMA",
            "steps",
        ) => 0.0,
        _ => return None,
    };
    Some(BufferDefault::Constant(value))
}

/// mmcv's has no bias, torchvision's of the same name may have one: `kaiming_uniform_(nonlinearity="relu")`
/// and what convolutions get. Without a bias it counts as mmcv's.
fn deform_conv(class: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    if layer.has_param("bias") {
        return conv::param(class, layer, name);
    }
    (name == "weight").then_some(Init::Kaiming(Kaiming {
        a: 0.0,
        mode: FanMode::FanIn,
        nonlinearity: Nonlinearity::Relu,
        distribution: Distribution::Uniform,
        ..Kaiming::DEFAULT
    }))
}

/// weight U(±1/√(in_channels·kernel)), bias 0. With groups, in_channels is not dimension 1 of the weight
/// but of its child `conv_offset`'s; without that child it is not known.
fn modulated_deform_conv(layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match name {
        "weight" => {
            let in_channels = layer.find_child(|child| {
                if child.name == "conv_offset" { child.dim("weight", 1) } else { None }
            })?;
            let fan = layer.param("weight", |param| match param.shape.dims() {
                [out, _, kernel @ ..] => {
                    let dims: Vec<usize> =
                        [*out, in_channels].into_iter().chain(kernel.iter().copied()).collect();
                    fans(&Shape::new(&dims)).ok()
                }
                _ => None,
            });
            fan.flatten().map(|fans| uniform_by_fan(fans.fan_in))
        }
        "bias" => Some(constant(0.0)),
        _ => None,
    }
}

fn is_sparse_conv(class: &str) -> bool {
    class.starts_with("Sparse") || class.starts_with("SubM")
}

/// The weight is `[kernel…, in, out]`. It gets PyTorch's `kaiming_uniform_(a=√5)` by position, as if that
/// were `[out, in, …]`, the bias the bound of the true fan_in.
fn sparse_conv(layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match name {
        "weight" => layer.fan_in("weight").map(uniform_by_fan),
        "bias" => {
            let fans = layer.param("weight", |param| {
                fans(&Shape::new(param.shape.dims()).with_layout(Layout::InOut)).ok()
            });
            fans.flatten().map(|fans| uniform_by_fan(fans.fan_in))
        }
        _ => None,
    }
}

/// Only for a square window: how high and wide another one is, its shapes don't tell.
fn relative_position(layer: &LayerFacts<'_>) -> Option<BufferDefault> {
    let dims = layer.buffer_dims("relative_position_index")?;
    let [places, same] = dims.as_slice() else { return None };
    let window = places.isqrt();
    let side = window.checked_mul(2)?.checked_sub(1)?;
    let rows = layer.dim("relative_position_bias_table", 0)?;
    (places == same && window * window == *places && side.checked_mul(side) == Some(rows))
        .then_some(BufferDefault::RelativePosition { window: window as u64 })
}

/// What `GeneralizedAttention` gives its convolutions and linear maps: Caffe2's Xavier.
pub(super) const CAFFE2_XAVIER: Init = Init::Caffe2Xavier(Caffe2Xavier);
