//! Random models with shared layers and parameters, aliases, plain layers and rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weight_init_tests::tape::Tape;

use crate::rules::{self, Names, Rule};

/// A model; a layer that several paths lead to is held once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Net {
    /// The root stands first.
    pub(crate) layers: Vec<Layer>,
    pub(crate) tensors: Vec<Tensor>,
    /// The rules of a bare `initialize`, and how they are spelled.
    pub(crate) initialize: Option<(Vec<Rule>, Value)>,
    /// Whether one layer's weight may be another one's bias.
    weights_are_biases: bool,
    /// Layers that are complete, so that others may be the same.
    closed: Vec<usize>,
    rules: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    /// The path at which it is met first.
    pub(crate) path: String,
    pub(crate) class: &'static str,
    pub(crate) bases: Vec<&'static str>,
    /// `module`, `custom` or nothing.
    pub(crate) init_weights: Option<&'static str>,
    pub(crate) rules: Vec<Rule>,
    init_cfg: Value,
    /// Names and tensors.
    pub(crate) params: Vec<(&'static str, usize)>,
    buffers: Vec<&'static str>,
    /// Names and relative paths.
    pub(crate) aliases: Vec<(&'static str, Vec<String>)>,
    /// Names and layers.
    pub(crate) children: Vec<(&'static str, usize)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// The name under which it is met first.
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
}

const CLASSES: [&str; 6] = ["Block", "Conv2d", "Linear", "BatchNorm2d", "Sequential", "Head"];
const BASES: [&str; 5] = ["BaseModule", "Block", "Linear", "_ConvNd", "_BatchNorm"];
const CHILDREN: [&str; 7] = ["a", "b", "conv", "norm", "0", "1", "aa"];
const PARAMS: [&str; 4] = ["weight", "bias", "scale", "in_proj_weight"];
const MAX_LAYERS: usize = 24;
const MAX_DEPTH: usize = 5;

impl Net {
    pub(crate) fn random(tape: &mut Tape) -> Self {
        Self::build(tape, Self::default())
    }

    /// One in which a tensor may be a weight here and a bias there.
    pub(crate) fn with_weights_that_are_biases(tape: &mut Tape) -> Self {
        Self::build(tape, Self { weights_are_biases: true, ..Self::default() })
    }

    fn build(tape: &mut Tape, mut net: Self) -> Self {
        net.layer(tape, String::new(), 0);
        if tape.once_in(4) {
            let names = net.names(0);
            net.initialize = Some(rules::random(tape, &mut net.rules, &names));
        }
        net
    }

    fn layer(&mut self, tape: &mut Tape, path: String, depth: usize) -> usize {
        let index = self.layers.len();
        // The first choices of a tape that is used up: a module without parameters or children.
        let kinds = [Some("module"), Some("module"), Some("custom"), None, None];
        let likely = if depth == 0 { 4 } else { kinds.len() };
        self.layers.push(Layer {
            path,
            class: tape.pick(&CLASSES),
            bases: (0..tape.below(3)).map(|_| tape.pick(&BASES)).collect(),
            init_weights: kinds[tape.below(likely)],
            ..Layer::default()
        });
        for name in PARAMS {
            if tape.once_in(2) {
                let tensor = self.tensor(tape, index, name);
                self.layers[index].params.push((name, tensor));
            }
        }
        if tape.once_in(6) {
            self.layers[index].buffers.push("running_mean");
        }
        let mut names = CHILDREN.to_vec();
        for _ in 0..tape.below(4) {
            if depth == MAX_DEPTH || self.layers.len() >= MAX_LAYERS {
                break;
            }
            let name = names.remove(tape.below(names.len()));
            let child = match tape.once_in(5) && !self.closed.is_empty() {
                true => tape.pick(&self.closed),
                false => {
                    let path = join(&self.layers[index].path, name);
                    self.layer(tape, path, depth + 1)
                }
            };
            self.layers[index].children.push((name, child));
        }
        self.aliases(tape, index);
        let layer = &self.layers[index];
        if layer.init_weights.is_some() || tape.once_in(6) {
            let names = self.names(index);
            let (rules, init_cfg) = rules::random(tape, &mut self.rules, &names);
            (self.layers[index].rules, self.layers[index].init_cfg) = (rules, init_cfg);
        }
        self.closed.push(index);
        index
    }

    /// A new tensor, or one that was met before.
    fn tensor(&mut self, tape: &mut Tape, layer: usize, name: &str) -> usize {
        let like = |tensor: &Tensor| tensor.name.ends_with("bias") == (name == "bias");
        let tensors = self.tensors.iter().enumerate();
        let tensors = tensors.filter(|(_, tensor)| self.weights_are_biases || like(tensor));
        let known: Vec<_> = tensors.map(|(index, _)| index).collect();
        if tape.once_in(10) && !known.is_empty() {
            return tape.pick(&known);
        }
        let shape = match tape.below(16) {
            15 => vec![3],
            choice if name == "bias" || choice > 11 => vec![2, 1, 2],
            _ => vec![3, 2],
        };
        self.tensors.push(Tensor { name: join(&self.layers[layer].path, name), shape });
        self.tensors.len() - 1
    }

    /// Adds a layer with parameters and no rules of its own somewhere in the model.
    pub(crate) fn add_layer(&mut self, tape: &mut Tape, name: &'static str) {
        let parent = tape.below(self.layers.len());
        let path = join(&self.layers[parent].path, name);
        let mut layer = Layer {
            class: tape.pick(&CLASSES),
            bases: vec![tape.pick(&BASES)],
            init_weights: tape.pick(&[None, Some("module")]),
            ..Layer::default()
        };
        for name in ["weight", "bias"] {
            layer.params.push((name, self.tensors.len()));
            self.tensors.push(Tensor { name: join(&path, name), shape: vec![2, 3] });
        }
        let place = tape.below(self.layers[parent].children.len() + 1);
        let child = self.layers.len();
        self.layers[parent].children.insert(place, (name, child));
        self.layers.push(Layer { path, ..layer });
    }

    /// Other names of layers below, one of which hides a child of the same name.
    fn aliases(&mut self, tape: &mut Tape, index: usize) {
        for alias in ["norm3", "body", "a"] {
            if !tape.once_in(6) {
                continue;
            }
            let (mut layer, mut path) = (index, Vec::new());
            while let Some((name, child)) = self.layers[layer].children.first().cloned()
                && (path.is_empty() || tape.once_in(2))
            {
                let children = &self.layers[layer].children;
                let (name, child) =
                    if tape.once_in(2) { children[children.len() - 1] } else { (name, child) };
                path.push(name.to_owned());
                layer = child;
            }
            if !path.is_empty() {
                self.layers[index].aliases.push((alias, path));
            }
        }
    }

    /// Whether a layer or parameter is reached by several paths.
    pub(crate) fn has_ties(&self) -> bool {
        let children: usize = self.layers.iter().map(|layer| layer.children.len()).sum();
        let params: usize = self.layers.iter().map(|layer| layer.params.len()).sum();
        children + 1 != self.layers.len() || params != self.tensors.len()
    }

    fn names(&self, index: usize) -> Names {
        let layer = &self.layers[index];
        let children = layer.children.iter().map(|(name, _)| name);
        let aliases = layer.aliases.iter().map(|(name, _)| name);
        let params = layer.params.iter().map(|(name, _)| name);
        Names {
            classes: CLASSES.into_iter().chain(BASES).collect(),
            layers: children.chain(aliases).map(|&name| name.to_owned()).collect(),
            tensors: params.chain(&layer.buffers).map(|&name| name.to_owned()).collect(),
            path: layer.path.clone(),
        }
    }

    /// The description, as a file has it.
    pub(crate) fn to_json(&self) -> Value {
        let mut met = BTreeSet::new();
        self.layer_to_json(0, "", &mut met)
    }

    fn layer_to_json(&self, index: usize, name: &str, met: &mut BTreeSet<String>) -> Value {
        let layer = &self.layers[index];
        let params: Vec<_> = (layer.params.iter())
            .map(|&(name, tensor)| {
                let Tensor { name: first, shape } = &self.tensors[tensor];
                match met.insert(first.clone()) {
                    true => json!({"name": name, "shape": shape, "dtype": "float32"}),
                    false => json!({"name": name, "same_as": first}),
                }
            })
            .collect();
        let buffers: Vec<_> =
            layer.buffers.iter().map(|name| json!({"name": name, "shape": [2]})).collect();
        let children: Vec<_> = (layer.children.iter())
            .map(|&(name, child)| {
                let path = &self.layers[child].path;
                match *path == join(&layer.path, name) {
                    true => self.layer_to_json(child, name, met),
                    false => json!({"name": name, "same_as": path}),
                }
            })
            .collect();
        let aliases = layer.aliases.iter().map(|(alias, path)| (*alias, path.join(".")));
        let aliases: serde_json::Map<_, _> =
            aliases.map(|(alias, path)| (alias.to_owned(), json!(path))).collect();
        let mut json = json!({
            "name": name, "class": layer.class, "bases": layer.bases, "params": params,
            "buffers": buffers, "aliases": aliases, "children": children,
        });
        if let Some(kind) = layer.init_weights {
            json["init_weights"] = json!(kind);
        }
        if !layer.init_cfg.is_null() {
            json["init_cfg"] = layer.init_cfg.clone();
        }
        json
    }
}

pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
