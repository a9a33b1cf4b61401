use weight_init::config::{Config, Format};
use weight_init::model::{CheckpointKeys, extend_stands_in};

use crate::args::{ConfigArgs, ConfigFormat};
use crate::failure::Failure;
use crate::notes::Notes;
use crate::output::print_as_is;

pub(crate) fn run(args: &ConfigArgs, notes: Notes) -> Result<(), Failure> {
    let config = Config::read_with(&args.file, &args.read.options())?;
    let format = match args.format {
        ConfigFormat::Json => Format::Json,
        ConfigFormat::Toml => Format::Toml,
        ConfigFormat::Yaml => Format::Yaml,
    };
    let text = config
        .write(format)
        .map_err(|message| Failure::input(format!("{}: {message}", args.file.display())))?;
    if CheckpointKeys::stand_in(&config.value) {
        notes.say(
            "note: the 'key' of a Pretrained rule is weight-init's own; mmengine refuses a rule that has it",
        );
    }
    if extend_stands_in(&config.value) {
        notes.say(
            "note: the 'extend' of a rule is weight-init's own; mmengine refuses a rule that has it",
        );
    }
    print_as_is(&text)
}
