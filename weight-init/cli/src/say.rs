//! Sentences on standard error.

use std::io::{self, Write};

use weight_init::diagnostic::escape_controls;
use weight_init::run::BackendError;

/// Says something on standard error, on a line of its own.
pub(crate) fn say(text: impl std::fmt::Display) {
    say_as_is(&(escape_controls(&text.to_string()) + "\n"));
}

/// The same of a text that is escaped. A standard error that takes nothing changes neither the result nor the exit code.
pub(crate) fn say_as_is(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Says why no device fills, where one could have.
pub(crate) fn say_fallback(error: &BackendError) {
    say(format_args!("note: the processor fills, with the same bits: {error}"));
}
