use core::fmt;
use std::format;
use std::string::{String, ToString};

use weight_init_core::in_place::InitWeightsError;
use weight_init_core::resolve::{Problem, ResolveError};
use weight_init_core::{InitError, nearest};

/// Why a struct cannot be initialized. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructError {
    code: InitWeightsError,
    message: String,
}

impl StructError {
    /// The same error as [`in_place::init_weights`](weight_init_core::in_place::init_weights) tells it.
    #[must_use]
    pub const fn code(&self) -> InitWeightsError {
        self.code
    }

    pub(super) fn resolve(problem: &Problem<'_>) -> Self {
        let code = match problem {
            Problem::MissingAttribute { .. } => ResolveError::MissingAttribute,
            Problem::Shape { .. } => ResolveError::Shape,
            Problem::TooManyPaths => ResolveError::TooManyPaths,
        };
        Self { code: InitWeightsError::Resolve(code), message: problem.to_string() }
    }

    pub(super) fn unresolved(error: ResolveError) -> Self {
        Self { code: InitWeightsError::Resolve(error), message: error.to_string() }
    }

    pub(super) fn pretrained(param: &str, checkpoint: &str) -> Self {
        let message = format!(
            "{param}: it would be loaded from the checkpoint '{checkpoint}', which init_weights of a struct does not do; \
             load it afterwards, and take the Pretrained rule away"
        );
        Self { code: InitWeightsError::Pretrained, message }
    }

    pub(super) fn elements(param: &str, message: &str) -> Self {
        let message =
            if param.is_empty() { message.to_string() } else { format!("{param}: {message}") };
        Self { code: InitWeightsError::Elements, message }
    }

    pub(super) fn init(param: &str, error: InitError) -> Self {
        let code = match error {
            InitError::Fan(_) => InitWeightsError::Resolve(ResolveError::Shape),
            InitError::ZeroFans => InitWeightsError::ZeroFans,
            // Also what an initializer says that the program makes, where core has the feature `registry`.
            _ => InitWeightsError::Numbers,
        };
        Self { code, message: format!("{param}: {error}") }
    }
}

impl fmt::Display for StructError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for StructError {}

/// The question about the nearest name, if one is near.
pub(super) fn did_you_mean<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(name, names).map_or_else(String::new, |near| format!("; did you mean '{near}'?"))
}
