use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Constant, Uniform};

use super::{BufferDefault, LayerFacts};

/// What constructors that write into their children ask for with `isinstance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Conv,
    Linear,
    Norm,
    /// One row for each of many things, of which one may stand for nothing.
    Embedding,
    Other,
}

/// Classes whose constructors work alike.
#[derive(Debug)]
pub(super) struct Family {
    /// What the classes are, where they are one thing.
    pub(super) kind: Kind,
    /// Classes that layers have.
    pub(super) classes: &'static [&'static str],
    /// Classes that layers only derive from.
    pub(super) abstract_classes: &'static [&'static str],
    /// What the constructor of a class gives a parameter.
    pub(super) param: fn(&str, &LayerFacts<'_>, &str) -> Option<Init>,
    /// What the constructor of a class gives a buffer.
    pub(super) buffer: fn(&str, &LayerFacts<'_>, &str) -> Option<BufferDefault>,
}

/// The buffers of a family that has none.
pub(super) fn no_buffer(_: &str, _: &LayerFacts<'_>, _: &str) -> Option<BufferDefault> {
    None
}

/// Every element `val`.
pub(super) const fn constant(val: f64) -> Init {
    Init::Constant(Constant { val })
}

/// Uniform on `[−1/√fan, 1/√fan)`; 0 for a zero fan.
pub(super) fn uniform_by_fan(fan: u64) -> Init {
    if fan == 0 {
        return constant(0.0);
    }
    let bound = 1.0 / (fan as f64).sqrt();
    Init::Uniform(Uniform { a: -bound, b: bound })
}
