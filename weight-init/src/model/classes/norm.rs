//! Normalization: `torch/nn/modules/{batchnorm,instancenorm,normalization}.py`.
//!
//! weight and bias of the normalized shape if `affine`; running statistics if they are tracked.
//!
//! The constructors give:
//!
//! - weight 1, bias 0
//! - running_mean 0, running_var 1, num_batches_tracked 0
//!
//! mmcv's own `SyncBatchNorm` (`MMSyncBN`; its base is `Module`, not `_BatchNorm`) draws its weight
//! from U(0, 1). `FrozenBatchNorm2d` holds weight and bias as buffers; it counts as torchvision's
//! (`torchvision/ops/misc.py`), whose running_var is 1. Detectron2's class of the same name and buffers begins with
//! 1 − eps: there the buffer takes a `value` in the description.

use weight_init_core::DType;
use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::Uniform;

use super::family::{Family, Kind, constant};
use super::{BufferDefault, DEVICE, LayerFacts};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry, TensorSpec};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Norm,
    classes: &[
        "BatchNorm1d",
        "BatchNorm2d",
        "BatchNorm3d",
        "SyncBatchNorm",
        "LazyBatchNorm1d",
        "LazyBatchNorm2d",
        "LazyBatchNorm3d",
        "InstanceNorm1d",
        "InstanceNorm2d",
        "InstanceNorm3d",
        "LazyInstanceNorm1d",
        "LazyInstanceNorm2d",
        "LazyInstanceNorm3d",
        "LayerNorm",
        "GroupNorm",
        "RMSNorm",
        "FrozenBatchNorm2d",
    ],
    abstract_classes: &["_BatchNorm", "_InstanceNorm", "_NormBase"],
    param,
    buffer,
};

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

fn param(class: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match name {
        "weight" if class == "SyncBatchNorm" && is_mmcv(layer) => {
            Some(Init::Uniform(Uniform { a: 0.0, b: 1.0 }))
        }
        "weight" => Some(constant(1.0)),
        "bias" => Some(constant(0.0)),
        _ => None,
    }
}

/// Whether a `SyncBatchNorm` is mmcv's operator.
fn is_mmcv(layer: &LayerFacts<'_>) -> bool {
    layer.layer.class() == "SyncBatchNorm" && layer.layer.bases().any(|base| base == "Module")
}

fn buffer(class: &str, _: &LayerFacts<'_>, name: &str) -> Option<BufferDefault> {
    let value = match (class, name) {
        ("FrozenBatchNorm2d", "weight") | (_, "running_var") => 1.0,
        ("FrozenBatchNorm2d", "bias") | (_, "running_mean" | "num_batches_tracked") => 0.0,
        _ => return None,
    };
    Some(BufferDefault::Constant(value))
}
