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
mod input;
mod inspect;
mod output;
mod plan;
mod progress;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use self::args::{Arguments, Command};
use self::failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Without the handlers an interrupt may leave a temporary behind, nothing worse.
    let _ = weight_init::checkpoint::interrupt::remove_temporaries_on_signals();
    let done = match arguments.command {
        Command::Plan(command) => plan::run(&command),
        Command::Init(command) => init::run(&command),
        Command::Explain(command) => explain::run(&command),
        Command::Inspect(command) => inspect::run(&command),
        Command::Verify(command) => verify::run(&command),
        Command::Config(command) => config::run(&command),
        Command::Describe => output::print_as_is(include_str!("../../../describe.py")),
        Command::Bench(command) => bench::run(&command),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "weight-init",
                &mut std::io::stdout(),
            );
            Ok(())
        }
        Command::Man => clap_mangen::Man::new(Arguments::command())
            .render(&mut std::io::stdout())
            .map_err(|error| Failure::io(format!("cannot write the page: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
