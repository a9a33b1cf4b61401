//! The command `weight-init`, with the classes that everybody has.

use std::process::ExitCode;

use weight_init::model::Registry;

fn main() -> ExitCode {
    weight_init_cli::run(&Registry::standard())
}
