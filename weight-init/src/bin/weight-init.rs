//! The command `weight-init`: see [`weight_init::command`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(weight_init::command::run(std::env::args_os()))
}
