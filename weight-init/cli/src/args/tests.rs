//! The help of every subcommand: short where it is asked for shortly, and with examples that are right.

use clap::CommandFactory;

use super::*;

/// Lines and columns of `-h`: a screen of a common terminal.
const SCREEN: (usize, usize) = (40, 100);

/// The command and each of its subcommands, as people meet them.
fn commands() -> Vec<clap::Command> {
    let mut command = Arguments::command().term_width(SCREEN.1);
    command.build();
    let help = |command: &&clap::Command| command.get_name() != "help";
    let subcommands: Vec<_> = command.get_subcommands().filter(help).cloned().collect();
    assert!(subcommands.len() >= 14, "{}", subcommands.len());
    std::iter::once(command).chain(subcommands).collect()
}

/// The words of an example behind the name of the command, up to what is the shell's or the reader's.
fn words(example: &str) -> Option<Vec<String>> {
    let (_, line) = example.split_once("weight-init ")?;
    let end = ["  ", " | ", " > ", " && "].iter().filter_map(|stop| line.find(stop)).min();
    let words = line.get(..end.unwrap_or(line.len()))?.split_whitespace();
    Some(std::iter::once("weight-init").chain(words).map(str::to_owned).collect())
}

#[test]
fn the_short_help_fits_on_a_screen() {
    for mut command in commands() {
        let help = command.render_help().to_string();
        let name = command.get_name();
        assert!(help.lines().count() <= SCREEN.0, "{name}: {}\n{help}", help.lines().count());
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(SCREEN.1), "{name}: {widest:?}\n{help}");
    }
}

#[test]
fn the_long_help_has_two_examples_and_each_is_understood() {
    for mut command in commands() {
        let name = command.get_name().to_owned();
        let help = command.render_long_help().to_string();
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(SCREEN.1), "{name}: {widest:?}\n{help}");
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
        let examples = examples.lines().take_while(|line| line.starts_with("  "));
        let words: Vec<_> = examples.filter_map(words).collect();
        assert!(words.len() >= 2, "{name}: {} examples\n{help}", words.len());
        for words in words {
            if let Err(error) = Arguments::try_parse_from(&words) {
                panic!("{name}: {}: {error}", words.join(" "));
            }
            let own = name == "weight-init" || words.get(1) == Some(&name);
            assert!(own || name == "describe", "{name}: {}", words.join(" "));
        }
    }
}

/// What tells the words of an example from the rest is a test's own; without it, none would be wrong.
#[test]
fn words_of_an_example() {
    let of = |example| words(example).unwrap_or_default().join(" ");
    assert_eq!(of("  mpirun -n 8 weight-init init a --out b"), "weight-init init a --out b");
    assert_eq!(of("  weight-init man > a && man a"), "weight-init man");
    assert_eq!(of("  weight-init plan a    which rule"), "weight-init plan a");
    assert_eq!(words("  python describe.py a"), None);
}
