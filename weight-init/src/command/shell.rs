use clap::CommandFactory;
use clap_complete::Shell;

use crate::command::args::Arguments;
use crate::command::failure::Failure;
use crate::command::output::print_as_is;

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "weight-init", &mut script);
    let script = String::from_utf8_lossy(&script);
    // The generator for bash spells a command with a hyphen in one way where it sets the state and in another where it
    // asks for it, so that nothing behind a subcommand would be completed.
    print_as_is(&script.replace("weight__subcmd__init", "weight__init"))
}

/// Prints the manual page.
pub(crate) fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command())
        .render(&mut page)
        .map_err(|error| Failure::io(format!("cannot make the page: {error}")))?;
    print_as_is(&String::from_utf8_lossy(&page))
}
