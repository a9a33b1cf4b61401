//! One tensor and its initializer, without a model.

use pyo3::prelude::*;
use weight_init::config::json;
use weight_init::diagnostic::Source;
use weight_init::model::PlacedInitCfg;
use weight_init::plan::{Lowered, Tensor};
use weight_init_core::init_cfg::Write;
use weight_init_core::initializer::{Layout, Shape};
use weight_init_core::{DType, stream_id};

use crate::error::Fault;
use crate::fill;
use crate::memory::Target;
use crate::register::registry;

/// Fills one tensor, or a shard of it, with the values that a parameter of that name has.
///
/// `rule` is a rule of an init_cfg as JSON; with `in_out` the last two dimensions of the shape are input and output, as JAX's
/// and Keras's kernels have them, else the first two output and input. The caller keeps the memory of `target` alive, and away from everybody else,
/// until this returns.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "an interface to Python alone, which names them")]
#[pyo3(signature = (target, *, rule, shape, in_out, dtype, seed, threads))]
pub(crate) fn fill_tensor(
    py: Python<'_>,
    target: Target,
    rule: String,
    shape: Vec<usize>,
    in_out: bool,
    dtype: &str,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<()> {
    let dtype = DType::from_name(dtype)
        .filter(|dtype| dtype.is_float())
        .ok_or_else(|| Fault::Model(format!("elements of type {dtype} hold no samples")))?;
    let layout = if in_out { Layout::InOut } else { Layout::OutIn };
    Ok(py.detach(|| {
        let source = Source::new("init_cfg", rule);
        let registry = registry();
        let rules =
            PlacedInitCfg::read(&json::parse(&source)?, &source, "$", registry.initializers())?;
        let [rule] = &rules.init_cfg.rules[..] else {
            return Err(Fault::Lower("expected one rule".to_owned()));
        };
        let Write::Init(init, _) = rule.write else {
            return Err(Fault::Lower("a checkpoint fills models, not single tensors".to_owned()));
        };
        let source = Lowered::Init {
            init,
            shape: Shape::new(&shape).with_layout(layout),
            stream_id: stream_id(&target.0),
        };
        let tensor = Tensor { name: &target.0, dtype, shape: &shape, source, parts: Vec::new() };
        let targets = std::slice::from_ref(&target);
        // SAFETY: the caller's word.
        unsafe { fill::fill(&[tensor], targets, seed, threads, &mut |_| Ok(())) }.map(drop)
    })?)
}
