use std::fmt;

use weight_init::diagnostic::Diagnostic;
use weight_init::plan::{LowerError, PlanError};
use weight_init::run::{BackendError, RunError};

/// Why a model was not initialized: what, and where there is text, its place with a caret and the nearest valid name.
#[derive(Clone, Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

macro_rules! from {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })*
    };
}

from!(Diagnostic, PlanError, LowerError, BackendError, candle_core::Error);

/// In code that returns candle's own errors.
impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        Self::Msg(error.0)
    }
}

impl<E: fmt::Display> From<RunError<E>> for Error
where
    RunError<E>: fmt::Display,
{
    fn from(error: RunError<E>) -> Self {
        Self(error.to_string())
    }
}
