//! The command line: results on standard output, everything else on standard error.
//!
//! Exit codes: 0 done, 1 a check failed, 2 usage or bad input, 3 I/O or device.

mod args;
mod bench;
mod checkpoints;
mod config;
mod explain;
mod failure;
mod init;
mod initializers;
mod input;
mod inspect;
mod output;
mod plan;
mod progress;
mod shell;
mod suggestion;
mod verify;

use std::process::ExitCode;

use self::args::Command;

fn main() -> ExitCode {
    let arguments = suggestion::parse();
    // Without the handlers an interrupt may leave a temporary behind, nothing worse.
    let _ = weight_init::checkpoint::interrupt::remove_temporaries_on_signals();
    let done = match arguments.command {
        Command::Plan(command) => plan::run(&command),
        Command::Init(command) => init::run(&command),
        Command::Explain(command) => explain::run(&command),
        Command::Inspect(command) => inspect::run(&command),
        Command::Verify(command) => verify::run(&command),
        Command::Config(command) => config::run(&command),
        Command::Initializers(command) => initializers::run(&command),
        Command::Describe => output::print_as_is(include_str!("../../../describe.py")),
        Command::Bench(command) => bench::run(&command),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
