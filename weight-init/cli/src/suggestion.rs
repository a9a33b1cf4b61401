use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _, Parser as _};
use weight_init_core::nearest;

use crate::args::Arguments;

/// The arguments of the command, or the exit code after help was printed or a wrong word was answered with the nearest name
/// that is right, whatever its case.
pub(crate) fn parse(words: &[OsString]) -> Result<Arguments, u8> {
    Arguments::try_parse_from(words).map_err(|mut error| {
        suggest(&mut error, words);
        // A closed or full output changes neither the result nor the exit code.
        let _ = error.print();
        u8::try_from(error.exit_code()).unwrap_or(2)
    })
}

/// Adds the nearest name to an error that comes without one: clap tells upper from lower case.
fn suggest(error: &mut clap::Error, words: &[OsString]) {
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
    // Built: with the options that every subcommand has.
    let mut command = Arguments::command();
    command.build();
    let near = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let near = nearest(name, command.get_subcommands().map(Command::get_name));
            near.map(|near| ContextValue::Strings(vec![near.to_owned()]))
        }
        _ => {
            let mut words = words.iter().skip(1);
            let used = words.find_map(|word| command.find_subcommand(word)).unwrap_or(&command);
            let options = used.get_arguments().filter_map(clap::Arg::get_long);
            let near = nearest(name.trim_start_matches('-'), options);
            near.map(|near| ContextValue::String(format!("--{near}")))
        }
    };
    if let Some(near) = near {
        error.insert(suggested, near);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn answer(words: &[&str]) -> String {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let mut error = Arguments::try_parse_from(&words).unwrap_err();
        suggest(&mut error, &words);
        error.render().to_string()
    }

    /// The word without its second letter, and in upper case.
    fn mistyped(word: &str) -> [String; 2] {
        let short = word.char_indices().filter(|(at, _)| *at != 1).map(|(_, letter)| letter);
        [short.collect(), word.to_uppercase()]
    }

    #[test]
    fn every_mistyped_subcommand_is_answered_with_the_nearest() {
        for command in Arguments::command().get_subcommands() {
            let name = command.get_name();
            for wrong in mistyped(name) {
                let answer = answer(&["weight-init", &wrong]);
                let is_named =
                    answer.contains(" similar ") && answer.contains(&format!("'{name}'"));
                assert!(is_named, "{wrong}: {answer}");
            }
        }
    }

    #[test]
    fn every_mistyped_option_is_answered_with_the_nearest() {
        let mut options = 0;
        let mut command = Arguments::command();
        command.build();
        for of in command.get_subcommands().filter(|of| of.get_name() != "help") {
            for name in of.get_arguments().filter_map(clap::Arg::get_long) {
                for wrong in mistyped(name) {
                    let answer = answer(&["weight-init", of.get_name(), &format!("--{wrong}")]);
                    let named = format!("a similar argument exists: '--{name}'");
                    assert!(answer.contains(&named), "{} --{wrong}: {answer}", of.get_name());
                    options += 1;
                }
            }
        }
        assert!(options > 100, "{options}");
    }
}
