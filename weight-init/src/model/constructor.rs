//! What the framework's constructor gives a parameter or buffer, asked with what the resolver sees of its layer.

use weight_init_core::init_cfg::Init;
use weight_init_core::{Buffer, Layer, Param};

use super::Values;

/// `None`: the constructor is not known.
pub(crate) fn param_default(_layer: &dyn Layer, _parent: Option<&dyn Layer>, _param: &Param<'_>) -> Option<Init<String>> {
    None
}

/// `None`: the constructor is not known.
pub(crate) fn buffer_default(_layer: &dyn Layer, _buffer: &Buffer<'_>) -> Option<Values> {
    None
}
