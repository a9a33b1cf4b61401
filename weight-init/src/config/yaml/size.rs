//! Memory of values, charged when an alias repeats them.

use crate::config::meter::STRIDE;
use crate::value::{Entry, Kind, Value};

/// Overhead of a string, list or dict beside its content.
pub(super) const STRING: usize = 32;

/// Memory of a copy of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Values that it is made of, and pieces of text.
    pub(super) steps: usize,
    pub(super) bytes: usize,
    /// Lists and dicts inside each other.
    pub(super) depth: usize,
}

impl Size {
    pub(super) fn of(value: &Value) -> Self {
        let mut size = Self { steps: 1, bytes: size_of::<Entry>() + STRING, depth: 0 };
        match &value.kind {
            Kind::Str(text) => {
                size.steps += text.len() / STRIDE;
                size.bytes += text.len();
            }
            Kind::List(items) => {
                size.depth = 1;
                items.iter().for_each(|item| size.add(item));
            }
            Kind::Dict(entries) => {
                size.depth = 1;
                for Entry { key, value, .. } in entries {
                    size.bytes += key.len() + STRING;
                    size.add(value);
                }
            }
            _ => {}
        }
        size
    }

    fn add(&mut self, inner: &Value) {
        let Self { steps, bytes, depth } = Self::of(inner);
        self.steps += steps;
        self.bytes += bytes;
        self.depth = self.depth.max(1 + depth);
    }
}
