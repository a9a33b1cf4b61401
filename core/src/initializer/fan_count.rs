//! Fans by other conventions than PyTorch's, of a part of the outputs, and of dimensions that are named.

use super::argument::choice;
use super::shape::product;
use super::{Axes, FanError, Fans, InitError, Layout, Shape, fans};

choice! {
    /// How the fans of a weight are counted.
    pub enum FanConvention: "a convention" {
        /// As PyTorch does: by the shape alone, with groups and transposed convolutions as if they were neither.
        Torch = "torch",
        /// As Keras does: the length of a vector is both of its fans, a scalar has fans of 1, and a depthwise kernel counts all
        /// channels as inputs.
        Keras = "keras",
        /// The inputs that a unit sums up, and the outputs that an input feeds: within its group, and of a transposed
        /// convolution in its own direction. A stride is not counted, as if it were 1.
        Connections = "connections",
    }
}

/// How an initializer counts the fans of a weight.
///
/// ```
/// use weight_init_core::initializer::{FanConvention, FanCount, Fans, Layout, Shape};
/// // A convolution from 32 to 64 channels in 4 groups.
/// let layout = Layout::conv(4, false).expect("so many groups fit");
/// let kernel = Shape::new(&[64, 8, 3, 3]).with_layout(layout);
/// let count = |convention| FanCount { convention, ..FanCount::TORCH }.fans(&kernel);
/// assert_eq!(count(FanConvention::Torch), Ok(Fans { fan_in: 72, fan_out: 576 }));
/// // A unit sees 8 channels, and a channel is seen by 16 units.
/// assert_eq!(count(FanConvention::Connections), Ok(Fans { fan_in: 72, fan_out: 144 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanCount {
    /// The convention.
    pub convention: FanConvention,
    /// Equal parts of the outputs whose fans are counted apart: 3 of the fused weight of queries, keys and values.
    pub parts: u64,
    /// Dimensions of the inputs; none: that of the layout.
    pub in_axis: Axes,
    /// Dimensions of the outputs; none: that of the layout.
    pub out_axis: Axes,
    /// Dimensions that count for neither, such as that of stacked layers or experts.
    pub batch_axis: Axes,
}

impl FanCount {
    /// As PyTorch counts: what [`fans`] gives.
    pub const TORCH: Self = Self {
        convention: FanConvention::Torch,
        parts: 1,
        in_axis: Axes::NONE,
        out_axis: Axes::NONE,
        batch_axis: Axes::NONE,
    };

    /// The fans of a weight.
    ///
    /// # Errors
    ///
    /// [`InitError::Fan`]; [`InitError::Parts`]; [`InitError::Groups`] if the groups of the layout do not divide the
    /// channels; [`InitError::Axis`] for a dimension that the shape does not have, or that is named twice.
    pub fn fans(&self, shape: &Shape<'_>) -> Result<Fans, InitError> {
        if *self == Self::TORCH {
            return Ok(fans(shape)?);
        }
        let sides = match (self.convention, shape.dims()) {
            (FanConvention::Keras, []) => return Ok(Fans { fan_in: 1, fan_out: 1 }),
            (FanConvention::Keras, [n]) => {
                Sides { inputs: *n as u64, outputs: *n as u64, field: 1 }
            }
            _ => self.sides(shape)?,
        };
        let (groups, transposed) = match shape.layout() {
            Layout::Conv { groups, transposed } => (u64::from(groups).max(1), transposed),
            Layout::OutIn | Layout::InOut => (1, false),
        };
        let is_depthwise = groups > 1 && sides.inputs == 1 && !transposed;
        let [inputs, outputs] = match self.convention {
            FanConvention::Torch => [sides.inputs, self.part(sides.outputs)?],
            // Its kernel is `[…, in, multiplier]`.
            FanConvention::Keras if is_depthwise => {
                [groups, self.part(share(sides.outputs, groups)?)?]
            }
            FanConvention::Keras => [sides.inputs, self.part(sides.outputs)?],
            FanConvention::Connections if transposed => {
                [share(sides.outputs, groups)?, self.part(sides.inputs)?]
            }
            FanConvention::Connections => [sides.inputs, self.part(share(sides.outputs, groups)?)?],
        };
        let fan = |channels: u64| match channels {
            0 => Ok(0),
            _ => channels.checked_mul(sides.field).ok_or(FanError::Overflow),
        };
        Ok(Fans { fan_in: fan(inputs)?, fan_out: fan(outputs)? })
    }

    /// The outputs of one part.
    const fn part(&self, outputs: u64) -> Result<u64, InitError> {
        match self.parts {
            0 => Err(InitError::Parts { outputs }),
            parts if !outputs.is_multiple_of(parts) => Err(InitError::Parts { outputs }),
            parts => Ok(outputs / parts),
        }
    }

    /// Inputs, outputs and receptive field as the weight holds them.
    fn sides(&self, shape: &Shape<'_>) -> Result<Sides, InitError> {
        let dims = shape.dims();
        let mut taken = Taken { dims: dims.len(), set: 0 };
        let Self { in_axis, out_axis, batch_axis, .. } = *self;
        for axis in in_axis.iter().chain(out_axis.iter()).chain(batch_axis.iter()) {
            taken.take(axis)?;
        }
        let mut side = |axes: Axes| {
            if axes.is_none() {
                return taken
                    .next(shape.layout())
                    .and_then(|place| dims.get(place))
                    .map_or(Err(FanError::TooFewDimensions { found: dims.len() }), |dim| {
                        Ok(*dim as u64)
                    });
            }
            let of = |axis| dims.get(place(axis, dims.len())?).copied();
            axes.iter().try_fold(1_u64, |size, axis| {
                size.checked_mul(of(axis).unwrap_or(1) as u64).ok_or(FanError::Overflow)
            })
        };
        let outputs = side(out_axis)?;
        let inputs = side(in_axis)?;
        let rest =
            || (0..dims.len()).filter(|place| !taken.holds(*place)).filter_map(|p| dims.get(p));
        let field = if rest().any(|dim| *dim == 0) {
            0
        } else {
            rest()
                .try_fold(1, |field: u64, dim| field.checked_mul(product(&[*dim])?))
                .ok_or(FanError::Overflow)?
        };
        Ok(Sides { inputs, outputs, field })
    }
}

/// What a weight holds.
struct Sides {
    inputs: u64,
    outputs: u64,
    field: u64,
}

/// Channels of one group.
const fn share(channels: u64, groups: u64) -> Result<u64, InitError> {
    if channels.is_multiple_of(groups) {
        Ok(channels / groups)
    } else {
        Err(InitError::Groups { outputs: channels as usize })
    }
}

/// Dimensions that have a part already.
struct Taken {
    dims: usize,
    set: u128,
}

impl Taken {
    fn holds(&self, place: usize) -> bool {
        self.set >> place.min(127) & 1 == 1
    }

    fn take(&mut self, axis: i8) -> Result<(), InitError> {
        match place(axis, self.dims) {
            Some(place) if !self.holds(place) => {
                self.set |= 1 << place.min(127);
                Ok(())
            }
            _ => Err(InitError::Axis { axis, dims: self.dims }),
        }
    }

    /// The dimension that the layout puts first among those without a part: outputs, then inputs.
    fn next(&mut self, layout: Layout) -> Option<usize> {
        let mut free = (0..self.dims).filter(|place| !self.holds(*place));
        let place = if layout == Layout::InOut { free.next_back() } else { free.next() }?;
        self.set |= 1 << place.min(127);
        Some(place)
    }
}

/// The place of a dimension, negative ones counted from the last; `None` beyond the shape.
fn place(axis: i8, dims: usize) -> Option<usize> {
    let from_end = usize::from(axis.unsigned_abs());
    let place = if axis < 0 { dims.checked_sub(from_end)? } else { from_end };
    (place < dims).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(convention: FanConvention, parts: u64, axes: [&[i64]; 3]) -> FanCount {
        let [in_axis, out_axis, batch_axis] = axes.map(|axes| Axes::of(axes).unwrap());
        FanCount { convention, parts, in_axis, out_axis, batch_axis }
    }

    fn of(count: FanCount, dims: &[usize], layout: Layout) -> [u64; 2] {
        let fans = count.fans(&Shape::new(dims).with_layout(layout)).unwrap();
        [fans.fan_in, fans.fan_out]
    }

    const NO_AXES: [&[i64]; 3] = [&[], &[], &[]];

    /// The inputs of each output and the outputs of each input, counted one by one.
    #[test]
    fn connections_are_those_of_the_units() {
        let connections = count(FanConvention::Connections, 1, NO_AXES);
        for (inputs, outputs, groups) in [(6, 4, 1), (6, 4, 2), (8, 8, 8), (4, 12, 4), (9, 3, 3)] {
            for transposed in [false, true] {
                // Of the middle unit and the middle input; a kernel of three places in one dimension.
                let group = |channel: usize, channels: usize| channel / (channels / groups);
                let fan_in =
                    (0..inputs).filter(|i| group(*i, inputs) == group(0, outputs)).count() * 3;
                let fan_out =
                    (0..outputs).filter(|o| group(*o, outputs) == group(0, inputs)).count() * 3;
                let dims = if transposed {
                    [inputs, outputs / groups, 3]
                } else {
                    [outputs, inputs / groups, 3]
                };
                let layout = Layout::conv(groups, transposed).unwrap();
                assert_eq!(of(connections, &dims, layout), [fan_in as u64, fan_out as u64]);
            }
        }
    }

    #[test]
    fn a_part_has_its_own_outputs() {
        for (convention, layout) in [
            (FanConvention::Torch, Layout::OutIn),
            (FanConvention::Keras, Layout::OutIn),
            (FanConvention::Connections, Layout::OutIn),
        ] {
            assert_eq!(of(count(convention, 3, NO_AXES), &[48, 16], layout), [16, 16]);
        }
        assert_eq!(of(count(FanConvention::Torch, 3, NO_AXES), &[16, 48], Layout::InOut), [16, 16]);
        let refused = count(FanConvention::Torch, 5, NO_AXES).fans(&Shape::new(&[48, 16]));
        assert_eq!(refused, Err(InitError::Parts { outputs: 48 }));
    }

    #[test]
    fn axes_that_are_not_named_are_those_of_the_layout() {
        let torch = |axes| count(FanConvention::Torch, 1, axes);
        // Eight experts, a matrix each.
        assert_eq!(of(torch([&[], &[], &[0]]), &[8, 5, 3], Layout::OutIn), [3, 5]);
        assert_eq!(of(torch([&[], &[], &[0]]), &[8, 3, 5], Layout::InOut), [3, 5]);
        // Heads and their size are inputs; what is left is the field.
        assert_eq!(of(torch([&[0, 1], &[-1], &[]]), &[4, 6, 10], Layout::InOut), [24, 10]);
        assert_eq!(of(torch([&[1], &[2], &[]]), &[7, 4, 6], Layout::OutIn), [28, 42]);
        for axes in [[&[3][..], &[], &[]], [&[-4], &[], &[]], [&[0], &[-3], &[]]] {
            let refused = torch(axes).fans(&Shape::new(&[2, 3, 4]));
            assert!(matches!(refused, Err(InitError::Axis { dims: 3, .. })), "{refused:?}");
        }
        let all = torch([&[0], &[], &[1]]).fans(&Shape::new(&[2, 3]));
        assert_eq!(all, Err(InitError::Fan(FanError::TooFewDimensions { found: 2 })));
    }

    #[test]
    fn groups_that_do_not_divide_are_refused() {
        let layout = Layout::conv(3, false).unwrap();
        let refused = count(FanConvention::Connections, 1, NO_AXES)
            .fans(&Shape::new(&[4, 2, 3]).with_layout(layout));
        assert_eq!(refused, Err(InitError::Groups { outputs: 4 }));
        assert_eq!(Layout::conv(0, true), None);
        assert_eq!(Layout::conv(1, false), Some(Layout::OutIn));
    }
}
