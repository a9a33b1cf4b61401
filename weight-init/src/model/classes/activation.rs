//! Activations with parameters: `torch/nn/modules/activation.py`.
//!
//! `PReLU` weight `[num_parameters]`: its argument `init`; of a described layer, which lacks the argument, 0.25.

use weight_init_core::init_cfg::Init;

use super::family::{Family, Kind, constant, no_buffer};
use super::{DEVICE, LayerFacts};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Other,
    classes: &["PReLU"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

pub(super) fn register(registry: &mut Registry) {
    registry.register("PReLU", prelu);
}

fn prelu(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let count = arguments.size_or("num_parameters", 1)?;
    let init = arguments.number_or("init", 0.25)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(DEVICE);
    Ok(LayerSpec::new("PReLU", &["Module"])
        .constant_param("weight", &[count], init)
        .in_dtype(dtype))
}

fn param(_: &str, _: &LayerFacts<'_>, name: &str) -> Option<Init> {
    (name == "weight").then_some(constant(0.25))
}
