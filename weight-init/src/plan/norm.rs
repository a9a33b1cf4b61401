//! A parameter that holds the norms of another one's slices: the `g` of weight normalization.

use std::collections::HashMap;

use super::{Lowered, Tensor};
use crate::diagnostic::escape;

/// Norms of the slices of another parameter, over each dimension that is 1 here and more there; of all of it for a number.
#[derive(Clone, Debug)]
pub struct NormOf<'p> {
    name: &'p str,
    /// The other parameter; `None` if there is none of that name.
    of: Option<Box<Tensor<'p>>>,
}

impl<'p> NormOf<'p> {
    /// Of the parameter of this full name, which [`link`] finds.
    pub(super) const fn unlinked(name: &'p str) -> Self {
        Self { name, of: None }
    }

    /// The other parameter.
    pub(crate) fn of(&self) -> Option<&Tensor<'p>> {
        self.of.as_deref()
    }

    /// Whether the other parameter has norms of this tensor's shape.
    pub(super) fn check(&self, tensor: &Tensor<'_>) -> Result<(), String> {
        let name = escape(self.name);
        let Some(of) = self.of() else {
            return Err(format!("it holds norms of '{name}', but there is no such tensor"));
        };
        if matches!(of.source, Lowered::Norm(_)) {
            return Err(format!("it holds norms of '{name}', which holds norms itself"));
        }
        if !tensor.dtype.is_float() || !of.dtype.is_float() {
            let (own, other) = (tensor.dtype.name(), of.dtype.name());
            return Err(format!(
                "it is {own} and '{name}' is {other}: norms are of floating-point numbers"
            ));
        }
        let fits = |(own, other): (&usize, &usize)| own == other || *own == 1;
        let is_number = tensor.shape.is_empty();
        let same_rank = tensor.shape.len() == of.shape.len();
        if is_number || same_rank && tensor.shape.iter().zip(of.shape).all(fits) {
            return Ok(());
        }
        Err(format!(
            "a tensor of shape {:?} holds no norms of '{name}', whose shape is {:?}: each dimension is the same or 1",
            tensor.shape, of.shape
        ))
    }
}

/// Gives every tensor of norms the tensor that they are of.
pub(super) fn link<'p>(tensors: &mut [Tensor<'p>]) {
    let norm = |tensor: &Tensor<'p>| match &tensor.source {
        Lowered::Norm(norm) => Some(norm.name),
        _ => None,
    };
    let asked: Vec<_> =
        tensors.iter().enumerate().filter_map(|(at, it)| Some((at, norm(it)?))).collect();
    if asked.is_empty() {
        return;
    }
    let places: HashMap<_, _> = tensors.iter().zip(0..).map(|(it, at)| (it.name, at)).collect();
    for (at, name) in asked {
        let of = places.get(name).and_then(|of: &usize| tensors.get(*of)).cloned().map(Box::new);
        if let Some(tensor) = tensors.get_mut(at) {
            tensor.source = Lowered::Norm(NormOf { name, of });
        }
    }
}
