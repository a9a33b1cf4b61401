use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};
use weight_init_core::nearest;

use crate::command::args::Arguments;

/// What the words of a command line mean, or the exit code after a wrong one or a request for help has been answered: with
/// the nearest name that is right, whatever its case.
pub(crate) fn parse(words: Vec<OsString>) -> Result<Arguments, u8> {
    Arguments::try_parse_from(&words).map_err(|mut error| {
        suggest(&mut error, &Arguments::command(), &words);
        // An output that takes nothing does not change the code.
        let _ = error.print();
        u8::try_from(error.exit_code()).unwrap_or(2)
    })
}

/// Adds the nearest name to an error that comes without one: clap tells upper from lower case.
fn suggest(error: &mut clap::Error, command: &Command, words: &[OsString]) {
    let (wrong, suggested) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand)
        }
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        _ => return,
    };
    let (Some(ContextValue::String(name)), None) = (error.get(wrong), error.get(suggested)) else {
        return;
    };
    let near = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let near = nearest(name, command.get_subcommands().map(Command::get_name));
            near.map(|near| ContextValue::Strings(vec![near.to_owned()]))
        }
        _ => {
            let mut words = words.iter().skip(1);
            let used = words.find_map(|word| command.find_subcommand(word)).unwrap_or(command);
            let options = used.get_arguments().filter_map(clap::Arg::get_long);
            let near = nearest(name.trim_start_matches('-'), options);
            near.map(|near| ContextValue::String(format!("--{near}")))
        }
    };
    if let Some(near) = near {
        error.insert(suggested, near);
    }
}
