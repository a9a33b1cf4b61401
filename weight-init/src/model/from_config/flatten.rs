//! The tree of layers → the flat [`Model`], with what must hold for any model checked.

use std::fmt;

use foldhash::HashSet;
use weight_init_core::{DType, InitWeights};

use super::spec::{ChildSpec, LayerSpec, TensorSpec};
use crate::diagnostic::{Diagnostic, Texts};
use crate::model::builder::{self, Builder, check_name, check_size, check_values};
use crate::model::{BufferNode, ChildNode, Model, Node, ParamNode, Values};
use crate::value::Value;

pub(super) fn model(
    spec: LayerSpec,
    value: &Value,
    texts: &dyn Texts,
    base: &str,
) -> Result<Model, Diagnostic> {
    flat(spec).map_err(|message| Diagnostic::new(texts, value.span, message).at(base))
}

fn flat(spec: LayerSpec) -> Result<Model, String> {
    let mut flat = Flat::default();
    flat.layer(spec, &mut String::new())?;
    Ok(flat.model.finish())
}

/// Layers that are no model: a name that stands twice or has dots, a tie that leads nowhere, a tensor that no file can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError(String);

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SpecError {}

impl Model {
    /// The model that a tree of layers is, as adapters of frameworks make it.
    ///
    /// # Errors
    ///
    /// Names that are empty, have dots or stand twice, ties that lead nowhere, tensors that no file can hold.
    ///
    /// ```
    /// use weight_init::model::{LayerSpec, Model};
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init_core::init_cfg::{InitCfg, Owned};
    ///
    /// let linear = LayerSpec::new("Linear", &["Module"]).param("weight", &[10, 64]).param("bias", &[10]);
    /// let model = Model::from_spec(LayerSpec::new("Net", &["Module"]).child("fc", linear))?;
    /// let init_cfg: InitCfg<Owned> = serde_json::from_str(r#"{"type": "Xavier", "layer": "Linear"}"#)?;
    /// let plan = Plan::new(&model, &Options { initialize: Some(&init_cfg), ..Options::default() })?;
    /// assert_eq!(plan.rules()[0].won, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_spec(spec: LayerSpec) -> Result<Self, SpecError> {
        flat(spec).map_err(SpecError)
    }
}

#[derive(Default)]
struct Flat {
    model: Builder,
}

impl Flat {
    fn layer(&mut self, spec: LayerSpec, path: &mut String) -> Result<usize, String> {
        let node = Node {
            class: spec.class.into(),
            bases: spec.bases.into(),
            ancestors: Box::default(),
            // A builder says all that its class writes, but for an `init_weights` of its own.
            rewrites: (spec.init_weights != InitWeights::Custom).then_some(false),
            padding_row: spec.padding_row,
            runs_init_cfg: true,
            init_weights: spec.init_weights,
            init_cfg: spec.init_cfg.map(Box::new),
            params: Vec::new(),
            buffers: Vec::new(),
            aliases: spec.aliases.into(),
            flow: None,
            children: Vec::new(),
        };
        let index = self.model.open(path, node);
        let mut names = HashSet::default();
        for param in spec.params {
            let full = full_name(path, &param.name, &mut names)?;
            let node = self.param(param, full)?;
            self.model.node_mut(index).params.push(node);
        }
        for buffer in spec.buffers {
            let full = full_name(path, &buffer.name, &mut names)?;
            let TensorSpec { name, shape, dtype, value, .. } = buffer;
            self.values(full, &shape, dtype, value)?;
            self.model.node_mut(index).buffers.push(BufferNode { name, shape, dtype });
        }
        for (name, child) in spec.children {
            let full = full_name(path, &name, &mut names)?;
            let child = match child {
                ChildSpec::New(layer) => {
                    let above = path.len();
                    *path = full;
                    let node = self.layer(*layer, path)?;
                    path.truncate(above);
                    ChildNode { name: name.into(), node, same_as: None }
                }
                ChildSpec::SameAs(target) => {
                    let tied = self.model.tied_layer(name.into(), &target);
                    tied.map_err(|fault| format!("'{full}': {fault}"))?
                }
            };
            self.model.node_mut(index).children.push(child);
        }
        self.model.close();
        Ok(index)
    }

    fn param(&mut self, param: TensorSpec, full: String) -> Result<ParamNode, String> {
        let TensorSpec { name, shape, dtype, value, layout, stream, same_as, .. } = param;
        if let Some(target) = same_as {
            let tied = self.model.tied_param(name.into(), &target);
            return tied.map_err(|fault| format!("'{full}': {fault}"));
        }
        self.values(full, &shape, dtype, value)?;
        Ok(ParamNode {
            name: name.into(),
            shape: shape.into(),
            dtype,
            layout,
            stream: stream.map(Into::into),
            same_as: None,
        })
    }

    /// Keeps what is in a tensor of a size that a file can express, with one value for each element if it has several.
    fn values(
        &mut self,
        full: String,
        shape: &[usize],
        dtype: DType,
        values: Option<Values>,
    ) -> Result<(), String> {
        let checked = check_size(shape, dtype).and_then(|()| match &values {
            Some(Values::Each(numbers)) => check_values(shape, numbers.len()),
            _ => Ok(()),
        });
        checked.map_err(|fault| format!("'{full}': {fault}"))?;
        if let Some(values) = values {
            self.model.set_values(full, values);
        }
        Ok(())
    }
}

/// The dotted name of a part of the layer at `path`, whose own name is no other part's.
fn full_name(path: &str, name: &str, names: &mut HashSet<String>) -> Result<String, String> {
    let checked = check_name(name).and_then(|()| builder::check_length(path, name));
    checked.map_err(|fault| match path {
        "" => format!("in the root: {fault}"),
        _ => format!("in '{path}': {fault}"),
    })?;
    let full = builder::joined(path, name);
    if names.insert(name.to_owned()) { Ok(full) } else { Err(format!("'{full}' stands twice")) }
}
