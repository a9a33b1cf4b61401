use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use weight_init::diagnostic::escape_controls;
use weight_init::run::BackendError;

use crate::failure::Failure;

/// Prints to standard output; a reader that has gone away (`| head`) ends the program quietly.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    print_as_is(&escape_controls(&text.to_string()))
}

/// Prints what is for programs.
pub(crate) fn print_as_is(text: &str) -> Result<(), Failure> {
    finish(io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
}

/// Says something on standard error, on a line of its own.
pub(crate) fn say(text: impl std::fmt::Display) {
    eprintln!("{}", escape_controls(&text.to_string()));
}

/// Says why no device fills, where one could have.
pub(crate) fn say_fallback(error: &BackendError) {
    say(format_args!("note: the processor fills, with the same bits: {error}"));
}

/// Prints one JSON value and a line end.
pub(crate) fn print_json(value: &impl Serialize, pretty: bool) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = if pretty {
        serde_json::to_writer_pretty(&mut out, value)
    } else {
        serde_json::to_writer(&mut out, value)
    };
    finish(written.map_err(io::Error::from).and_then(|()| writeln!(out)).and_then(|()| out.flush()))
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
