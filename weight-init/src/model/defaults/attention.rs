//! Attention: `MultiheadAttention._reset_parameters` in `torch/nn/modules/activation.py`.
//!
//! - in_proj_weight, `[3·embed, embed]` taken as one matrix; q_proj_weight, k_proj_weight,
//!   v_proj_weight: `xavier_uniform_`
//! - in_proj_bias: 0
//! - bias_k, bias_v, `[1, 1, embed]`: `xavier_normal_`, whose fans are both embed
//! - its child out_proj: weight as `Linear`, bias 0 (see [`rewrite`](super::rewrite))

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Distribution, Xavier};

use super::LayerFacts;
use super::family::{Family, Kind, constant, no_buffer};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &["MultiheadAttention"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

pub(super) const XAVIER_UNIFORM: Init =
    Init::Xavier(Xavier { gain: 1.0, distribution: Distribution::Uniform });

const XAVIER_NORMAL: Init = Init::Xavier(Xavier { gain: 1.0, distribution: Distribution::Normal });

fn param(_: &str, _: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match name {
        "in_proj_weight" | "q_proj_weight" | "k_proj_weight" | "v_proj_weight" => {
            Some(XAVIER_UNIFORM)
        }
        "in_proj_bias" => Some(constant(0.0)),
        "bias_k" | "bias_v" => Some(XAVIER_NORMAL),
        _ => None,
    }
}
