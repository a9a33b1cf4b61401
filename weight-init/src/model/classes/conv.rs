//! Convolutions: `torch/nn/modules/conv.py`.
//!
//! | tensor | shape | of the constructor (`_ConvNd.reset_parameters`) |
//! |---|---|---|
//! | weight | `[out, in / groups, *kernel]`, transposed `[in, out / groups, *kernel]` | `kaiming_uniform_(a=√5)` = U(±1/√fan_in) |
//! | bias | `[out]` | U(±1/√fan_in) of the weight |
//!
//! fan_in as PyTorch computes it: dimension 1 of the weight times the receptive field, which for a transposed convolution
//! counts outputs.

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Distribution, FanMode, Kaiming, Layout, Nonlinearity};

use super::family::{Family, Kind, no_buffer, uniform_by_fan};
use super::{DEVICE, LayerFacts};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry, TensorSpec};

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

pub(super) fn register(registry: &mut Registry) {
    for (class, rank) in [("Conv1d", 1), ("Conv2d", 2), ("Conv3d", 3)] {
        registry.register(class, move |arguments| conv(arguments, class, rank, false));
    }
    for (class, rank) in [("ConvTranspose1d", 1), ("ConvTranspose2d", 2), ("ConvTranspose3d", 3)] {
        registry.register(class, move |arguments| conv(arguments, class, rank, true));
    }
    // mmcv's names.
    registry.register("Conv", |arguments| conv(arguments, "Conv2d", 2, false));
    registry.register("deconv", |arguments| conv(arguments, "ConvTranspose2d", 2, true));
}

fn conv(
    arguments: &mut Arguments<'_, '_>,
    class: &str,
    rank: usize,
    transposed: bool,
) -> Result<LayerSpec, Diagnostic> {
    let input = arguments.size("in_channels")?;
    let output = arguments.size("out_channels")?;
    let kernel = arguments.sizes("kernel_size", rank)?;
    let groups = arguments.size_or("groups", 1)?;
    let bias = arguments.bool_or("bias", true)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["stride", "padding", "dilation", "padding_mode"]);
    arguments.ignore(DEVICE);
    if transposed {
        arguments.ignore(&["output_padding"]);
    }
    if groups == 0 {
        return Err(arguments.fault("groups", "groups are at least 1"));
    }
    for (name, channels) in [("in_channels", input), ("out_channels", output)] {
        if channels % groups != 0 {
            return Err(arguments
                .fault(name, format!("{channels} channels cannot be split into {groups} groups")));
        }
    }
    let (first, second) =
        if transposed { (input, output / groups) } else { (output, input / groups) };
    let base = if transposed { "_ConvTransposeNd" } else { "_ConvNd" };
    let Some(layout) = Layout::conv(groups, transposed) else {
        return Err(arguments.fault("groups", "groups are at most 65535"));
    };
    let shape = [&[first, second], &*kernel].concat();
    let weight = TensorSpec { layout, ..TensorSpec::new("weight", &shape) };
    let layer = LayerSpec { params: vec![weight], ..LayerSpec::new(class, &[base]) };
    Ok(if bias { layer.param("bias", &[output]) } else { layer }.in_dtype(dtype))
}

/// √5, as Python's `math.sqrt(5)` gives it.
const SQRT_5: f64 = 2.23606797749979;

/// U(±1/√fan_in) of the weight's own shape: `kaiming_uniform_(a=√5)`.
pub(super) const WEIGHT: Init = Init::Kaiming(Kaiming {
    a: SQRT_5,
    mode: FanMode::FanIn,
    nonlinearity: Nonlinearity::LeakyRelu,
    distribution: Distribution::Uniform,
    ..Kaiming::DEFAULT
});

pub(super) fn param(_: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match name {
        "weight" => Some(WEIGHT),
        "bias" => layer.fan_in("weight").map(uniform_by_fan),
        _ => None,
    }
}
