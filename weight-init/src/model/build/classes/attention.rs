//! Attention and the activation that has a parameter: `torch/nn/modules/activation.py`.

use super::super::{Arguments, LayerSpec, Registry};
use super::DEVICE;
use crate::diagnostic::Diagnostic;

pub(super) fn register(registry: &mut Registry) {
    registry.register("MultiheadAttention", attention);
    registry.register("PReLU", prelu);
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

/// weight `[num_parameters]`, filled with `init`.
fn prelu(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let count = arguments.size_or("num_parameters", 1)?;
    let init = arguments.number_or("init", 0.25)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(DEVICE);
    Ok(LayerSpec::new("PReLU", &["Module"])
        .constant_param("weight", &[count], init)
        .in_dtype(dtype))
}
