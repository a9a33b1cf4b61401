use std::ops::ControlFlow;

use weight_init_core::init_cfg::Rules;
use weight_init_core::{Buffer, Child, InitWeights, Layer, LayerVisitor, Param, Shape};

use super::{Model, Node};

/// A layer of a [`Model`].
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerRef<'m> {
    pub(super) model: &'m Model,
    pub(super) index: usize,
}

impl<'m> LayerRef<'m> {
    fn node(&self) -> Option<&'m Node> {
        self.model.nodes.get(self.index)
    }
}

impl Layer for LayerRef<'_> {
    fn class(&self) -> &str {
        self.node().map_or("", |node| &node.class)
    }

    fn base(&self, index: usize) -> Option<&str> {
        self.node()?.bases.get(index).map(String::as_str)
    }

    fn init_weights(&self) -> InitWeights {
        self.node().map_or(InitWeights::None, |node| node.init_weights)
    }

    fn init_cfg(&self) -> Option<&dyn Rules> {
        self.node()?.init_cfg.as_deref().map(|cfg| &cfg.init_cfg as &dyn Rules)
    }

    fn alias(&self, index: usize) -> Option<(&str, &str)> {
        self.node()?.aliases.get(index).map(|(alias, path)| (alias.as_str(), path.as_str()))
    }

    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        let Some(node) = self.node() else { return ControlFlow::Continue(()) };
        for param in &node.params {
            visitor.param(&Param {
                name: &param.name,
                shape: Shape::new(&param.shape).with_layout(param.layout),
                dtype: param.dtype,
                stream: param.stream.as_deref(),
                same_as: param.same_as.as_deref(),
            })?;
        }
        for buffer in &node.buffers {
            visitor.buffer(&Buffer {
                name: &buffer.name,
                shape: &buffer.shape,
                dtype: buffer.dtype,
            })?;
        }
        for child in &node.children {
            let layer = Self { model: self.model, index: child.node };
            visitor.child(&Child {
                name: &child.name,
                layer: &layer,
                same_as: child.same_as.as_deref(),
            })?;
        }
        ControlFlow::Continue(())
    }
}
