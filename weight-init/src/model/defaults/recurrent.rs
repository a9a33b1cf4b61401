//! Recurrent layers: `reset_parameters` in `torch/nn/modules/rnn.py`.
//!
//! Every parameter, of every layer and direction: U(±1/√hidden_size). hidden_size is dimension 1 of
//! weight_hh, `[gates·hidden_size, hidden_size]`; with `proj_size`, where weight_hh is
//! `[gates·hidden_size, proj_size]`, it is dimension 1 of weight_hr, `[proj_size, hidden_size]`.

use weight_init_core::init_cfg::Init;

use super::LayerFacts;
use super::family::{Family, Kind, no_buffer, uniform_by_fan};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"],
    abstract_classes: &["RNNBase", "RNNCellBase"],
    param,
    buffer: no_buffer,
};

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
