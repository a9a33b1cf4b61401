use core::ops::ControlFlow;

use crate::init_cfg::{Init, Rules};
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
    /// When `init_weights` began here: layers entered before.
    pub(super) entered: u64,
    /// When it ended: layers entered before it ended.
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

impl<'a> Frame<'a> {
    /// The frame of `leaf`'s chain at `depth`.
    pub(super) fn at(leaf: &'a Self, depth: usize) -> Option<&'a Self> {
        let mut frame = leaf;
        while frame.depth > depth {
            frame = frame.parent?;
        }
        (frame.depth == depth).then_some(frame)
    }

    /// Whether `leaf` stands at or below the layer that `name`, an attribute of this one, leads to.
    pub(super) fn covers(&self, name: &str, leaf: &'a Self) -> bool {
        let target = self.target(name);
        let mut depth = self.depth;
        let mut all = |piece: &str| {
            depth += 1;
            Frame::at(leaf, depth).is_some_and(|frame| frame.name == piece)
        };
        if target == name { all(name) } else { target.split('.').all(all) }
    }

    /// How deep the layer stands that `name`, an attribute of this one, leads to.
    pub(super) fn depth_of(&self, name: &str) -> usize {
        let target = self.target(name);
        self.depth + if target == name { 1 } else { target.split('.').count() }
    }

    /// What an attribute leads to: the path of its layer.
    fn target<'n>(&'n self, name: &'n str) -> &'n str {
        // A property of the class is found before a child of the same name.
        self.layer.aliases().find(|(alias, _)| *alias == name).map_or(name, |(_, path)| path)
    }

    /// The stream id of a parameter of this layer.
    pub(super) fn stream_of(&self, param: &Param<'_>) -> u64 {
        if let Some(name) = param.stream.or(param.same_as) {
            return Fnv1a::new().write(name.as_bytes()).finish();
        }
        extend(self.stream, param.name).finish()
    }

    /// What an attribute of this layer is.
    pub(super) fn attribute(&self, name: &str) -> Attribute {
        if self.layer.aliases().any(|(alias, _)| alias == name) {
            return Attribute::Layer;
        }
        let mut search = Search { name, found: Attribute::Missing };
        let _ = self.layer.visit(&mut search);
        search.found
    }

    /// Whether one of the rules waits until the children have run.
    pub(super) fn has_deferred(&self) -> bool {
        self.rules.is_some_and(|rules| {
            rules.writes().any(|write| matches!(write.init, Init::Pretrained(_)))
        })
    }
}

/// Continues the stream id of a path by a name.
pub(super) fn extend(path: Fnv1a, name: &str) -> Fnv1a {
    let path = if path == Fnv1a::new() { path } else { path.write(b".") };
    path.write(name.as_bytes())
}

/// What a name leads to in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
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
