//! Sentences on standard error.

use std::io::{self, Write};

use weight_init::diagnostic::escape_controls;

/// Says something on standard error, on a line of its own.
pub(crate) fn say(text: impl std::fmt::Display) {
    say_as_is(&(escape_controls(&text.to_string()) + "\n"));
}

/// The same of a text that is escaped. A standard error that takes nothing changes neither the result nor the exit code.
pub(crate) fn say_as_is(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
