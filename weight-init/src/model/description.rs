//! The JSON tree of a model → [`Model`]; strict, and every fault with its place.

mod constructor;
mod fields;
mod stored;
mod tensor;

use std::collections::HashMap;
use std::sync::Arc;

use weight_init_core::InitWeights;

use self::constructor::{Described, Shared};
use self::fields::{Fields, Place};
use self::stored::Files;
use super::constructor::Constructor;
use super::{ChildNode, MAX_NAME, Model, Node, ParamNode, PlacedInitCfg, Values, row};
use crate::diagnostic::{Diagnostic, Texts};
use crate::value::Value;

const LAYER_KEYS: &[&str] = &[
    "name",
    "class",
    "bases",
    "mro",
    "rewrites",
    "padding_idx",
    "init_weights",
    "init_cfg",
    "params",
    "buffers",
    "aliases",
    "children",
    "same_as",
];

pub(super) fn read(value: &Value, texts: &dyn Texts) -> Result<Model, Diagnostic> {
    let (layer, base) = root(value);
    let mut reader = Reader {
        texts,
        nodes: Vec::new(),
        values: HashMap::new(),
        constructors: HashMap::new(),
        shared: Shared::default(),
        layers: HashMap::new(),
        params: HashMap::new(),
        buffers: HashMap::new(),
        buffer_ties: Vec::new(),
        files: Files::default(),
    };
    reader.layer(layer, &Place::root(base), &mut Vec::new())?;
    let Reader { nodes, values, constructors, layers, buffer_ties, .. } = reader;
    let paths = layers.into_iter().filter_map(|(path, node)| Some((path, node?))).collect();
    Ok(Model { nodes, values, constructors, paths, buffer_ties })
}

/// The root layer, bare or under the key `model`, and its path.
fn root(value: &Value) -> (&Value, &'static str) {
    match value.get("model") {
        Some(model) if value.get("class").is_none() => (model, "$.model"),
        _ => (value, "$"),
    }
}

struct Reader<'s> {
    texts: &'s dyn Texts,
    nodes: Vec<Node>,
    values: HashMap<String, Values>,
    constructors: HashMap<String, Arc<Constructor>>,
    shared: Shared,
    /// The layers by the path at which they were met first; `None` while they are being read.
    layers: HashMap<String, Option<usize>>,
    /// The parameters by full name: the layer and the place in it.
    params: HashMap<String, (usize, usize)>,
    /// The buffers by full name: the name of the first that each is tied to, or its own.
    buffers: HashMap<String, String>,
    buffer_ties: Vec<(String, String)>,
    files: Files,
}

impl Reader<'_> {
    /// Reads a layer and everything below it; `path` holds the names that lead to it.
    fn layer(
        &mut self,
        value: &Value,
        place: &Place<'_>,
        path: &mut Vec<String>,
    ) -> Result<usize, Diagnostic> {
        let fields = Fields::read(self.texts, value, place, "layer", LAYER_KEYS)?;
        let index = self.nodes.len();
        let init_weights = init_weights(&fields)?;
        self.layers.insert(path.join("."), None);
        self.nodes.push(Node {
            class: fields.string("class")?.to_owned(),
            bases: fields.strings("bases")?,
            ancestors: fields.strings("mro")?,
            rewrites: fields.optional_bool("rewrites")?,
            padding_row: None,
            init_weights,
            init_cfg: self.init_cfg(&fields, init_weights)?,
            params: Vec::new(),
            buffers: Vec::new(),
            aliases: fields.string_map("aliases")?,
            children: Vec::new(),
        });
        let mut names = HashMap::new();
        for (value, place) in fields.list("params")? {
            let (param, values) = self.param(value, &place)?;
            fields.unique(&mut names, value, &place, &param.name)?;
            let full = self.full_name(path, &param.name, value, &place)?;
            self.describe(&full, values);
            let params = &mut self.nodes[index].params;
            self.params.insert(full, (index, params.len()));
            params.push(param);
        }
        self.nodes[index].padding_row = padding_row(&fields, &self.nodes[index])?;
        for (value, place) in fields.list("buffers")? {
            let buffer = tensor::buffer_fields(self.texts, value, &place)?;
            let name = buffer.name()?;
            fields.unique(&mut names, value, &place, &name)?;
            let full = self.full_name(path, &name, value, &place)?;
            if let Some(target) = buffer.optional_string("same_as")? {
                self.tie_buffer(&buffer, full, target)?;
                continue;
            }
            let (buffer, values) = tensor::buffer(&buffer, &mut self.files, &mut self.shared)?;
            self.buffers.insert(full.clone(), full.clone());
            self.describe(&full, values);
            self.nodes[index].buffers.push(buffer);
        }
        for (value, place) in fields.list("children")? {
            let child = self.child(value, &place, path)?;
            fields.unique(&mut names, value, &place, &child.name)?;
            self.nodes[index].children.push(child);
        }
        self.check_aliases(index, &fields)?;
        self.layers.insert(path.join("."), Some(index));
        Ok(index)
    }

    fn child(
        &mut self,
        value: &Value,
        place: &Place<'_>,
        path: &mut Vec<String>,
    ) -> Result<ChildNode, Diagnostic> {
        let fields = Fields::read(self.texts, value, place, "layer", LAYER_KEYS)?;
        let name = fields.name()?;
        let Some(target) = fields.optional_string("same_as")? else {
            self.full_name(path, &name, value, place)?;
            path.push(name.clone());
            let node = self.layer(value, place, path)?;
            path.pop();
            return Ok(ChildNode { name, node, same_as: None });
        };
        fields.only("a tied layer", &["name", "same_as"])?;
        match self.layers.get(target) {
            Some(Some(node)) => {
                Ok(ChildNode { name, node: *node, same_as: Some(target.to_owned()) })
            }
            Some(None) => {
                let message =
                    format!("'{target}' is a layer above this one: no layer holds itself");
                Err(fields.fault("same_as", message))
            }
            None => {
                let message = format!("no layer was met before at the path '{target}'");
                Err(fields.fault_with_nearest("same_as", message, target, self.layers.keys()))
            }
        }
    }

    /// A buffer that stands under another name already is not a part of its layer: one name is in the file.
    fn tie_buffer(
        &mut self,
        fields: &Fields<'_>,
        name: String,
        target: &str,
    ) -> Result<(), Diagnostic> {
        fields.only("a tied buffer", &["name", "same_as"])?;
        let Some(first) = self.buffers.get(target).cloned() else {
            let message = format!("no buffer was met before under the name '{target}'");
            return Err(fields.fault_with_nearest("same_as", message, target, self.buffers.keys()));
        };
        self.buffers.insert(name.clone(), first.clone());
        self.buffer_ties.push((name, first));
        Ok(())
    }

    fn param(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<(ParamNode, Option<Described>), Diagnostic> {
        let fields = tensor::param_fields(self.texts, value, place)?;
        let Some(target) = fields.optional_string("same_as")? else {
            return tensor::param(&fields, &mut self.files, &mut self.shared);
        };
        fields.only("a tied parameter", &["name", "same_as"])?;
        let first = self.params.get(target);
        let first = first.and_then(|(layer, index)| self.nodes.get(*layer)?.params.get(*index));
        match first {
            Some(first) => {
                // A tie to a tie leads to the first of them.
                let same_as = first.same_as.clone().or_else(|| Some(target.to_owned()));
                Ok((ParamNode { name: fields.name()?, same_as, ..first.clone() }, None))
            }
            None => {
                let message = format!("no parameter was met before under the name '{target}'");
                Err(fields.fault_with_nearest("same_as", message, target, self.params.keys()))
            }
        }
    }

    /// Keeps what the description says is in a tensor.
    fn describe(&mut self, name: &str, described: Option<Described>) {
        match described {
            None => {}
            Some(Described::Values(values)) => drop(self.values.insert(name.to_owned(), values)),
            Some(Described::Constructor(constructor)) => {
                self.constructors.insert(name.to_owned(), Arc::new(constructor));
            }
        }
    }

    /// The dotted name of a part of the layer at `path`.
    fn full_name(
        &self,
        path: &[String],
        name: &str,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<String, Diagnostic> {
        let bytes = path.iter().map(|name| name.len() + 1).sum::<usize>() + name.len();
        if bytes > MAX_NAME {
            let message = format!("its full name has {bytes} bytes, more than {MAX_NAME}");
            return Err(Diagnostic::new(self.texts, value.span, message).at(place.to_string()));
        }
        let mut full = path.join(".");
        if !full.is_empty() {
            full.push('.');
        }
        Ok(full + name)
    }

    fn init_cfg(
        &self,
        fields: &Fields<'_>,
        init_weights: InitWeights,
    ) -> Result<Option<PlacedInitCfg>, Diagnostic> {
        let Some(value) = fields.get("init_cfg") else { return Ok(None) };
        let place = fields.place_of("init_cfg");
        match init_weights {
            InitWeights::Custom => {
                Ok(Some(PlacedInitCfg::read_leniently(value, self.texts, &place)))
            }
            _ => PlacedInitCfg::read(value, self.texts, &place).map(Some),
        }
    }

    /// Every alias must lead to a layer below.
    fn check_aliases(&self, index: usize, fields: &Fields<'_>) -> Result<(), Diagnostic> {
        let Some(node) = self.nodes.get(index) else { return Ok(()) };
        for (alias, target) in &node.aliases {
            let found = target.split('.').try_fold(node, |node, name| {
                let child = node.children.iter().find(|child| child.name == name)?;
                self.nodes.get(child.node)
            });
            if found.is_none() {
                let message = format!("the alias '{alias}' leads to '{target}', where no layer is");
                let children = node.children.iter().map(|child| &child.name);
                return Err(fields.fault_with_nearest("aliases", message, target, children));
            }
        }
        Ok(())
    }
}

/// The row that `padding_idx` names, of the layer's own weight. A layer without a weight may have the attribute for
/// those below it: then it says nothing.
fn padding_row(fields: &Fields<'_>, node: &Node) -> Result<Option<usize>, Diagnostic> {
    let Some(value) = fields.get("padding_idx") else { return Ok(None) };
    let Some(index) = value.as_int() else {
        return Err(fields.wrong("padding_idx", "the number of a row", value));
    };
    let Some(weight) = node.params.iter().find(|param| param.name == "weight") else {
        return Ok(None);
    };
    let rows = weight.shape.first().copied().unwrap_or_default();
    match row(index, rows) {
        Some(row) => Ok(Some(row)),
        None => {
            let message = format!("{index} is no row of the weight, which has {rows}");
            Err(fields.fault("padding_idx", message))
        }
    }
}

fn init_weights(fields: &Fields<'_>) -> Result<InitWeights, Diagnostic> {
    match fields.optional_string("init_weights")? {
        None => Ok(InitWeights::None),
        Some("module") => Ok(InitWeights::Module),
        Some("custom") => Ok(InitWeights::Custom),
        Some(other) => {
            let message =
                format!("'{other}' is no kind of init_weights; allowed are 'module', 'custom'");
            Err(fields.fault_with_nearest("init_weights", message, other, ["module", "custom"]))
        }
    }
}
