//! Normalization: `torch/nn/modules/{batchnorm,instancenorm,normalization}.py`.
//!
//! weight and bias of the normalized shape if `affine`; running statistics if they are tracked.

use weight_init_core::DType;

use super::super::{Arguments, LayerSpec, Registry, TensorSpec};
use super::DEVICE;
use crate::diagnostic::Diagnostic;

pub(super) fn register(registry: &mut Registry) {
    for (name, class) in [
        ("BatchNorm1d", "BatchNorm1d"),
        ("BatchNorm2d", "BatchNorm2d"),
        ("BatchNorm3d", "BatchNorm3d"),
        ("SyncBatchNorm", "SyncBatchNorm"),
        ("BN", "BatchNorm2d"),
        ("BN1d", "BatchNorm1d"),
        ("BN2d", "BatchNorm2d"),
        ("BN3d", "BatchNorm3d"),
        ("SyncBN", "SyncBatchNorm"),
    ] {
        registry.register(name, move |arguments| by_channel(arguments, class, "_BatchNorm", true));
    }
    for (name, class) in [
        ("InstanceNorm1d", "InstanceNorm1d"),
        ("InstanceNorm2d", "InstanceNorm2d"),
        ("InstanceNorm3d", "InstanceNorm3d"),
        ("IN", "InstanceNorm2d"),
    ] {
        registry
            .register(name, move |arguments| by_channel(arguments, class, "_InstanceNorm", false));
    }
    registry.register("GroupNorm", group_norm);
    registry.register("GN", group_norm);
    registry.register("LayerNorm", layer_norm);
    registry.register("LN", layer_norm);
    registry.register("RMSNorm", rms_norm);
}

/// `default` is that of `affine` and of `track_running_stats`.
fn by_channel(
    arguments: &mut Arguments<'_, '_>,
    class: &str,
    base: &str,
    default: bool,
) -> Result<LayerSpec, Diagnostic> {
    let channels = arguments.size("num_features")?;
    let affine = arguments.bool_or("affine", default)?;
    let tracked = arguments.bool_or("track_running_stats", default)?;
    // PyTorch 2.15 added `bias` to those that normalize a batch.
    let bias = affine && arguments.bool_or("bias", true)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["eps", "momentum"]);
    arguments.ignore(DEVICE);
    if class == "SyncBatchNorm" {
        arguments.ignore(&["process_group"]);
    }
    let mut layer = LayerSpec::new(class, &[base]);
    if affine {
        layer = layer.param("weight", &[channels]);
    }
    if bias {
        layer = layer.param("bias", &[channels]);
    }
    if tracked {
        let batches =
            TensorSpec { dtype: DType::I64, ..TensorSpec::new("num_batches_tracked", &[]) };
        layer = layer
            .buffer(TensorSpec::new("running_mean", &[channels]))
            .buffer(TensorSpec::new("running_var", &[channels]))
            .buffer(batches);
    }
    Ok(layer.in_dtype(dtype))
}

fn group_norm(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let groups = arguments.size("num_groups")?;
    let channels = arguments.size("num_channels")?;
    if groups == 0 || channels % groups != 0 {
        let message = format!("{channels} channels cannot be split into {groups} groups");
        return Err(arguments.fault("num_groups", message));
    }
    let affine = arguments.bool_or("affine", true)?;
    finish(arguments, LayerSpec::new("GroupNorm", &["Module"]), &[channels], affine, affine)
}

fn layer_norm(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let shape = arguments.shape("normalized_shape")?;
    let affine = arguments.bool_or("elementwise_affine", true)?;
    let layer = LayerSpec::new("LayerNorm", &["Module"]);
    finish(arguments, layer, &shape, affine, affine)
}

pub(super) fn layer_norm_of(size: usize, bias: bool) -> LayerSpec {
    let layer = LayerSpec::new("LayerNorm", &["Module"]).param("weight", &[size]);
    if bias { layer.param("bias", &[size]) } else { layer }
}

fn rms_norm(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let shape = arguments.shape("normalized_shape")?;
    let affine = arguments.bool_or("elementwise_affine", true)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["eps"]);
    arguments.ignore(DEVICE);
    let layer = LayerSpec::new("RMSNorm", &["Module"]);
    Ok(if affine { layer.param("weight", &shape) } else { layer }.in_dtype(dtype))
}

fn finish(
    arguments: &mut Arguments<'_, '_>,
    mut layer: LayerSpec,
    shape: &[usize],
    weight: bool,
    bias: bool,
) -> Result<LayerSpec, Diagnostic> {
    let bias = bias && arguments.bool_or("bias", true)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["eps"]);
    arguments.ignore(DEVICE);
    if weight {
        layer = layer.param("weight", shape);
    }
    if bias {
        layer = layer.param("bias", shape);
    }
    Ok(layer.in_dtype(dtype))
}
