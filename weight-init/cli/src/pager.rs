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
    let rows = console::Term::stdout().size_checked().map(|(rows, _)| usize::from(rows));
    if !is_longer(&text, rows) {
        return print(&text);
    }
    let named = std::env::var("PAGER").ok();
    match pager(named.as_deref()).and_then(|mut pager| pager.stdin(Stdio::piped()).spawn().ok()) {
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

/// Whether a text is longer than a screen of so many rows, the last of which is the next prompt's; `None`: who knows.
fn is_longer(text: &str, rows: Option<usize>) -> bool {
    rows.is_none_or(|rows| text.lines().count() >= rows)
}

/// The pager that the user names, or `less` that prints as it is, ends below one screen and leaves the text.
fn pager(named: Option<&str>) -> Option<Command> {
    let mut words = named.unwrap_or("less").split_whitespace();
    let name = words.next().filter(|name| !matches!(*name, "-" | "cat"))?;
    let mut command = Command::new(name);
    command.args(words);
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    Some(command)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_screen_has_the_text_and_a_prompt() {
        let text = "line\n".repeat(9);
        assert!(!is_longer(&text, Some(10)));
        assert!(is_longer(&text, Some(9)));
        assert!(is_longer("", None) && !is_longer("", Some(1)));
    }

    #[test]
    fn the_pager_is_named_with_its_arguments() {
        for named in ["", " ", "-", "cat", "cat -n"] {
            assert!(pager(Some(named)).is_none(), "{named:?}");
        }
        assert_eq!(pager(None).unwrap().get_program(), "less");
        let pager = pager(Some(" most  -w +s ")).unwrap();
        assert_eq!(pager.get_program(), "most");
        assert_eq!(pager.get_args().collect::<Vec<_>>(), ["-w", "+s"]);
    }
}
