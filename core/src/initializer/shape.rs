/// Dimensions of a parameter and what they mean.
///
/// ```
/// use weight_init_core::initializer::{Layout, Shape};
/// let shape = Shape::new(&[3, 3, 16, 32]).with_layout(Layout::InOut);
/// assert_eq!(shape.num_elements(), Some(4608));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape<'a> {
    dims: &'a [usize],
    layout: Layout,
}

/// Where the input and output channels of a weight stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `[out, in, …]`, the receptive field behind: PyTorch.
    #[default]
    OutIn,
    /// `[…, in, out]`, the receptive field in front: Keras, burn's `Linear`.
    InOut,
    /// The kernel of a convolution with groups, or of a transposed one, as PyTorch holds it: `[out, in / groups, …]`, or
    /// `[in, out / groups, …]`. PyTorch's own fans are those of [`OutIn`](Self::OutIn);
    /// [`FanConvention::Connections`](super::FanConvention::Connections) counts by the groups and the direction.
    Conv {
        /// Groups; 0 as 1.
        groups: u16,
        /// Whether the first dimension counts inputs.
        transposed: bool,
    },
}

impl Layout {
    /// That of a convolution in PyTorch; `None` of no groups, or more than 65,535.
    #[must_use]
    pub const fn conv(groups: usize, transposed: bool) -> Option<Self> {
        match groups {
            1 if !transposed => Some(Self::OutIn),
            1..=0xffff => Some(Self::Conv { groups: groups as u16, transposed }),
            _ => None,
        }
    }
}

impl<'a> Shape<'a> {
    /// These dimensions in PyTorch's layout.
    #[must_use]
    pub const fn new(dims: &'a [usize]) -> Self {
        Self { dims, layout: Layout::OutIn }
    }

    /// The same dimensions in another layout.
    #[must_use]
    pub const fn with_layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// The dimensions, outermost first.
    #[must_use]
    pub const fn dims(&self) -> &'a [usize] {
        self.dims
    }

    /// The layout.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Product of the dimensions, 1 without any; `None` beyond 2⁶⁴ − 1.
    #[must_use]
    pub fn num_elements(&self) -> Option<u64> {
        if self.is_empty() {
            return Some(0);
        }
        product(self.dims)
    }

    /// Whether a dimension is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dims.contains(&0)
    }
}

/// Product of these numbers; `None` if it overflows.
pub(super) fn product(dims: &[usize]) -> Option<u64> {
    dims.iter().try_fold(1_u64, |product, &dim| product.checked_mul(dim as u64))
}
