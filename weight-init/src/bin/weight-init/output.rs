use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use weight_init::diagnostic::{escape_controls, escape_json};
use weight_init::run::BackendError;

use crate::failure::Failure;

/// Prints to standard output; a reader that has gone away (`| head`) ends the program quietly.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    print_as_is(&escape_controls(&text.to_string()))
}

/// Prints JSON, with what a terminal would act on escaped as JSON escapes it.
pub(crate) fn print_json_text(text: &str) -> Result<(), Failure> {
    print_as_is(&escape_json(text))
}

/// Prints what is for programs.
pub(crate) fn print_as_is(text: &str) -> Result<(), Failure> {
    finish(io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
}

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

/// Prints one JSON value and a line end.
pub(crate) fn print_json(value: &impl Serialize, pretty: bool) -> Result<(), Failure> {
    let text =
        if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let text = text.map_err(|error| Failure::io(format!("cannot make the JSON: {error}")))?;
    print_json_text(&(text + "\n"))
}

/// Columns of the terminal on standard output; `None` if it is none.
pub(crate) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns))
}

fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written
            .map_err(|error| Failure::io(format!("cannot write to standard output: {error}"))),
    }
}
