//! The key `flow` of a layer.

use super::super::Node;
use super::super::flow::FlowStep;
use super::fields::{Fields, Place};
use crate::diagnostic::Diagnostic;
use crate::signal::Function;
use crate::value::Value;

/// Steps that stand in each other, at most.
const MAX_DEPTH: usize = 16;

const STEP_KEYS: &[&str] = &["residual", "shortcut", "scale", "product", "mean_over_tokens"];

/// The steps that a layer declares; its children are read already.
pub(super) fn flow(fields: &Fields<'_>, node: &Node) -> Result<Option<Vec<FlowStep>>, Diagnostic> {
    if fields.get("flow").is_none() {
        return Ok(None);
    }
    steps(fields, "flow", node, 0).map(Some)
}

fn steps(
    fields: &Fields<'_>,
    key: &str,
    node: &Node,
    depth: usize,
) -> Result<Vec<FlowStep>, Diagnostic> {
    if depth > MAX_DEPTH {
        return Err(
            fields.fault(key, format!("steps stand in each other at most {MAX_DEPTH} deep"))
        );
    }
    fields.list(key)?.map(|(value, place)| step(fields, key, value, &place, node, depth)).collect()
}

fn step(
    fields: &Fields<'_>,
    key: &str,
    value: &Value,
    place: &Place<'_>,
    node: &Node,
    depth: usize,
) -> Result<FlowStep, Diagnostic> {
    if let Some(name) = value.as_str() {
        return named(fields, key, name, node);
    }
    let inner = Fields::read(fields.texts(), value, place, "step", STEP_KEYS)?;
    if inner.get("residual").is_some() {
        inner.only("a residual step", &["residual", "shortcut", "scale"])?;
        let scale = match inner.get("scale") {
            None => 1.0,
            Some(value) => match value.as_float().filter(|scale| scale.is_finite()) {
                Some(scale) => scale,
                None => return Err(inner.wrong("scale", "a finite number", value)),
            },
        };
        return Ok(FlowStep::Residual {
            branch: steps(&inner, "residual", node, depth + 1)?,
            shortcut: steps(&inner, "shortcut", node, depth + 1)?,
            scale,
        });
    }
    if let Some(product) = inner.get("product") {
        inner.only("a product step", &["product"])?;
        let place = inner.below("product");
        let branches = product.as_list().unwrap_or_default();
        let [a, b] = branches else {
            return Err(inner.wrong("product", "a list of two lists of steps", product));
        };
        let branch = |value: &Value| -> Result<Vec<FlowStep>, Diagnostic> {
            if depth >= MAX_DEPTH {
                let message = format!("steps stand in each other at most {MAX_DEPTH} deep");
                return Err(inner.fault("product", message));
            }
            let steps = value
                .as_list()
                .ok_or_else(|| inner.wrong("product", "a list of two lists of steps", product))?;
            let of = |value| step(&inner, "product", value, &place, node, depth + 1);
            steps.iter().map(of).collect()
        };
        return Ok(FlowStep::Product(branch(a)?, branch(b)?));
    }
    match inner.optional_bool("mean_over_tokens")? {
        Some(true) => Ok(FlowStep::TokenMean),
        _ => {
            let message = "a step has 'residual', 'product' or 'mean_over_tokens': true";
            Err(Diagnostic::new(fields.texts(), value.span, message).at(place.to_string()))
        }
    }
}

/// A child comes before a function of the same name.
fn named(fields: &Fields<'_>, key: &str, name: &str, node: &Node) -> Result<FlowStep, Diagnostic> {
    if node.children.iter().any(|child| *child.name == *name) {
        return Ok(FlowStep::Child(name.to_owned()));
    }
    if Function::from_name(name).is_some() {
        return Ok(FlowStep::Function(name.to_owned()));
    }
    let message = format!("'{name}' is neither a child of this layer nor a known function");
    let children = node.children.iter().map(|child| &*child.name);
    let candidates: Vec<&str> = children.chain(Function::NAMES).collect();
    Err(fields.fault_with_nearest(key, message, name, candidates))
}
