use core::fmt;

use super::argument::choice;
use super::{Layout, Shape, shape::product};

/// Connections of one unit: how many inputs it sums up, how many outputs it feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fans {
    /// Input channels times the receptive field.
    pub fan_in: u64,
    /// Output channels times the receptive field.
    pub fan_out: u64,
}

impl Fans {
    /// The one that the mode chooses.
    #[must_use]
    pub const fn get(self, mode: FanMode) -> u64 {
        match mode {
            FanMode::FanIn => self.fan_in,
            FanMode::FanOut => self.fan_out,
        }
    }
}

/// Fans of a weight, exactly as PyTorch's `_calculate_fan_in_and_fan_out` computes them.
///
/// PyTorch's layout: dimension 1 (in) and dimension 0 (out), each times the product of the others.
/// This holds for groups and transposed convolutions as well, where it is PyTorch's convention
/// rather than a count of connections; [`FanCount`](super::FanCount) has others. [`Layout::InOut`]: the last but one dimension in, the last
/// out, those in front are the receptive field.
///
/// # Errors
///
/// [`FanError::TooFewDimensions`]; [`FanError::Overflow`] if a fan is beyond 2⁶⁴ − 1.
///
/// ```
/// use weight_init_core::initializer::{Fans, Shape, fans};
/// assert_eq!(fans(&Shape::new(&[64, 3, 7, 7])), Ok(Fans { fan_in: 147, fan_out: 3136 }));
/// ```
pub fn fans(shape: &Shape<'_>) -> Result<Fans, FanError> {
    let dims = shape.dims();
    let split = match shape.layout() {
        Layout::OutIn | Layout::Conv { .. } => match dims {
            [outputs, inputs, field @ ..] => Some((inputs, outputs, field)),
            _ => None,
        },
        Layout::InOut => match dims {
            [field @ .., inputs, outputs] => Some((inputs, outputs, field)),
            _ => None,
        },
    };
    let (inputs, outputs, field) = split.ok_or(FanError::TooFewDimensions { found: dims.len() })?;
    let fan = |channels: &usize| {
        if *channels == 0 {
            return Ok(0);
        }
        let field = if field.contains(&0) { Some(0) } else { product(field) };
        field.and_then(|field| field.checked_mul(*channels as u64)).ok_or(FanError::Overflow)
    };
    Ok(Fans { fan_in: fan(inputs)?, fan_out: fan(outputs)? })
}

/// Why a shape has no fans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanError {
    /// Fewer than two dimensions.
    TooFewDimensions {
        /// How many there are.
        found: usize,
    },
    /// A fan is beyond 2⁶⁴ − 1.
    Overflow,
}

impl fmt::Display for FanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewDimensions { found } => write!(
                f,
                "fan_in and fan_out need a shape of two or more dimensions, this one has {found}"
            ),
            Self::Overflow => f.write_str("fan_in or fan_out is beyond 64 bits"),
        }
    }
}

impl core::error::Error for FanError {}

choice! {
    /// Which fan scales the variance.
    ///
    /// ```
    /// use weight_init_core::initializer::FanMode;
    /// assert_eq!(FanMode::from_name("FAN_IN"), Some(FanMode::FanIn));
    /// ```
    pub enum FanMode: "a mode", any case {
        /// Keeps the variance of the activations in the forward pass.
        FanIn = "fan_in",
        /// Keeps the variance of the gradients in the backward pass.
        FanOut = "fan_out",
    }
}
