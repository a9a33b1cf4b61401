use std::fmt::Display;
use std::io::IsTerminal;

use weight_init::address::masked;
use weight_init::checkpoint::CheckpointError;
use weight_init::config::ConfigError;
use weight_init::create::CreateError;
use weight_init::diagnostic::Diagnostic;
use weight_init::fetch::FetchError;
use weight_init::run::BackendError;

use crate::say::{say, say_as_is};

/// Why the command ends without success: what to say and with which code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: Text,
}

#[derive(Debug)]
enum Text {
    Sentence(String),
    Diagnostic(Diagnostic),
    /// Everything was said.
    Nothing,
}

impl Text {
    /// A message may hold a path that the user gave where an address was meant.
    fn sentence(message: impl Display) -> Self {
        Self::Sentence(masked(&message.to_string()).into_owned())
    }
}

impl Failure {
    /// A check that failed; its result was printed.
    pub(crate) const fn check() -> Self {
        Self { code: 1, text: Text::Nothing }
    }

    /// Bad input.
    pub(crate) fn input(message: impl Display) -> Self {
        Self { code: 2, text: Text::sentence(message) }
    }

    /// I/O or a device.
    pub(crate) fn io(message: impl Display) -> Self {
        Self { code: 3, text: Text::sentence(message) }
    }

    /// Prints it to standard error and returns the exit code.
    pub(crate) fn report(self) -> u8 {
        match self.text {
            Text::Sentence(message) => say(format_args!("error: {message}")),
            Text::Diagnostic(diagnostic) => say_as_is(&diagnostic.render(colour())),
            Text::Nothing => {}
        }
        self.code
    }
}

/// Whether standard error shows colours: a terminal, and nobody said no (<https://no-color.org>).
fn colour() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { code: 2, text: Text::Diagnostic(diagnostic) }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Io(error) => Self::io(error),
            ConfigError::Format(message) => Self::input(message),
            ConfigError::Invalid(diagnostic) => diagnostic.into(),
        }
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        if error.is_io() { Self::io(error) } else { Self::input(error) }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        if error.is_io() { Self::io(error) } else { Self::input(error) }
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Lower(error) => Self::input(error),
            CreateError::Split(error) => Self::input(error),
            CreateError::Checkpoint(error) => error.into(),
            CreateError::Backend(error) => error.into(),
        }
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        Self::io(error)
    }
}
