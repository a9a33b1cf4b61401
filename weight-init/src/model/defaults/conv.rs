//! Convolutions: `_ConvNd.reset_parameters` in `torch/nn/modules/conv.py`.
//!
//! - weight: `kaiming_uniform_(a=√5)` = U(±1/√fan_in)
//! - bias: U(±1/√fan_in) of the weight
//!
//! fan_in as PyTorch computes it: dimension 1 of the weight times the receptive field, which for a
//! transposed convolution (`[in, out/groups, …]`) counts outputs.

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Distribution, FanMode, Kaiming, Nonlinearity};

use super::LayerFacts;
use super::family::{Family, Kind, no_buffer, uniform_by_fan};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Conv,
    classes: &[
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose1d",
        "ConvTranspose2d",
        "ConvTranspose3d",
        "LazyConv1d",
        "LazyConv2d",
        "LazyConv3d",
        "LazyConvTranspose1d",
        "LazyConvTranspose2d",
        "LazyConvTranspose3d",
    ],
    abstract_classes: &["_ConvNd", "_ConvTransposeNd", "_ConvTransposeMixin"],
    param,
    buffer: no_buffer,
};

/// √5, as Python's `math.sqrt(5)` gives it.
const SQRT_5: f64 = 2.23606797749979;

/// U(±1/√fan_in) of the weight's own shape: `kaiming_uniform_(a=√5)`.
pub(super) const WEIGHT: Init = Init::Kaiming(Kaiming {
    a: SQRT_5,
    mode: FanMode::FanIn,
    nonlinearity: Nonlinearity::LeakyRelu,
    distribution: Distribution::Uniform,
});

pub(super) fn param(_: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match name {
        "weight" => Some(WEIGHT),
        "bias" => layer.fan_in("weight").map(uniform_by_fan),
        _ => None,
    }
}
