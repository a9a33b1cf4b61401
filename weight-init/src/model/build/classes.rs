//! The classes that every registry begins with.
//!
//! Arguments, defaults and shapes are those of PyTorch 2.15 (`torch/nn/modules`); a test compares each class with what
//! PyTorch itself makes of it.

mod attention;
mod containers;
mod conv;
mod embedding;
mod linear;
mod norm;
mod plain;
mod recurrent;
mod transformer;

pub(super) use self::containers::sequential_of;
use super::Registry;

pub(super) fn register(registry: &mut Registry) {
    conv::register(registry);
    linear::register(registry);
    norm::register(registry);
    embedding::register(registry);
    recurrent::register(registry);
    attention::register(registry);
    transformer::register(registry);
    plain::register(registry);
    containers::register(registry);
}

/// What PyTorch's constructors take and parameters do not depend on.
const DEVICE: &[&str] = &["device"];
