use core::ops::ControlFlow;

use crate::init_cfg::Rules;
use crate::layer::{Buffer, Child, Layer, LayerVisitor, Param};
use crate::random::Fnv1a;

/// A layer on the way from the root to where the walk is; it lives on the call stack.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) parent: Option<&'a Self>,
    pub(super) name: &'a str,
    pub(super) layer: &'a dyn Layer,
    /// Full path of the layer where it was shown first, if not here.
    pub(super) same_as: Option<&'a str>,
    /// Whether this layer or one above it was shown before at another path.
    pub(super) tied: bool,
    pub(super) state: State,
    /// The rules that this layer holds in this call, applied or not.
    pub(super) rules: Option<&'a dyn Rules>,
    /// Layers below the root have depth 1.
    pub(super) depth: usize,
    /// The number of layers entered before `init_weights` began here.
    pub(super) entered: u64,
    /// The number of layers entered before it ended.
    pub(super) left: u64,
    /// Stream id of the path at which the layer was shown first.
    pub(super) stream: Fnv1a,
}

/// Whether a layer's rules are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// They are applied during this visit.
    Runs,
    /// They were applied when the same layer was reached by another path.
    Ran,
    /// The layer is no module, or sits below a layer that calls no `init_weights`.
    NotReached,
}

/// A layer on the way from the root to where a walk is, with the search for the layer that an override names below it.
pub(crate) trait Link<'a>: Sized + 'a {
    /// The layer above.
    fn parent(&self) -> Option<&'a Self>;
    /// Name in the layer above.
    fn name(&self) -> &'a str;
    fn layer(&self) -> &'a dyn Layer;
    /// Layers below the root have depth 1.
    fn depth(&self) -> usize;

    /// The link of `leaf`'s chain at `depth`.
    fn at(leaf: &'a Self, depth: usize) -> Option<&'a Self> {
        let mut link = leaf;
        while link.depth() > depth {
            link = link.parent()?;
        }
        (link.depth() == depth).then_some(link)
    }

    /// Whether `leaf` stands at or below the layer that `name`, an attribute of this one, leads to.
    fn covers(&self, name: &str, leaf: &'a Self) -> bool {
        let target = self.target(name);
        let mut depth = self.depth();
        let mut all = |piece: &[u8]| {
            depth += 1;
            Self::at(leaf, depth).is_some_and(|link| link.name().as_bytes() == piece)
        };
        // A child's name is one piece even with a dot in it.
        if target == name {
            all(name.as_bytes())
        } else {
            target.as_bytes().split(|byte| *byte == b'.').all(all)
        }
    }

    /// The path of the layer that an attribute leads to.
    fn target<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        // Python finds a property of the class before a child of the same name.
        self.layer().aliases().find(|(alias, _)| *alias == name).map_or(name, |(_, path)| path)
    }
}

impl<'a> Link<'a> for Frame<'a> {
    fn parent(&self) -> Option<&'a Self> {
        self.parent
    }
    fn name(&self) -> &'a str {
        self.name
    }
    fn layer(&self) -> &'a dyn Layer {
        self.layer
    }
    fn depth(&self) -> usize {
        self.depth
    }
}

impl Frame<'_> {
    /// The depth of the layer that `name`, an attribute of this one, leads to.
    pub(super) fn depth_of(&self, name: &str) -> usize {
        let target = self.target(name);
        self.depth + if target == name { 1 } else { target.split('.').count() }
    }

    /// The stream id of a parameter of this layer.
    pub(super) fn stream_of(&self, param: &Param<'_>) -> u64 {
        stream_of(self.stream, param)
    }

    /// Whether one of the rules waits until the children have run.
    pub(super) fn has_deferred(&self) -> bool {
        self.rules.is_some_and(|rules| rules.writes().any(|write| write.is_deferred()))
    }
}

/// The stream id of a parameter of the layer with this path.
pub(crate) fn stream_of(path: Fnv1a, param: &Param<'_>) -> u64 {
    match param.stream.or(param.same_as) {
        Some(name) => Fnv1a::new().write(name.as_bytes()),
        None => extend(path, param.name),
    }
    .finish()
}

/// Finds an attribute of a layer.
pub(crate) fn attribute(layer: &dyn Layer, name: &str) -> Attribute {
    if layer.aliases().any(|(alias, _)| alias == name) {
        return Attribute::Layer;
    }
    let mut search = Search { name, found: Attribute::Missing };
    let _ = layer.visit(&mut search);
    search.found
}

/// Continues the stream id of a path by a name.
pub(crate) fn extend(path: Fnv1a, name: &str) -> Fnv1a {
    let path = if path == Fnv1a::new() { path } else { path.write(b".") };
    path.write(name.as_bytes())
}

/// The kind of an attribute of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Layer,
    Tensor,
    Missing,
}

struct Search<'n> {
    name: &'n str,
    found: Attribute,
}

impl Search<'_> {
    fn see(&mut self, name: &str, what: Attribute) -> ControlFlow<()> {
        if name == self.name {
            self.found = what;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl LayerVisitor for Search<'_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        self.see(param.name, Attribute::Tensor)
    }

    fn buffer(&mut self, buffer: &Buffer<'_>) -> ControlFlow<()> {
        self.see(buffer.name, Attribute::Tensor)
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        self.see(child.name, Attribute::Layer)
    }
}
