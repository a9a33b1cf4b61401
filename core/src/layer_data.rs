//! The elements of a layer's tensors, lent for as long as the layer itself is: to fill, compare, write out or load all of
//! them together.
//!
//! [`in_place`](crate::in_place) lends one parameter at a time, by a type that says which samplers are linked. Programs
//! with a heap collect the elements of all parameters here and hand them to a backend as one job.

use crate::layer::Layer;
use crate::{DType, Float, bf16, f16};

/// A layer that lends the elements of its tensors; `#[derive(Layer)]` implements it, too.
///
/// ```
/// # use core::ops::ControlFlow;
/// use weight_init_core::layer_data::{DataVisitor, DataVisitorMut, Element, LayerData, TensorMut, TensorRef};
/// # use weight_init_core::{DType, Layer, LayerVisitor, Param, Shape};
/// # impl Layer for Scale {
/// #     fn class(&self) -> &str {
/// #         "Scale"
/// #     }
/// #     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
/// #         visitor.param(&Param::new("weight", Shape::new(&[3]), DType::F32))
/// #     }
/// # }
///
/// struct Scale {
///     weight: [f32; 3],
/// }
/// impl LayerData for Scale {
///     fn data<'a>(&'a self, visitor: &mut dyn DataVisitor<'a>) {
///         visitor.param(f32::tensor(&self.weight));
///     }
///     fn data_mut<'a>(&'a mut self, visitor: &mut dyn DataVisitorMut<'a>) {
///         visitor.param(f32::tensor_mut(&mut self.weight));
///     }
/// }
///
/// struct Count(usize);
/// impl<'a> DataVisitor<'a> for Count {
///     fn param(&mut self, tensor: TensorRef<'a>) {
///         self.0 += tensor.len();
///     }
///     fn child(&mut self, layer: &'a dyn LayerData) {
///         layer.data(self);
///     }
/// }
/// let mut count = Count(0);
/// Scale { weight: [1.0; 3] }.data(&mut count);
/// assert_eq!(count.0, 3);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer whose tensors can be lent",
    note = "a field of numbers is marked `#[layer(param)]` or `#[layer(buffer)]`, one that is nothing of the model \
            `#[layer(skip)]`; a struct becomes a layer by `#[derive(Layer)]`"
)]
pub trait LayerData: Layer {
    /// Lends the layer's own parameters, then its buffers, then its children, in the order of [`Layer::visit`]. Tied
    /// tensors and layers are passed over: each element is lent once.
    fn data<'a>(&'a self, visitor: &mut dyn DataVisitor<'a>);

    /// The same, to be written.
    fn data_mut<'a>(&'a mut self, visitor: &mut dyn DataVisitorMut<'a>);
}

/// Sees the elements of one layer.
pub trait DataVisitor<'a> {
    /// A parameter of the layer itself.
    fn param(&mut self, tensor: TensorRef<'a>);

    /// A buffer of the layer itself.
    fn buffer(&mut self, _tensor: TensorRef<'a>) {}

    /// A direct child.
    fn child(&mut self, layer: &'a dyn LayerData);
}

/// Sees the elements of one layer, to write them.
pub trait DataVisitorMut<'a> {
    /// A parameter of the layer itself.
    fn param(&mut self, tensor: TensorMut<'a>);

    /// A buffer of the layer itself.
    fn buffer(&mut self, _tensor: TensorMut<'a>) {}

    /// A direct child.
    fn child(&mut self, layer: &'a mut dyn LayerData);
}

/// An element type that a struct's tensors can have: `f32`, `f64`, [`f16`](struct@f16), [`bf16`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element of a parameter",
    note = "elements are f32, f64, f16 or bf16"
)]
pub trait Element: Float {
    /// The elements of a tensor, with their type as a value.
    fn tensor(elements: &[Self]) -> TensorRef<'_>;

    /// The same, to be written.
    fn tensor_mut(elements: &mut [Self]) -> TensorMut<'_>;
}

macro_rules! tensors {
    ($($type:ident $variant:ident)*) => {
        /// All elements of a tensor, row-major.
        #[derive(Clone, Copy, Debug)]
        #[allow(missing_docs, reason = "each variant is an element type")]
        pub enum TensorRef<'a> {
            $($variant(&'a [$type]),)*
        }

        /// All elements of a tensor, row-major, to be written.
        #[derive(Debug)]
        #[allow(missing_docs, reason = "each variant is an element type")]
        pub enum TensorMut<'a> {
            $($variant(&'a mut [$type]),)*
        }

        impl TensorRef<'_> {
            /// Number of elements.
            #[must_use]
            pub const fn len(&self) -> usize {
                match self {
                    $(Self::$variant(elements) => elements.len(),)*
                }
            }
        }

        impl TensorMut<'_> {
            /// The same elements, to be read.
            #[must_use]
            pub const fn as_ref(&self) -> TensorRef<'_> {
                match self {
                    $(Self::$variant(elements) => TensorRef::$variant(elements),)*
                }
            }
        }

        $(impl Element for $type {
            fn tensor(elements: &[Self]) -> TensorRef<'_> {
                TensorRef::$variant(elements)
            }

            fn tensor_mut(elements: &mut [Self]) -> TensorMut<'_> {
                TensorMut::$variant(elements)
            }
        })*
    };
}
tensors! { f16 F16 bf16 BF16 f32 F32 f64 F64 }

impl TensorRef<'_> {
    /// Whether there are no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Element type.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        match self {
            Self::F16(_) => DType::F16,
            Self::BF16(_) => DType::BF16,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
        }
    }
}

#[cfg(feature = "alloc")]
impl<L: LayerData + ?Sized> LayerData for alloc::boxed::Box<L> {
    fn data<'a>(&'a self, visitor: &mut dyn DataVisitor<'a>) {
        (**self).data(visitor);
    }

    fn data_mut<'a>(&'a mut self, visitor: &mut dyn DataVisitorMut<'a>) {
        (**self).data_mut(visitor);
    }
}
