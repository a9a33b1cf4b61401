//! The tree of layers → the flat [`Model`], with what must hold for any model checked.

use std::fmt;

use foldhash::{HashMap, HashSet};
use weight_init_core::InitWeights;

use super::spec::{ChildSpec, LayerSpec, TensorSpec};
use crate::diagnostic::{Diagnostic, Texts};
use crate::model::{
    BufferNode, ChildNode, MAX_NAME, MAX_TENSOR_BYTES, Model, Node, ParamNode, Values,
};
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
    flat.layer(spec, &mut Vec::new())?;
    let paths = flat.layers.into_iter().filter_map(|(path, node)| Some((path, node?)));
    Ok(Model {
        nodes: flat.nodes,
        values: flat.values,
        paths: paths.collect(),
        buffer_ties: Vec::new(),
        constructors: HashMap::default(),
        own_writes: HashMap::default(),
    })
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
    nodes: Vec<Node>,
    values: HashMap<String, Values>,
    /// The layers by the path at which they were met first; `None` while they are being made.
    layers: HashMap<String, Option<usize>>,
    /// The parameters by full name: the layer and the place in it.
    params: HashMap<String, (usize, usize)>,
}

impl Flat {
    fn layer(&mut self, spec: LayerSpec, path: &mut Vec<String>) -> Result<usize, String> {
        let index = self.nodes.len();
        self.layers.insert(path.join("."), None);
        self.nodes.push(Node {
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
        });
        let mut names = HashSet::default();
        for param in spec.params {
            let full = full_name(path, &param.name, &mut names)?;
            let node = self.param(param, &full)?;
            self.params.insert(full, (index, self.nodes[index].params.len()));
            self.nodes[index].params.push(node);
        }
        for buffer in spec.buffers {
            let full = full_name(path, &buffer.name, &mut names)?;
            check(&buffer, &full)?;
            self.values.extend(buffer.value.map(|values| (full, values)));
            let TensorSpec { name, shape, dtype, .. } = buffer;
            self.nodes[index].buffers.push(BufferNode { name, shape, dtype });
        }
        for (name, child) in spec.children {
            full_name(path, &name, &mut names)?;
            let child = match child {
                ChildSpec::New(layer) => {
                    path.push(name.clone());
                    let node = self.layer(*layer, path)?;
                    path.pop();
                    ChildNode { name: name.into(), node, same_as: None }
                }
                ChildSpec::SameAs(target) => match self.layers.get(&target) {
                    Some(Some(node)) => {
                        ChildNode { name: name.into(), node: *node, same_as: Some(target.into()) }
                    }
                    _ => return Err(format!("no layer was met before at the path '{target}'")),
                },
            };
            self.nodes[index].children.push(child);
        }
        self.layers.insert(path.join("."), Some(index));
        Ok(index)
    }

    fn param(&mut self, param: TensorSpec, full: &str) -> Result<ParamNode, String> {
        if let Some(target) = &param.same_as {
            let first =
                self.params.get(target).and_then(|(layer, at)| self.nodes[*layer].params.get(*at));
            return match first {
                Some(first) => {
                    let same_as = first.same_as.clone().or_else(|| Some(target.as_str().into()));
                    Ok(ParamNode { name: param.name.into(), same_as, ..first.clone() })
                }
                None => Err(format!("no parameter was met before under the name '{target}'")),
            };
        }
        check(&param, full)?;
        self.values.extend(param.value.map(|values| (full.to_owned(), values)));
        let TensorSpec { name, shape, dtype, layout, stream, .. } = param;
        Ok(ParamNode {
            name: name.into(),
            shape: shape.into(),
            dtype,
            layout,
            stream: stream.map(Into::into),
            same_as: None,
        })
    }
}

/// The dotted name of a part of the layer at `path`.
fn full_name(path: &[String], name: &str, names: &mut HashSet<String>) -> Result<String, String> {
    if name.is_empty() || name.contains('.') {
        return Err(format!(
            "'{name}' is no name of a layer or tensor: names have no dots and are not empty"
        ));
    }
    let full = path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".");
    if full.len() > MAX_NAME {
        return Err(format!("a full name has {} bytes, more than {MAX_NAME}", full.len()));
    }
    if !names.insert(name.to_owned()) {
        return Err(format!("'{full}' stands twice"));
    }
    Ok(full)
}

/// A tensor of a size that a file can express, and with a value for each element if it is given them one by one.
fn check(tensor: &TensorSpec, full: &str) -> Result<(), String> {
    let empty = tensor.shape.contains(&0);
    let bytes = tensor
        .shape
        .iter()
        .try_fold(tensor.dtype.size() as u64, |bytes, dim| bytes.checked_mul(*dim as u64));
    if bytes.is_none_or(|bytes| bytes > MAX_TENSOR_BYTES) && !empty {
        return Err(format!(
            "'{full}' of shape {:?} has more than {MAX_TENSOR_BYTES} bytes, the most a file can hold",
            tensor.shape
        ));
    }
    let elements = if empty { 0 } else { tensor.shape.iter().product::<usize>() };
    match &tensor.value {
        Some(Values::Each(numbers)) if numbers.len() != elements => Err(format!(
            "'{full}' of shape {:?} has {elements} elements, found {} values",
            tensor.shape,
            numbers.len()
        )),
        _ => Ok(()),
    }
}
