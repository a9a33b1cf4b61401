//! Fills whose instructions are counted.

use weight_init_backends::{Backend, Embedded};
use weight_init_core::{Fill, FillError, Stream};

use crate::digest::Element;

/// A fill by its arguments, for any element type.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names of the fills and their arguments")]
pub enum Case {
    Constant(f64),
    Uniform(f64, f64),
    Normal(f64, f64),
    TruncNormal(f64, f64, f64, f64),
}

/// One fill of every kind.
pub static CASES: &[(&str, Case)] = &[
    ("constant", Case::Constant(0.1)),
    ("uniform", Case::Uniform(-0.03, 0.03)),
    ("normal", Case::Normal(0.0, 0.02)),
    ("trunc_normal", Case::TruncNormal(0.0, 0.02, -0.04, 0.04)),
];

/// Elements that are counted.
pub const ELEMENTS: usize = 1024;

/// The instructions of [`ELEMENTS`] elements, as `count` counts those of a function.
pub fn run<T: Element>(case: Case, count: &mut dyn FnMut(&mut dyn FnMut()) -> u32) -> Option<u32> {
    let fill = fill::<T>(case).ok()?;
    let mut out = [T::ZERO; ELEMENTS];
    let stream = Stream::new(crate::net::SEED, "timing");
    Some(count(&mut || {
        let Ok(()) = Embedded.fill(&fill, stream, 0, &mut out);
    }))
}

fn fill<T: Element>(case: Case) -> Result<Fill<T>, FillError> {
    match case {
        Case::Constant(value) => Fill::constant(value),
        Case::Uniform(a, b) => Fill::uniform(a, b),
        Case::Normal(mean, std) => Fill::normal(mean, std),
        Case::TruncNormal(mean, std, a, b) => Fill::trunc_normal(mean, std, a, b),
    }
}
