//! Recurrent layers: `torch/nn/modules/rnn.py`.
//!
//! For each layer and direction weight_ih `[gates·hidden, input]`, weight_hh `[gates·hidden, hidden]`, bias_ih and
//! bias_hh `[gates·hidden]`, and with `proj_size` weight_hr `[proj, hidden]`, which then takes the place of the hidden
//! size in weight_hh and in the next layer's input. Gates: RNN 1, GRU 3, LSTM 4.
//!
//! The constructor (`reset_parameters`) gives every parameter, of every layer and direction, U(±1/√hidden). The hidden size is
//! dimension 1 of weight_hh, or with `proj_size` dimension 1 of weight_hr.

use weight_init_core::init_cfg::Init;

use super::family::{Family, Kind, no_buffer, uniform_by_fan};
use super::{DEVICE, LayerFacts};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry};

/// Layers of one recurrent layer, at most.
const MAX_LAYERS: usize = 10_000;

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"],
    abstract_classes: &["RNNBase", "RNNCellBase"],
    param,
    buffer: no_buffer,
};

pub(super) fn register(registry: &mut Registry) {
    for (class, cell, gates) in
        [("RNN", "RNNCell", 1), ("GRU", "GRUCell", 3), ("LSTM", "LSTMCell", 4)]
    {
        registry.register(class, move |arguments| recurrent(arguments, class, gates));
        registry.register(cell, move |arguments| one_step(arguments, cell, gates));
    }
}

fn recurrent(
    arguments: &mut Arguments<'_, '_>,
    class: &str,
    gates: usize,
) -> Result<LayerSpec, Diagnostic> {
    let (input, hidden) = (arguments.size("input_size")?, arguments.size("hidden_size")?);
    let layers = arguments.size_or("num_layers", 1)?;
    let bias = arguments.bool_or("bias", true)?;
    let directions = if arguments.bool_or("bidirectional", false)? { 2 } else { 1 };
    let projected = if class == "LSTM" { arguments.size_or("proj_size", 0)? } else { 0 };
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["batch_first", "dropout"]);
    arguments.ignore(DEVICE);
    if class == "RNN" {
        arguments.ignore(&["nonlinearity"]);
    }
    if hidden == 0 {
        return Err(arguments.fault("hidden_size", "the hidden size is at least 1"));
    }
    if projected >= hidden {
        return Err(arguments.fault("proj_size", "proj_size is smaller than hidden_size"));
    }
    if layers == 0 || layers > MAX_LAYERS {
        return Err(arguments
            .fault("num_layers", format!("the number of layers is from 1 to {MAX_LAYERS}")));
    }
    let rows = gates.saturating_mul(hidden);
    let output = if projected > 0 { projected } else { hidden };
    let mut layer = LayerSpec::new(class, &["RNNBase"]);
    for index in 0..layers {
        let columns = if index == 0 { input } else { output.saturating_mul(directions) };
        for suffix in &["", "_reverse"][..directions] {
            layer = layer
                .param(&format!("weight_ih_l{index}{suffix}"), &[rows, columns])
                .param(&format!("weight_hh_l{index}{suffix}"), &[rows, output]);
            if bias {
                layer = layer
                    .param(&format!("bias_ih_l{index}{suffix}"), &[rows])
                    .param(&format!("bias_hh_l{index}{suffix}"), &[rows]);
            }
            if projected > 0 {
                layer = layer.param(&format!("weight_hr_l{index}{suffix}"), &[projected, hidden]);
            }
        }
    }
    Ok(layer.in_dtype(dtype))
}

fn one_step(
    arguments: &mut Arguments<'_, '_>,
    class: &str,
    gates: usize,
) -> Result<LayerSpec, Diagnostic> {
    let (input, hidden) = (arguments.size("input_size")?, arguments.size("hidden_size")?);
    let bias = arguments.bool_or("bias", true)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(DEVICE);
    if class == "RNNCell" {
        arguments.ignore(&["nonlinearity"]);
    }
    let rows = gates.saturating_mul(hidden);
    let layer = LayerSpec::new(class, &["RNNCellBase"])
        .param("weight_ih", &[rows, input])
        .param("weight_hh", &[rows, hidden]);
    let layer =
        if bias { layer.param("bias_ih", &[rows]).param("bias_hh", &[rows]) } else { layer };
    Ok(layer.in_dtype(dtype))
}

fn param(_: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    let known = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];
    let rest = known.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    if !rest.is_empty() && !rest.starts_with("_l") {
        return None;
    }
    let hidden_size = ["weight_hr_l0", "weight_hh_l0", "weight_hh"]
        .iter()
        .find_map(|weight| layer.dim(weight, 1))?;
    Some(uniform_by_fan(hidden_size as u64))
}
