//! The layers of a model as a tree of their own, tied ones at each of their places.

use std::ops::ControlFlow;

use weight_init_core::{Child, Layer, LayerVisitor, Layout, Param};

const MAX_LAYERS: usize = 200_000;
const MAX_DEPTH: usize = 256;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) path: String,
    /// The path at which it was met first, if that is another.
    pub(super) first: String,
    pub(super) name: String,
    pub(super) class: String,
    pub(super) bases: Vec<String>,
    pub(super) params: Vec<ParamOf>,
    pub(super) children: Vec<Self>,
}

#[derive(Debug)]
pub(super) struct ParamOf {
    pub(super) name: String,
    /// Full name of the first of tied ones.
    pub(super) full: String,
    pub(super) shape: Vec<usize>,
    pub(super) layout: Layout,
}

impl Node {
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn param(&self, name: &str) -> Option<&ParamOf> {
        self.params.iter().find(|param| param.name == name)
    }

    pub(super) fn is(&self, class: &str) -> bool {
        self.class == class || self.bases.iter().any(|base| base == class)
    }

    /// Elements of its parameters and of those below.
    pub(super) fn elements(&self) -> u64 {
        let own = self.params.iter().map(|param| crate::model::elements(&param.shape));
        own.chain(self.children.iter().map(Self::elements)).fold(0, u64::saturating_add)
    }
}

pub(super) fn read(root: &dyn Layer) -> Result<Node, String> {
    let mut layers = 0;
    layer(root, "", String::new(), String::new(), 0, &mut layers)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn layer(
    of: &dyn Layer,
    name: &str,
    path: String,
    first: String,
    depth: usize,
    layers: &mut usize,
) -> Result<Node, String> {
    *layers += 1;
    if *layers > MAX_LAYERS || depth > MAX_DEPTH {
        return Err(format!(
            "the model has more than {MAX_LAYERS} layers, or more than {MAX_DEPTH} in each other"
        ));
    }
    let node = Node {
        name: name.to_owned(),
        class: of.class().to_owned(),
        bases: of.bases().map(str::to_owned).collect(),
        params: Vec::new(),
        children: Vec::new(),
        path,
        first,
    };
    let mut reader = Reader { node, depth, layers, error: None };
    let _ = of.visit(&mut reader);
    match reader.error {
        Some(error) => Err(error),
        None => Ok(reader.node),
    }
}

struct Reader<'r> {
    node: Node,
    depth: usize,
    layers: &'r mut usize,
    error: Option<String>,
}

impl LayerVisitor for Reader<'_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        let full = param.same_as.map_or_else(|| join(&self.node.first, param.name), str::to_owned);
        self.node.params.push(ParamOf {
            name: param.name.to_owned(),
            full,
            shape: param.shape.dims().to_vec(),
            layout: param.shape.layout(),
        });
        ControlFlow::Continue(())
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        let path = join(&self.node.path, child.name);
        let first = child.same_as.map_or_else(|| join(&self.node.first, child.name), str::to_owned);
        match layer(child.layer, child.name, path, first, self.depth + 1, self.layers) {
            Ok(node) => {
                self.node.children.push(node);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
