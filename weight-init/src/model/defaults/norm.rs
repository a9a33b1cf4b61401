//! Normalizations: `torch/nn/modules/{batchnorm,instancenorm,normalization}.py`.
//!
//! - weight 1, bias 0
//! - running_mean 0, running_var 1, num_batches_tracked 0
//!
//! mmcv's own `SyncBatchNorm` (`MMSyncBN`; its base is `Module`, not `_BatchNorm`) draws its weight
//! from U(0, 1). `FrozenBatchNorm2d` holds weight and bias as buffers; it counts as torchvision's
//! (`torchvision/ops/misc.py`), whose running_var is 1. Detectron2's class of the same name and buffers begins with
//! 1 − eps: there the buffer takes a `value` in the description.

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::Uniform;

use super::family::{Family, Kind, constant};
use super::{BufferDefault, LayerFacts};

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
