//! The JSON tree of a model → [`Model`]; strict, and every fault with its place.

mod constructor;
mod fields;
mod flow;
mod names;
mod stored;
mod tensor;

use foldhash::HashMap;
use weight_init_core::InitWeights;
use weight_init_core::init_cfg::Types;

use self::constructor::{Contents, Described};
use self::fields::{Fields, Place};
use self::names::Names;
use self::stored::Files;
use super::builder::{self, Builder, Fault, joined};
use super::constructor::OwnWrite;
use super::{ChildNode, Model, Node, ParamNode, PlacedInitCfg, row};
use crate::diagnostic::{Diagnostic, Texts};
use crate::pool::Pool;
use crate::value::{Span, Value};

const LAYER_KEYS: &[&str] = &[
    "name",
    "class",
    "bases",
    "mro",
    "rewrites",
    "padding_idx",
    "init_weights",
    "runs_init_cfg",
    "init_cfg",
    "params",
    "buffers",
    "aliases",
    "flow",
    "children",
    "same_as",
];

/// The tree of values is given back layer by layer: of a million tensors it takes more memory than the model.
pub(super) fn read(value: Value, texts: &dyn Texts, types: Types<'_>) -> Result<Model, Diagnostic> {
    let (layer, base) = root(value);
    let mut reader = Reader {
        texts,
        types,
        model: Builder::with_layers(layers(&layer)),
        contents: Contents { types, files: Files::default(), texts: Pool::default() },
        shapes: Pool::default(),
        buffers: HashMap::default(),
    };
    let place = Place::root(base);
    Fields::read(texts, &layer, &place, "layer", LAYER_KEYS)?;
    reader.layer(layer, &place, &mut String::new())?;
    Ok(reader.model.finish())
}

/// The root layer, bare or under the key `model`, and its path.
fn root(mut value: Value) -> (Value, &'static str) {
    let is_bare = value.get("class").is_some();
    match value.get_mut("model").filter(|_| !is_bare) {
        Some(model) => (model.take(), "$.model"),
        None => (value, "$"),
    }
}

/// How many layers stand at and below a value, as far as it looks like one: a text that is none must not claim memory.
fn layers(value: &Value) -> usize {
    let is_layer = ["name", "class"].iter().all(|key| value.get(key).is_some());
    let children = value.get("children").and_then(Value::as_list).unwrap_or_default();
    usize::from(is_layer) + children.iter().map(layers).sum::<usize>()
}

struct Reader<'s> {
    texts: &'s dyn Texts,
    /// The initializers that an init_cfg may name.
    types: Types<'s>,
    model: Builder,
    contents: Contents<'s>,
    shapes: Pool<[usize]>,
    /// The buffers by full name: the name of the first that each is tied to, or its own.
    buffers: HashMap<String, String>,
}

impl Reader<'_> {
    /// Reads a layer, whose keys were checked, and everything below it; `path` leads to it.
    fn layer(
        &mut self,
        mut value: Value,
        place: &Place<'_>,
        path: &mut String,
    ) -> Result<usize, Diagnostic> {
        let [params, buffers, children] =
            ["params", "buffers", "children"].map(|key| value.take_list(key));
        let fields = &Fields::known(self.texts, &value, place);
        let init_weights = init_weights(fields)?;
        let runs_init_cfg = fields.optional_bool("runs_init_cfg")?.unwrap_or(true);
        if !runs_init_cfg && init_weights != InitWeights::Custom {
            let message = "an init_weights that runs no init_cfg is a 'custom' one";
            return Err(fields.fault("runs_init_cfg", message));
        }
        let node = Node {
            class: fields.shared("class")?,
            bases: fields.strings("bases")?.into(),
            ancestors: fields.strings("mro")?.into(),
            rewrites: fields.optional_bool("rewrites")?,
            padding_row: None,
            init_weights,
            runs_init_cfg,
            init_cfg: self.init_cfg(fields, init_weights, runs_init_cfg)?.map(Box::new),
            params: Vec::new(),
            buffers: Vec::new(),
            aliases: fields.string_map("aliases")?.into(),
            flow: None,
            children: Vec::new(),
        };
        let index = self.model.open(path, node);
        let mut names = Names::default();
        self.model.node_mut(index).params.reserve_exact(params.len());
        for (value, place) in fields.taken("params", params)? {
            let (param, described, own) = self.param(&value, &place)?;
            fields.unique(&mut names, value.span, &place, &param.name)?;
            self.check_length(path, &param.name, value.span, &place)?;
            for write in &own {
                self.check_own_write(write, value.span, &place)?;
            }
            if let Some(described) = described {
                self.describe(joined(path, &param.name), described);
            }
            if !own.is_empty() {
                self.model.set_own_writes(joined(path, &param.name), own);
            }
            self.model.node_mut(index).params.push(param);
        }
        self.model.node_mut(index).padding_row = padding_row(fields, self.model.node(index))?;
        for (value, place) in fields.taken("buffers", buffers)? {
            let buffer = tensor::buffer_fields(self.texts, &value, &place)?;
            let name = buffer.name()?;
            fields.unique(&mut names, value.span, &place, &name)?;
            self.check_length(path, &name, value.span, &place)?;
            let full = joined(path, &name);
            if let Some(target) = buffer.optional_string("same_as")? {
                self.tie_buffer(&buffer, full, target)?;
                continue;
            }
            let (buffer, described) = tensor::buffer(&buffer, &mut self.contents)?;
            self.buffers.insert(full.clone(), full.clone());
            if let Some(described) = described {
                self.describe(full, described);
            }
            self.model.node_mut(index).buffers.push(buffer);
        }
        self.model.node_mut(index).children.reserve_exact(children.len());
        for (value, place) in fields.taken("children", children)? {
            let span = value.span;
            let child = self.child(value, &place, path)?;
            fields.unique(&mut names, span, &place, &child.name)?;
            self.model.node_mut(index).children.push(child);
        }
        self.check_aliases(index, fields)?;
        self.model.node_mut(index).flow =
            flow::flow(fields, self.model.node(index))?.map(Into::into);
        self.model.close();
        Ok(index)
    }

    fn child(
        &mut self,
        value: Value,
        place: &Place<'_>,
        path: &mut String,
    ) -> Result<ChildNode, Diagnostic> {
        let fields = Fields::read(self.texts, &value, place, "layer", LAYER_KEYS)?;
        let name = fields.name()?;
        let Some(target) = fields.optional_string("same_as")? else {
            let above = path.len();
            self.check_length(path, &name, value.span, place)?;
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&name);
            let node = self.layer(value, place, path)?;
            path.truncate(above);
            return Ok(ChildNode { name, node, same_as: None });
        };
        fields.only("a tied layer", &["name", "same_as"])?;
        self.model.tied_layer(name, target).map_err(|fault| self.untied(&fields, &fault))
    }

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
        self.model.tie_buffer(name, first);
        Ok(())
    }

    fn param(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<(ParamNode, Option<Described>, Vec<OwnWrite>), Diagnostic> {
        let fields = tensor::param_fields(self.texts, value, place)?;
        let Some(target) = fields.optional_string("same_as")? else {
            return tensor::param(&fields, &mut self.contents, &mut self.shapes);
        };
        fields.only("a tied parameter", &["name", "same_as"])?;
        let tied = self.model.tied_param(fields.name()?, target);
        tied.map(|param| (param, None, Vec::new())).map_err(|fault| self.untied(&fields, &fault))
    }

    /// The error of a tie that leads nowhere.
    fn untied(&self, fields: &Fields<'_>, fault: &Fault) -> Diagnostic {
        let error = fields.fault("same_as", fault.to_string());
        match self.model.nearest(fault) {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None => error,
        }
    }

    /// A write of an `init_weights` must be one of a module above the parameter whose class has one of its own.
    fn check_own_write(
        &self,
        write: &OwnWrite,
        span: Span,
        place: &Place<'_>,
    ) -> Result<(), Diagnostic> {
        let node = self.model.open_at(&write.module);
        if node.is_some_and(|node| node.init_weights == InitWeights::Custom) {
            return Ok(());
        }
        let message = format!(
            "an own write is one of a module above whose init_weights is 'custom', which '{}' is not",
            write.module
        );
        Err(Diagnostic::new(self.texts, span, message).at(place.to_string()))
    }

    /// Keeps what the description says is in a tensor.
    fn describe(&mut self, name: String, described: Described) {
        match described {
            Described::Values(values) => self.model.set_values(name, values),
            Described::Constructor(constructor) => self.model.set_constructor(name, constructor),
        }
    }

    /// Refuses a part of the layer at `path` whose dotted name is too long.
    fn check_length(
        &self,
        path: &str,
        name: &str,
        span: Span,
        place: &Place<'_>,
    ) -> Result<(), Diagnostic> {
        builder::check_length(path, name).map_err(|fault| {
            Diagnostic::new(self.texts, span, fault.to_string()).at(place.to_string())
        })
    }

    fn init_cfg(
        &self,
        fields: &Fields<'_>,
        init_weights: InitWeights,
        runs_init_cfg: bool,
    ) -> Result<Option<PlacedInitCfg>, Diagnostic> {
        let Some(value) = fields.get("init_cfg") else { return Ok(None) };
        let place = fields.place_of("init_cfg");
        match init_weights {
            InitWeights::Custom => {
                let types = self.types;
                let read =
                    PlacedInitCfg::read_some(value, self.texts, &place, types, runs_init_cfg);
                Ok(Some(read))
            }
            _ => PlacedInitCfg::read_of_module(value, self.texts, &place, self.types).map(Some),
        }
    }

    /// Every alias must lead to a layer below.
    fn check_aliases(&self, index: usize, fields: &Fields<'_>) -> Result<(), Diagnostic> {
        let node = self.model.node(index);
        for (alias, target) in &node.aliases {
            let found = target.split('.').try_fold(node, |node, name| {
                let child = node.children.iter().find(|child| *child.name == *name)?;
                Some(self.model.node(child.node))
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
    let Some(weight) = node.params.iter().find(|param| *param.name == *"weight") else {
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
