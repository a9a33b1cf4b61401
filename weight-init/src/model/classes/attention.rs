//! Attention: `MultiheadAttention` in `torch/nn/modules/activation.py`.
//!
//! | tensor | shape | of the constructor (`_reset_parameters`) |
//! |---|---|---|
//! | in_proj_weight | `[3·embed, embed]` | `xavier_uniform_`, of the three as one matrix |
//! | or q_proj_weight, k_proj_weight, v_proj_weight | `[embed, embed]`, `[embed, kdim]`, `[embed, vdim]` | `xavier_uniform_` |
//! | in_proj_bias | `[3·embed]` | 0 |
//! | bias_k, bias_v | `[1, 1, embed]` | `xavier_normal_`, whose fans are both embed |
//! | out_proj | a layer | weight as `Linear`, bias 0 (see [`rewrite`](super::rewrite)) |

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Distribution, Xavier};

use super::family::{Family, Kind, constant, no_buffer};
use super::{DEVICE, LayerFacts};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &["MultiheadAttention"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

pub(super) fn register(registry: &mut Registry) {
    registry.register("MultiheadAttention", attention);
}

/// in_proj_weight `[3·embed, embed]`, or q_proj_weight `[embed, embed]`, k_proj_weight `[embed, kdim]` and
/// v_proj_weight `[embed, vdim]` where these differ; in_proj_bias `[3·embed]`; bias_k and bias_v `[1, 1, embed]`; and
/// the layer out_proj.
fn attention(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let embed = arguments.size("embed_dim")?;
    let heads = arguments.size("num_heads")?;
    let bias = arguments.bool_or("bias", true)?;
    let bias_kv = arguments.bool_or("add_bias_kv", false)?;
    let kdim = arguments.size_if_given("kdim")?.unwrap_or(embed);
    let vdim = arguments.size_if_given("vdim")?.unwrap_or(embed);
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["dropout", "add_zero_attn", "batch_first"]);
    arguments.ignore(DEVICE);
    split_over_heads(arguments, "num_heads", embed, heads)?;
    let layer = LayerSpec::new("MultiheadAttention", &["Module"]);
    let layer = if kdim == embed && vdim == embed {
        layer.param("in_proj_weight", &[embed.saturating_mul(3), embed])
    } else {
        layer
            .param("q_proj_weight", &[embed, embed])
            .param("k_proj_weight", &[embed, kdim])
            .param("v_proj_weight", &[embed, vdim])
    };
    Ok(finish(layer, embed, bias, bias_kv).in_dtype(dtype))
}

/// Refuses heads among which the dimensions cannot be split.
pub(super) fn split_over_heads(
    arguments: &Arguments<'_, '_>,
    name: &str,
    embed: usize,
    heads: usize,
) -> Result<(), Diagnostic> {
    if embed == 0 || !embed.is_multiple_of(heads) {
        let message = format!("{embed} dimensions cannot be split over {heads} heads");
        return Err(arguments.fault(name, message));
    }
    Ok(())
}

/// Attention whose queries, keys and values have the same size.
pub(super) fn self_attention(embed: usize, bias: bool) -> LayerSpec {
    let layer = LayerSpec::new("MultiheadAttention", &["Module"])
        .param("in_proj_weight", &[embed.saturating_mul(3), embed]);
    finish(layer, embed, bias, false)
}

fn finish(mut layer: LayerSpec, embed: usize, bias: bool, bias_kv: bool) -> LayerSpec {
    if bias {
        layer = layer.param("in_proj_bias", &[embed.saturating_mul(3)]);
    }
    if bias_kv {
        layer = layer.param("bias_k", &[1, 1, embed]).param("bias_v", &[1, 1, embed]);
    }
    let out = LayerSpec::new("NonDynamicallyQuantizableLinear", &["Linear"])
        .param("weight", &[embed, embed]);
    layer.child("out_proj", if bias { out.param("bias", &[embed]) } else { out })
}

pub(super) const XAVIER_UNIFORM: Init =
    Init::Xavier(Xavier { gain: 1.0, distribution: Distribution::Uniform, ..Xavier::DEFAULT });

const XAVIER_NORMAL: Init =
    Init::Xavier(Xavier { gain: 1.0, distribution: Distribution::Normal, ..Xavier::DEFAULT });

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
