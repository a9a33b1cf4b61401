//! Long results, a screen at a time where somebody looks.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use weight_init::diagnostic::escape_controls;

use crate::failure::Failure;
use crate::output::print;

/// Prints to standard output; on a terminal through `$PAGER`, or `less`, if the text is longer than the screen.
///
/// `-` in place of the pager's name, an empty one and `cat` print at once, and so does a pager that does not start.
pub(crate) fn print_paged(text: impl Display, no_pager: bool) -> Result<(), Failure> {
    if no_pager || !std::io::stdout().is_terminal() {
        return print(text);
    }
    let text = escape_controls(&text.to_string());
    let rows = console::Term::stdout().size_checked().map_or(0, |(rows, _)| usize::from(rows));
    if text.lines().count() < rows {
        return print(&text);
    }
    match pager().and_then(|mut pager| pager.stdin(Stdio::piped()).spawn().ok()) {
        None => print(&text),
        Some(mut pager) => {
            if let Some(mut input) = pager.stdin.take() {
                // A reader that has seen enough ends the pager.
                let _ = input.write_all(text.as_bytes());
            }
            let _ = pager.wait();
            Ok(())
        }
    }
}

/// The pager that the user names, or `less` that prints as it is, ends below one screen and leaves the text.
fn pager() -> Option<Command> {
    let named = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    let mut words = named.split_whitespace();
    let name = words.next().filter(|name| !matches!(*name, "-" | "cat"))?;
    let mut command = Command::new(name);
    command.args(words);
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    Some(command)
}
