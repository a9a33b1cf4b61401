//! Linear maps: `reset_parameters` in `torch/nn/modules/linear.py`.
//!
//! - `Linear` weight: `kaiming_uniform_(a=√5)`, bias: both U(±1/√in_features)
//! - `Bilinear` weight, bias: U(±1/√in1_features), in1_features = dimension 1 of the weight
//!
//! `AdaptiveLogSoftmaxWithLoss` consists of `Linear`. `MultiheadAttention` clears the bias of its
//! `out_proj`, see [`rewrite`](super::rewrite).

use weight_init_core::init_cfg::Init;

use super::family::{Family, Kind, no_buffer, uniform_by_fan};
use super::{LayerFacts, conv};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Linear,
    classes: &["Linear", "LazyLinear", "NonDynamicallyQuantizableLinear", "Bilinear"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

fn param(class: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match (class, name) {
        ("Bilinear", "weight" | "bias") => {
            layer.dim("weight", 1).map(|features| uniform_by_fan(features as u64))
        }
        _ => conv::param(class, layer, name),
    }
}
