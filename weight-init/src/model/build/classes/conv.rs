//! Convolutions: `torch/nn/modules/conv.py`.
//!
//! weight `[out, in / groups, *kernel]`, transposed `[in, out / groups, *kernel]`; bias `[out]`.

use super::super::{Arguments, LayerSpec, Registry};
use super::DEVICE;
use crate::diagnostic::Diagnostic;

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
    let layer =
        LayerSpec::new(class, &[base]).param("weight", &[&[first, second], &*kernel].concat());
    Ok(if bias { layer.param("bias", &[output]) } else { layer }.in_dtype(dtype))
}
