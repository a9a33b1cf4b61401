use std::fmt;
use std::ops::ControlFlow;

use weight_init_core::initializer::fans;
use weight_init_core::{Buffer, Child, Layer, LayerVisitor, Param};

/// A layer and its name in the layer above it.
#[derive(Clone, Copy)]
pub struct LayerFacts<'a> {
    /// Empty at the root, or where it is not known: then answers that depend on it are `None`.
    pub name: &'a str,
    /// The layer.
    pub layer: &'a dyn Layer,
    /// Names of all its base classes, the nearest first; empty where only the direct ones are known.
    pub ancestors: &'a [String],
    /// Whether the class's own code writes values into itself or its layers; `None`: nobody says.
    pub rewrites: Option<bool>,
    /// The row of its weight that the constructor of an embedding clears.
    pub padding_row: Option<usize>,
}

impl<'a> LayerFacts<'a> {
    /// A layer of this name, of which nothing is known beside what it shows of itself.
    #[must_use]
    pub const fn new(name: &'a str, layer: &'a dyn Layer) -> Self {
        Self { name, layer, ancestors: &[], rewrites: None, padding_row: None }
    }

    /// The class and its base classes, the nearest first.
    pub(super) fn classes(&self) -> impl Iterator<Item = &'a str> {
        let ancestors = self.ancestors.iter().map(String::as_str);
        std::iter::once(self.layer.class()).chain(self.layer.bases()).chain(ancestors)
    }

    /// What `see` reads from the layer's own parameter of this name.
    pub(super) fn param<T>(&self, name: &str, see: impl FnOnce(&Param<'_>) -> T) -> Option<T> {
        let mut see = Some(see);
        let mut found = None;
        let mut seen = 0;
        let _ = self.layer.visit(&mut Parts {
            param: &mut |param| {
                if param.name == name {
                    found = see.take().map(|see| see(param));
                }
                seen += 1;
                flow(found.is_some() || seen == MOST)
            },
            buffer: &mut |_| ControlFlow::Continue(()),
            child: &mut |_| ControlFlow::Continue(()),
        });
        found
    }

    /// Whether the layer has a parameter of this name.
    pub(super) fn has_param(&self, name: &str) -> bool {
        self.param(name, |_| ()).is_some()
    }

    /// The fan_in of a parameter of two or more dimensions.
    pub(super) fn fan_in(&self, name: &str) -> Option<u64> {
        self.param(name, |param| fans(&param.shape).ok()).flatten().map(|fans| fans.fan_in)
    }

    /// A dimension of a parameter.
    pub(super) fn dim(&self, name: &str, index: usize) -> Option<usize> {
        self.param(name, |param| param.shape.dims().get(index).copied()).flatten()
    }

    /// The dimensions of a buffer.
    pub(super) fn buffer_dims(&self, name: &str) -> Option<Vec<usize>> {
        let mut found = None;
        let _ = self.layer.visit(&mut Parts {
            param: &mut |_| ControlFlow::Continue(()),
            buffer: &mut |buffer| {
                if buffer.name == name {
                    found = Some(buffer.shape.to_vec());
                }
                flow(found.is_some())
            },
            child: &mut |_| ControlFlow::Continue(()),
        });
        found
    }

    /// The first answer of `see` about a direct child.
    pub(super) fn find_child<T>(
        &self,
        mut see: impl FnMut(&LayerFacts<'_>) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        let mut seen = 0;
        let _ = self.layer.visit(&mut Parts {
            param: &mut |_| ControlFlow::Continue(()),
            buffer: &mut |_| ControlFlow::Continue(()),
            child: &mut |child| {
                found = see(&LayerFacts::new(child.name, child.layer));
                seen += 1;
                flow(found.is_some() || seen == MOST)
            },
        });
        found
    }
}

impl fmt::Debug for LayerFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerFacts")
            .field("name", &self.name)
            .field("class", &self.layer.class())
            .finish()
    }
}

/// Parts of one kind that are looked at: layers with constructors that the table knows have far fewer, and a
/// description may be hostile.
const MOST: usize = 1024;

fn flow(done: bool) -> ControlFlow<()> {
    if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A visitor that hands every part to a closure.
struct Parts<'f> {
    param: &'f mut dyn FnMut(&Param<'_>) -> ControlFlow<()>,
    buffer: &'f mut dyn FnMut(&Buffer<'_>) -> ControlFlow<()>,
    child: &'f mut dyn FnMut(&Child<'_>) -> ControlFlow<()>,
}

impl LayerVisitor for Parts<'_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        (self.param)(param)
    }

    fn buffer(&mut self, buffer: &Buffer<'_>) -> ControlFlow<()> {
        (self.buffer)(buffer)
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        (self.child)(child)
    }
}
