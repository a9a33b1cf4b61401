//! The command line: results on standard output, everything else on standard error.
//!
//! Exit codes: 0 done, 1 a check failed, 2 usage or bad input, 3 I/O or device. The program `weight-init` and the Python
//! package's script of that name both run it.

mod args;
mod bench;
mod checkpoints;
mod config;
mod explain;
mod failure;
mod init;
mod input;
mod inspect;
mod output;
mod plan;
mod progress;
mod shell;
mod suggestion;
mod verify;

use std::ffi::OsString;

use self::args::Command;

/// Runs the command as a program does whose arguments are `words`, its name first, and returns the exit code.
///
/// Handlers for the signals that end a process are set up, so that none leaves the temporary of a checkpoint behind.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match suggestion::parse(words.into_iter().collect()) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    // Without the handlers an interrupt may leave a temporary behind, nothing worse.
    let _ = crate::checkpoint::interrupt::remove_temporaries_on_signals();
    let done = match arguments.command {
        Command::Plan(command) => plan::run(&command),
        Command::Init(command) => init::run(&command),
        Command::Explain(command) => explain::run(&command),
        Command::Inspect(command) => inspect::run(&command),
        Command::Verify(command) => verify::run(&command),
        Command::Config(command) => config::run(&command),
        Command::Describe => output::print_as_is(include_str!("../describe.py")),
        Command::Bench(command) => bench::run(&command),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}
