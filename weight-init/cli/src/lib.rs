//! The command line: results on standard output, everything else on standard error.
//!
//! The command `weight-init` is [`run`] with [`Registry::standard`]. A command of your own, whose configs may name your own
//! classes, and by [`register_initializer`](Registry::register_initializer) your own initializers, is the same with a registry
//! that knows them:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use weight_init::model::{LayerSpec, Registry};
//!
//! fn main() -> ExitCode {
//!     let mut registry = Registry::standard();
//!     registry.register("LayerScale", |arguments| {
//!         let dim = arguments.size("dim")?;
//!         let value = arguments.number_or("init_values", 1e-5)?;
//!         Ok(LayerSpec::new("LayerScale", &["Module"]).constant_param("gamma", &[dim], value))
//!     });
//!     weight_init_cli::run(&registry)
//! }
//! ```
//!
//! Exit codes: 0 done, 1 a check failed, 2 usage or bad input, 3 I/O or device.

#![forbid(unsafe_code)]

mod args;
mod bench;
mod checkpoints;
mod config;
mod diff;
mod explain;
mod failure;
mod init;
mod initializers;
mod input;
mod inspect;
mod notes;
mod output;
mod pager;
mod plan;
mod progress;
mod ranks;
mod report;
mod say;
mod shell;
mod signal;
mod split;
mod suggestion;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use weight_init::model::Registry;

use self::args::Command;
use self::notes::Notes;

/// Runs the command with the arguments of this process.
///
/// From here on SIGHUP, SIGINT, SIGQUIT and SIGTERM remove the temporaries of files that are being written before they end
/// the process.
#[must_use]
pub fn run(registry: &Registry) -> ExitCode {
    ExitCode::from(run_with(registry, std::env::args_os()))
}

/// Runs the command with these arguments, the name of the command first, and returns the exit code: for programs that bring
/// the command along, such as an interpreter.
///
/// Otherwise as [`run`]; a standard output whose reader has gone away (`| head`) ends the process.
#[must_use]
pub fn run_with(registry: &Registry, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<_> = arguments.into_iter().collect();
    let arguments = match suggestion::parse(&words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    // Without the handlers an interrupt may leave a temporary behind, nothing worse.
    let _ = weight_init::checkpoint::interrupt::remove_temporaries_on_signals();
    let notes = Notes::new(arguments.quiet);
    let done = match arguments.command {
        Command::Plan(command) => plan::run(&command, registry, notes),
        Command::Init(command) => init::run(&command, registry, notes),
        Command::Explain(command) => explain::run(&command, registry, notes),
        Command::Report(command) => report::run(&command, registry, notes),
        Command::Signal(command) => signal::run(&command, registry, notes),
        Command::Inspect(command) => inspect::run(&command, notes),
        Command::Diff(command) => diff::run(&command, registry, notes),
        Command::Verify(command) => verify::run(&command, registry, notes),
        Command::Config(command) => config::run(&command, notes),
        Command::Initializers(command) => initializers::run(&command, registry),
        Command::Describe => output::print_as_is(weight_init::model::DESCRIBE_PY),
        Command::Bench(command) => bench::run(&command),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}
