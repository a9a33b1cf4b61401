use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

use serde::Serialize;
use weight_init::diagnostic::{escape_controls, escape_json};

use crate::failure::Failure;

/// Prints to standard output; a reader that has gone away (`| head`) ends the program quietly.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    let mut out = escaping(escape_controls);
    let written = write!(out, "{text}");
    finish(written.and_then(|()| out.flush()))
}

/// Prints JSON, with what a terminal would act on escaped as JSON escapes it.
pub(crate) fn print_json_text(text: &str) -> Result<(), Failure> {
    print_as_is(&escape_json(text))
}

/// Prints what is for programs.
pub(crate) fn print_as_is(text: &str) -> Result<(), Failure> {
    finish(io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
}

/// Prints one JSON value and a line end, piece by piece: the text of a large value is never there as a whole.
pub(crate) fn print_json(value: &impl Serialize, pretty: bool) -> Result<(), Failure> {
    let mut out = escaping(escape_json);
    let written = match pretty {
        true => serde_json::to_writer_pretty(&mut out, value),
        false => serde_json::to_writer(&mut out, value),
    };
    match written {
        Err(error) if !error.is_io() => Err(Failure::io(format!("cannot make the JSON: {error}"))),
        written => finish(
            written
                .map_err(io::Error::from)
                .and_then(|()| out.write_all(b"\n"))
                .and_then(|()| out.flush()),
        ),
    }
}

/// Standard output, with what a terminal would act on escaped. Formatting and `serde_json` write pieces that are text each, and the buffer hands
/// on whole ones.
fn escaping(escape: fn(&str) -> String) -> BufWriter<Escaping<io::StdoutLock<'static>>> {
    BufWriter::with_capacity(1 << 16, Escaping { out: io::stdout().lock(), escape })
}

/// Writes text with what a terminal would act on escaped. Each piece is text as a whole.
struct Escaping<W> {
    out: W,
    escape: fn(&str) -> String,
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // Without an early end, so that sixteen bytes are looked at at once.
        if piece.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~' | b'\n')) {
            self.out.write_all(piece)?;
        } else {
            let text = str::from_utf8(piece)
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            self.out.write_all((self.escape)(text).as_bytes())?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        written => written
            .map_err(|error| Failure::io(format!("cannot write to standard output: {error}"))),
    }
}
