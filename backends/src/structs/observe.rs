use core::ops::ControlFlow;
use std::borrow::ToOwned;
use std::collections::{HashMap, HashSet};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use weight_init_core::init_cfg::Origin;
use weight_init_core::layer_data::TensorRef;
use weight_init_core::resolve::{
    Call, ModuleVisit, Observer, Order, Outcome, ParamVisit, Problem, resolve,
};
use weight_init_core::{DType, Layer, Layout};

use super::error::StructError;
use super::unmatched::{self, UnmatchedRule};

/// The decisions for all parameters of the model.
pub(super) struct Decisions {
    /// The parameters that have memory of their own, in model order.
    pub(super) params: Vec<Decided>,
    pub(super) unmatched: Vec<UnmatchedRule>,
}

/// A parameter and what writes it.
pub(super) struct Decided {
    pub(super) name: String,
    pub(super) dims: Vec<usize>,
    pub(super) layout: Layout,
    dtype: DType,
    pub(super) stream: u64,
    /// `None`: no rule writes it.
    pub(super) origin: Option<Origin<String>>,
    order: Option<Order>,
    /// Path of the layer through which it is written; `None`: the one that shows it first.
    through: Option<String>,
}

impl Decided {
    /// Whether this memory can be the parameter's.
    pub(super) fn check(&self, tensor: &TensorRef<'_>) -> Result<(), StructError> {
        let elements = self.dims.iter().try_fold(1_usize, |n, dim| n.checked_mul(*dim));
        if elements != Some(tensor.len()) {
            let message =
                format!("its memory has {} elements, its shape is {:?}", tensor.len(), self.dims);
            return Err(StructError::elements(&self.name, &message));
        }
        if tensor.dtype() != self.dtype {
            let (found, shown) = (tensor.dtype().name(), self.dtype.name());
            let message = format!("its memory holds {found}, its layer shows {shown}");
            return Err(StructError::elements(&self.name, &message));
        }
        Ok(())
    }
}

/// Decides every parameter.
pub(super) fn decide(root: &dyn Layer, call: Call<'_>) -> Result<Decisions, StructError> {
    let mut decide = Decide::default();
    let resolved = resolve(root, call, &mut decide);
    if let Some(problem) = decide.problem {
        return Err(problem);
    }
    resolved.map_err(StructError::unresolved)?;
    for Decided { name, origin, .. } in &decide.params {
        if let Some(Origin::Pretrained(from)) = origin {
            return Err(StructError::pretrained(name, &from.checkpoint));
        }
    }
    let Decide { params, rules, .. } = decide;
    Ok(Decisions { params, unmatched: unmatched::of(rules, root) })
}

/// The path of the layer that shows a parameter of this name.
fn layer_of(param: &str) -> &str {
    param.rsplit_once('.').map_or("", |(layer, _)| layer)
}

/// Whether a layer stands below the one through which the parameter is written so far. A rule is applied to the layers
/// below a layer before the layer itself, as PyTorch's `apply` does it.
fn stands_below(layer: &str, so_far: &Decided) -> bool {
    let above = so_far.through.as_deref().unwrap_or_else(|| layer_of(&so_far.name));
    above.is_empty() && !layer.is_empty()
        || layer.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

#[derive(Default)]
struct Decide {
    params: Vec<Decided>,
    /// Place of every parameter by its first name.
    places: HashMap<String, usize>,
    /// The modules that have run, by their first paths.
    ran: HashSet<String>,
    rules: unmatched::Rules,
    problem: Option<StructError>,
}

impl Observer for Decide {
    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        let path = visit.first_path().to_string();
        self.rules.add(&path, visit);
        !visit.is_reached() || self.ran.insert(path)
    }

    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let (mut origin, mut order) = (None, None);
        visit.considered(&mut |considered| {
            if considered.outcome == Outcome::Writes {
                self.rules.matched(&considered.module, considered.rule);
                (origin, order) = (Some(considered.origin), Some(considered.order));
            }
        });
        let origin = origin.map(Origin::to_owned);
        let name = visit.first_path().to_string();
        if visit.is_tied() {
            let first = self.places.get(&name).and_then(|place| self.params.get_mut(*place));
            let through = layer_of(&visit.path().to_string()).to_owned();
            if let Some(first) = first
                && (order > first.order
                    || order.is_some() && order == first.order && !stands_below(&through, first))
            {
                (first.origin, first.order) = (origin, order);
                first.through = Some(through);
            }
            return ControlFlow::Continue(());
        }
        let param = visit.param();
        self.places.insert(name.clone(), self.params.len());
        self.params.push(Decided {
            name,
            dims: param.shape.dims().to_vec(),
            layout: param.shape.layout(),
            dtype: param.dtype,
            stream: visit.stream_id(),
            origin,
            order,
            through: None,
        });
        ControlFlow::Continue(())
    }

    fn problem(&mut self, problem: &Problem<'_>) {
        self.problem = Some(StructError::resolve(problem));
    }
}
