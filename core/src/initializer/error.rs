use core::fmt;

use super::FanError;
use crate::FillError;

/// Why an initializer gives no distribution for a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InitError {
    /// The shape has no fans.
    Fan(FanError),
    /// Both fans are zero: the scale would be infinite.
    ZeroFans,
    /// The shape has too few or too many dimensions.
    Dimensions {
        /// How many there are.
        found: usize,
        /// The fewest that will do.
        fewest: u8,
        /// The most that will do.
        most: u8,
    },
    /// The outputs do not fall into so many groups of the same size.
    Groups {
        /// The outputs, along the shape's dimension of outputs.
        outputs: usize,
    },
    /// The outputs do not fall into so many equal parts.
    Parts {
        /// The outputs.
        outputs: u64,
    },
    /// The last dimension does not fall into the four gates of an LSTM.
    Gates {
        /// Its length.
        length: u64,
    },
    /// A dimension is named that the shape does not have, or for the second time.
    Axis {
        /// The dimension, as it is named.
        axis: i8,
        /// The dimensions of the shape.
        dims: usize,
    },
    /// A kernel has more inputs than outputs.
    MoreInputs {
        /// The inputs.
        inputs: usize,
        /// The outputs.
        outputs: usize,
    },
    /// The initializer makes whole lines, and is asked for single elements or without scratch memory.
    ByLines,
    /// The numbers make no distribution.
    Fill(FillError),
    /// What a [`Custom`](super::Custom) one says.
    #[cfg(feature = "registry")]
    Custom(&'static str),
}

impl InitError {
    /// Checks the number of dimensions.
    pub(super) const fn dimensions(found: usize, fewest: u8, most: u8) -> Result<(), Self> {
        if found < fewest as usize || found > most as usize {
            return Err(Self::Dimensions { found, fewest, most });
        }
        Ok(())
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fan(error) => error.fmt(f),
            Self::ZeroFans => {
                f.write_str("fan_in and fan_out are both zero, so the scale has no value")
            }
            Self::Dimensions { found, fewest, most } if fewest == most => {
                write!(f, "it needs a shape of {fewest} dimensions, this one has {found}")
            }
            Self::MoreInputs { inputs, outputs } => write!(
                f,
                "it needs a kernel with no more inputs than outputs, this one has {inputs} and {outputs}"
            ),
            Self::ByLines => {
                f.write_str("it makes whole lines with scratch memory, not single elements")
            }
            Self::Dimensions { found, fewest, most: u8::MAX } => {
                write!(f, "it needs a shape of {fewest} or more dimensions, this one has {found}")
            }
            Self::Dimensions { found, fewest, most } => {
                write!(f, "it needs a shape of {fewest} to {most} dimensions, this one has {found}")
            }
            Self::Groups { outputs } => {
                write!(f, "'groups' must divide the number of outputs, which is {outputs}")
            }
            Self::Parts { outputs } => {
                write!(f, "'parts' must divide the number of outputs, which is {outputs}")
            }
            Self::Gates { length } => {
                write!(f, "the last dimension holds four gates, but {length} is no multiple of 4")
            }
            Self::Axis { axis, dims } => write!(
                f,
                "the axis {axis} is named twice, or is none of a shape of {dims} dimensions"
            ),
            Self::Fill(error) => error.fmt(f),
            #[cfg(feature = "registry")]
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl core::error::Error for InitError {}

impl From<FanError> for InitError {
    fn from(error: FanError) -> Self {
        Self::Fan(error)
    }
}

impl From<FillError> for InitError {
    fn from(error: FillError) -> Self {
        Self::Fill(error)
    }
}
