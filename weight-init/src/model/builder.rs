//! A model in the making, and what must hold for any, whoever makes it: names, ties and sizes.

use std::fmt;
use std::sync::Arc;

use foldhash::HashMap;
use weight_init_core::{DType, nearest};

use super::constructor::{Constructor, OwnWrite};
use super::{ChildNode, MAX_NAME, MAX_TENSOR_BYTES, Model, Node, ParamNode, Values};

/// What no model has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Name(String),
    /// Of so many bytes.
    LongName(usize),
    /// A tie to a layer that holds the tied one.
    Above(String),
    NoLayer(String),
    NoParam(String),
    Size(Vec<usize>),
    /// So many values for a tensor of this shape.
    Values(Vec<usize>, usize),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                write!(f, "'{name}' is no name: it must have a character and no dot")
            }
            Self::LongName(bytes) => {
                write!(f, "its full name has {bytes} bytes, more than {MAX_NAME}")
            }
            Self::Above(target) => {
                write!(f, "'{target}' is a layer above this one: no layer holds itself")
            }
            Self::NoLayer(target) => {
                write!(f, "no layer was met before at the path '{target}'")
            }
            Self::NoParam(target) => {
                write!(f, "no parameter was met before under the name '{target}'")
            }
            Self::Size(shape) => write!(
                f,
                "a tensor of shape {shape:?} has more than {MAX_TENSOR_BYTES} bytes, the most a file can hold"
            ),
            Self::Values(shape, found) => write!(
                f,
                "a tensor of shape {shape:?} has {} elements, found {found} values",
                elements(shape)
            ),
        }
    }
}

/// The layers of a model, from the root on; the parts of a layer are added while it is open.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    values: HashMap<String, Values>,
    constructors: HashMap<String, Arc<Constructor>>,
    own_writes: HashMap<String, Vec<OwnWrite>>,
    /// The layers by the path at which they were met first.
    layers: HashMap<String, usize>,
    /// Those that are open, the root first.
    open: Vec<usize>,
    /// The places of parameters in their layers, by name, of the layers that ties have led to.
    params: HashMap<usize, HashMap<Arc<str>, usize>>,
    buffer_ties: Vec<(String, String)>,
}

impl Builder {
    /// With room for so many layers.
    pub(super) fn with_layers(layers: usize) -> Self {
        let mut builder = Self::default();
        builder.nodes.reserve_exact(layers);
        builder.layers.reserve(layers);
        builder
    }

    /// Begins a layer below the open ones, and returns its number.
    pub(super) fn open(&mut self, path: &str, node: Node) -> usize {
        let index = self.nodes.len();
        self.layers.insert(path.to_owned(), index);
        self.open.push(index);
        self.nodes.push(node);
        index
    }

    /// Ends the layer that was opened last.
    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    pub(super) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub(super) fn node_mut(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }

    /// The open layer at this path.
    pub(super) fn open_at(&self, path: &str) -> Option<&Node> {
        let index = self.layers.get(path).filter(|index| self.open.contains(index))?;
        self.nodes.get(*index)
    }

    /// A child that is the layer at another path.
    pub(super) fn tied_layer(&self, name: Arc<str>, target: &str) -> Result<ChildNode, Fault> {
        match self.layers.get(target) {
            Some(node) if self.open.contains(node) => Err(Fault::Above(target.to_owned())),
            Some(node) => Ok(ChildNode { name, node: *node, same_as: Some(target.into()) }),
            None => Err(Fault::NoLayer(target.to_owned())),
        }
    }

    /// A parameter that is the one of another full name; a tie to a tie leads to the first of them.
    pub(super) fn tied_param(&mut self, name: Arc<str>, target: &str) -> Result<ParamNode, Fault> {
        match self.known_param(target) {
            Some(first) => {
                let same_as = first.same_as.clone().or_else(|| Some(target.into()));
                Ok(ParamNode { name, same_as, ..first.clone() })
            }
            None => Err(Fault::NoParam(target.to_owned())),
        }
    }

    /// A buffer that stands under another name already is no part of its layer: one name is in the file.
    pub(super) fn tie_buffer(&mut self, name: String, first: String) {
        self.buffer_ties.push((name, first));
    }

    pub(super) fn set_values(&mut self, full: String, values: Values) {
        self.values.insert(full, values);
    }

    pub(super) fn set_constructor(&mut self, full: String, constructor: Constructor) {
        self.constructors.insert(full, Arc::new(constructor));
    }

    pub(super) fn set_own_writes(&mut self, full: String, own: Vec<OwnWrite>) {
        self.own_writes.insert(full, own);
    }

    /// What was met that the fault's name is nearest to.
    pub(super) fn nearest(&self, fault: &Fault) -> Option<String> {
        match fault {
            Fault::NoLayer(target) => {
                nearest(target, self.layers.keys().map(String::as_str)).map(str::to_owned)
            }
            Fault::NoParam(target) => {
                let layers = self.layers.iter().filter_map(|(path, layer)| {
                    self.nodes.get(*layer).map(|node| (path, &node.params))
                });
                let known: Vec<_> = layers
                    .flat_map(|(path, params)| params.iter().map(|it| joined(path, &it.name)))
                    .collect();
                nearest(target, known.iter().map(String::as_str)).map(str::to_owned)
            }
            _ => None,
        }
    }

    pub(super) fn finish(self) -> Model {
        let Self { mut nodes, values, constructors, own_writes, layers, buffer_ties, .. } = self;
        nodes.shrink_to_fit();
        Model { nodes, values, constructors, own_writes, paths: layers, buffer_ties }
    }

    /// The parameter of this full name, if it was met.
    fn known_param(&mut self, full: &str) -> Option<&ParamNode> {
        let (path, name) = match full.rsplit_once('.') {
            None => ("", full),
            // The names of the root's own have no dot.
            Some(("", _)) => return None,
            Some(parts) => parts,
        };
        let layer = *self.layers.get(path)?;
        let params = &self.nodes.get(layer)?.params;
        let places = self.params.entry(layer).or_default();
        // A layer that is open may have got more since it was looked at.
        let known = places.len();
        places.extend(params.iter().map(|param| Arc::clone(&param.name)).zip(0..).skip(known));
        params.get(*places.get(name)?)
    }
}

/// A name that PyTorch would accept for an attribute: not empty, without dots.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.contains('.') { Err(Fault::Name(name.to_owned())) } else { Ok(()) }
}

/// Whether the dotted name of a part of the layer at `path` is not too long.
pub(super) fn check_length(path: &str, name: &str) -> Result<(), Fault> {
    match path.len() + usize::from(!path.is_empty()) + name.len() {
        bytes if bytes > MAX_NAME => Err(Fault::LongName(bytes)),
        _ => Ok(()),
    }
}

/// The dotted name of a part of the layer at `path`.
pub(super) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A size that a file can express.
pub(super) fn check_size(shape: &[usize], dtype: DType) -> Result<(), Fault> {
    let bytes =
        shape.iter().try_fold(dtype.size() as u64, |bytes, dim| bytes.checked_mul(*dim as u64));
    if bytes.is_none_or(|bytes| bytes > MAX_TENSOR_BYTES) && !shape.contains(&0) {
        return Err(Fault::Size(shape.to_vec()));
    }
    Ok(())
}

/// One value for each element of a tensor whose size was checked.
pub(super) fn check_values(shape: &[usize], found: usize) -> Result<(), Fault> {
    if found == elements(shape) { Ok(()) } else { Err(Fault::Values(shape.to_vec(), found)) }
}

fn elements(shape: &[usize]) -> usize {
    if shape.contains(&0) { 0 } else { shape.iter().product() }
}
