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
    /// The numbers make no distribution.
    Fill(FillError),
    /// What a [`Custom`](super::Custom) one says.
    #[cfg(feature = "registry")]
    Custom(&'static str),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fan(error) => error.fmt(f),
            Self::ZeroFans => {
                f.write_str("fan_in and fan_out are both zero, so the scale has no value")
            }
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
