//! A model → its description, as `Model::read` takes it.

use serde::ser::{Serialize, SerializeMap, Serializer};
use weight_init_core::{InitWeights, Layout};

use super::{BufferNode, ChildNode, Model, Node, ParamNode, Values};

impl Model {
    /// The model's description, for the `weight-init` command and other tools; [`read`](Self::read) gives the same model back.
    ///
    /// Models of which parts lie in files (stored values) or come from recordings have descriptions already; of these tensors
    /// only name, shape and type are written.
    ///
    /// ```
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::{LayerSpec, Model};
    ///
    /// let linear = LayerSpec::new("Linear", &["Module"]).param("weight", &[10, 64]).param("bias", &[10]);
    /// let model = Model::from_spec(LayerSpec::new("Net", &["Module"]).child("fc", linear))?;
    /// let text = serde_json::to_string(&model.description())?;
    /// assert_eq!(Model::read(&Source::new("net.json", text))?.layers(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn description(&self) -> impl Serialize + '_ {
        Layer { model: self, name: None, index: 0, path: String::new() }
    }
}

struct Layer<'m> {
    model: &'m Model,
    name: Option<&'m str>,
    index: usize,
    path: String,
}

impl Layer<'_> {
    fn full_name(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

impl Serialize for Layer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(name) = self.name {
            map.serialize_entry("name", name)?;
        }
        let Some(node) = self.model.nodes.get(self.index) else { return map.end() };
        map.serialize_entry("class", &*node.class)?;
        head(&mut map, node)?;
        let params: Vec<_> = node.params.iter().map(|param| Param { layer: self, param }).collect();
        map.serialize_entry("params", &params)?;
        if !node.buffers.is_empty() {
            let buffers = node.buffers.iter().map(|buffer| Buffer { layer: self, buffer });
            map.serialize_entry("buffers", &buffers.collect::<Vec<_>>())?;
        }
        if !node.children.is_empty() {
            let children = node.children.iter().map(|child| Child { layer: self, child });
            map.serialize_entry("children", &children.collect::<Vec<_>>())?;
        }
        map.end()
    }
}

/// What a layer is, without what it holds.
fn head<M: SerializeMap>(map: &mut M, node: &Node) -> Result<(), M::Error> {
    map.serialize_entry("bases", &node.bases)?;
    if !node.ancestors.is_empty() {
        map.serialize_entry("mro", &node.ancestors)?;
    }
    if let Some(rewrites) = node.rewrites {
        map.serialize_entry("rewrites", &rewrites)?;
    }
    if let Some(row) = node.padding_row {
        map.serialize_entry("padding_idx", &row)?;
    }
    match node.init_weights {
        InitWeights::None => {}
        InitWeights::Module => map.serialize_entry("init_weights", "module")?,
        InitWeights::Custom => map.serialize_entry("init_weights", "custom")?,
    }
    if !node.runs_init_cfg {
        map.serialize_entry("runs_init_cfg", &false)?;
    }
    if let Some(placed) = &node.init_cfg {
        map.serialize_entry("init_cfg", placed)?;
    }
    if !node.aliases.is_empty() {
        let aliases = node.aliases.iter().map(|(alias, path)| (alias, path));
        map.serialize_entry("aliases", &std::collections::BTreeMap::from_iter(aliases))?;
    }
    if let Some(flow) = &node.flow {
        map.serialize_entry("flow", flow)?;
    }
    Ok(())
}

struct Param<'m> {
    layer: &'m Layer<'m>,
    param: &'m ParamNode,
}

impl Serialize for Param<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { layer, param } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &*param.name)?;
        if let Some(first) = &param.same_as {
            map.serialize_entry("same_as", first)?;
            return map.end();
        }
        map.serialize_entry("shape", &*param.shape)?;
        map.serialize_entry("dtype", param.dtype.name())?;
        match param.layout {
            Layout::OutIn => {}
            Layout::InOut => map.serialize_entry("layout", "in_out")?,
            Layout::Conv { groups, transposed } => {
                if groups > 1 {
                    map.serialize_entry("groups", &groups)?;
                }
                if transposed {
                    map.serialize_entry("transposed", &true)?;
                }
            }
        }
        if let Some(stream) = &param.stream {
            map.serialize_entry("stream", stream)?;
        }
        value(&mut map, layer, &param.name)?;
        map.end()
    }
}

struct Buffer<'m> {
    layer: &'m Layer<'m>,
    buffer: &'m BufferNode,
}

impl Serialize for Buffer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { layer, buffer } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &buffer.name)?;
        let full = layer.full_name(&buffer.name);
        let ties = layer.model.buffer_ties();
        if let Some((_, first)) = ties.iter().find(|(tied, _)| *tied == full) {
            map.serialize_entry("same_as", first)?;
            return map.end();
        }
        map.serialize_entry("shape", &buffer.shape)?;
        map.serialize_entry("dtype", buffer.dtype.name())?;
        value(&mut map, layer, &buffer.name)?;
        map.end()
    }
}

/// The numbers that the model gives a tensor; infinite ones and NaN have no JSON and are left to the class.
fn value<M: SerializeMap>(map: &mut M, layer: &Layer<'_>, name: &str) -> Result<(), M::Error> {
    match layer.model.value(&layer.full_name(name)) {
        Some(Values::All(x)) if x.is_finite() => map.serialize_entry("value", x),
        Some(Values::Each(numbers)) if numbers.iter().all(|x| x.is_finite()) => {
            map.serialize_entry("value", numbers)
        }
        _ => Ok(()),
    }
}

struct Child<'m> {
    layer: &'m Layer<'m>,
    child: &'m ChildNode,
}

impl Serialize for Child<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { layer, child } = self;
        if let Some(first) = &child.same_as {
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry("name", &*child.name)?;
            map.serialize_entry("same_as", first)?;
            return map.end();
        }
        let path = layer.full_name(&child.name);
        Layer { model: layer.model, name: Some(&child.name), index: child.node, path }
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use weight_init_core::DType;

    use super::super::{ChildSpec, LayerSpec, TensorSpec};
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn a_description_gives_the_same_model_back() {
        let embedding =
            LayerSpec { padding_row: Some(2), ..LayerSpec::new("Embedding", &["Module"]) };
        let head = TensorSpec {
            same_as: Some("embed.weight".to_owned()),
            ..TensorSpec::new("weight", &[7, 4])
        };
        let scale = TensorSpec {
            stream: Some("old.scale".to_owned()),
            layout: Layout::InOut,
            dtype: DType::BF16,
            ..TensorSpec::new("scale", &[2, 3])
        };
        let steps = TensorSpec {
            value: Some(Values::Each(vec![1.5, -2.0])),
            ..TensorSpec::new("steps", &[2])
        };
        let mut net = LayerSpec::module("Net")
            .child("embed", embedding.param("weight", &[7, 4]))
            .child("head", LayerSpec { params: vec![head, scale], ..LayerSpec::new("Head", &[]) })
            .constant_param("gamma", &[3], 0.25)
            .buffer(steps);
        for (name, groups, transposed) in [("a", 2, false), ("b", 1, true), ("c", 4, true)] {
            let layout = Layout::conv(groups, transposed).unwrap();
            let kernel = TensorSpec { layout, ..TensorSpec::new("weight", &[8, 4, 3]) };
            let conv = LayerSpec { params: vec![kernel], ..LayerSpec::new("Conv1d", &["_ConvNd"]) };
            net = net.child(name, conv);
        }
        net.children.push(("tail".to_owned(), ChildSpec::SameAs("head".to_owned())));
        net.aliases.push(("body".to_owned(), "embed".to_owned()));
        let model = Model::from_spec(net).unwrap();
        let text = serde_json::to_string(&model.description()).unwrap();
        assert_eq!(Model::read(&Source::new("net.json", text)).unwrap(), model);
    }

    #[test]
    fn a_spec_that_is_no_model_is_refused() {
        let twice = LayerSpec::new("Net", &[]).param("w", &[1]).param("w", &[1]);
        let error = Model::from_spec(twice).unwrap_err().to_string();
        assert_eq!(error, "'w' stands twice");
    }
}
