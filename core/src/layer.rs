//! The resolver's view of a model: layers, their classes, parameters and children.

use core::ops::ControlFlow;

use crate::DType;
use crate::init_cfg::Rules;
use crate::initializer::Shape;

/// Whether a layer's `init_weights` is called by the module above it, and whose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitWeights {
    /// The layer has no `init_weights`: a plain layer.
    #[default]
    None,
    /// The layer is a module (mmengine's `BaseModule`): its `init_cfg` is applied, then its children's.
    Module,
    /// As `Module`, but the class has its own `init_weights`, which may do more than its `init_cfg` says.
    Custom,
}

/// A node of a model.
///
/// ```
/// use core::ops::ControlFlow;
/// use weight_init_core::{DType, Layer, LayerVisitor, Param, Shape};
///
/// struct Linear {
///     weight_shape: [usize; 2],
/// }
///
/// impl Layer for Linear {
///     fn class(&self) -> &str {
///         "Linear"
///     }
///     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
///         visitor.param(&Param::new("weight", Shape::new(&self.weight_shape), DType::F32))?;
///         visitor.param(&Param::new("bias", Shape::new(&self.weight_shape[..1]), DType::F32))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer",
    note = "a field of numbers is marked `#[layer(param)]` or `#[layer(buffer)]`, one that is nothing of the model \
            `#[layer(skip)]`; a struct becomes a layer by `#[derive(Layer)]`"
)]
pub trait Layer {
    /// Name of the class, without its package: `Conv2d`.
    fn class(&self) -> &str;

    /// Name of direct base class number `index`; `None` past the last.
    fn base(&self, _index: usize) -> Option<&str> {
        None
    }

    /// Whether the layer has `init_weights`.
    fn init_weights(&self) -> InitWeights {
        InitWeights::None
    }

    /// The layer's own rules. Only those of layers with `init_weights` are ever applied.
    fn init_cfg(&self) -> Option<&dyn Rules> {
        None
    }

    /// Alias number `index`: an attribute that is another name of a layer below this one, and that layer's
    /// path relative to this one. `None` past the last.
    fn alias(&self, _index: usize) -> Option<(&str, &str)> {
        None
    }

    /// Shows the layer's own parameters, then its buffers, then its children, in the framework's order.
    ///
    /// Pass on what the visitor answers with `?`: it breaks off when it has seen enough.
    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()>;
}

#[cfg(feature = "alloc")]
impl<L: Layer + ?Sized> Layer for alloc::boxed::Box<L> {
    fn class(&self) -> &str {
        (**self).class()
    }

    fn base(&self, index: usize) -> Option<&str> {
        (**self).base(index)
    }

    fn init_weights(&self) -> InitWeights {
        (**self).init_weights()
    }

    fn init_cfg(&self) -> Option<&dyn Rules> {
        (**self).init_cfg()
    }

    fn alias(&self, index: usize) -> Option<(&str, &str)> {
        (**self).alias(index)
    }

    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        (**self).visit(visitor)
    }
}

/// Sees the parts of one layer.
///
/// The visitor, not the layer, decides whether to go on into a child, so that a model of any depth is walked
/// without heap.
pub trait LayerVisitor {
    /// A parameter of the layer itself.
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()>;

    /// A buffer of the layer itself: state that no initializer touches (running statistics).
    fn buffer(&mut self, _buffer: &Buffer<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A direct child.
    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()>;
}

/// A parameter as its layer shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param<'a> {
    /// Name within the layer: `weight`.
    pub name: &'a str,
    /// Dimensions and their meaning.
    pub shape: Shape<'a>,
    /// Element type.
    pub dtype: DType,
    /// The name that seeds the values instead of the full dotted name, so that a renamed layer keeps them.
    pub stream: Option<&'a str>,
    /// Full name under which the very same parameter was shown first, if this is not the first time.
    pub same_as: Option<&'a str>,
}

impl<'a> Param<'a> {
    /// A parameter of its own.
    #[must_use]
    pub const fn new(name: &'a str, shape: Shape<'a>, dtype: DType) -> Self {
        Self { name, shape, dtype, stream: None, same_as: None }
    }
}

/// A buffer as its layer shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer<'a> {
    /// Name within the layer: `running_mean`.
    pub name: &'a str,
    /// Dimensions.
    pub shape: &'a [usize],
    /// Element type.
    pub dtype: DType,
}

/// A direct child as its parent shows it.
#[derive(Clone, Copy)]
pub struct Child<'a> {
    /// Name within the parent.
    pub name: &'a str,
    /// The child.
    pub layer: &'a dyn Layer,
    /// Full path at which the very same layer was shown first, if this is not the first time.
    pub same_as: Option<&'a str>,
}

impl<'a> Child<'a> {
    /// A child of its own.
    #[must_use]
    pub const fn new(name: &'a str, layer: &'a dyn Layer) -> Self {
        Self { name, layer, same_as: None }
    }
}

impl core::fmt::Debug for Child<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Child")
            .field("name", &self.name)
            .field("class", &self.layer.class())
            .finish()
    }
}

impl dyn Layer + '_ {
    /// The names of the direct base classes.
    pub fn bases(&self) -> impl Iterator<Item = &str> {
        (0..).map_while(|index| self.base(index))
    }

    /// The aliases and the paths they lead to.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..).map_while(|index| self.alias(index))
    }

    /// Whether a rule that names `class` means this layer: its class or one of its direct bases.
    ///
    /// mmengine looks no further up than the direct bases: `Module` does not mean every layer.
    #[must_use]
    pub fn is(&self, class: &str) -> bool {
        self.class() == class || self.bases().any(|base| base == class)
    }
}
