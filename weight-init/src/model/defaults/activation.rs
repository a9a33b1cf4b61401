//! Activations with parameters: `torch/nn/modules/activation.py`.
//!
//! `PReLU` weight: 0.25, its argument `init` counting as left at that.

use weight_init_core::init_cfg::Init;

use super::LayerFacts;
use super::family::{Family, Kind, constant, no_buffer};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &["PReLU"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

fn param(_: &str, _: &LayerFacts<'_>, name: &str) -> Option<Init> {
    (name == "weight").then_some(constant(0.25))
}
