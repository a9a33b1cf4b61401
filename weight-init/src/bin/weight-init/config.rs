use weight_init::config::{Config, Format};

use crate::args::{ConfigArgs, ConfigFormat};
use crate::failure::Failure;
use crate::output::print_as_is;

pub(crate) fn run(args: &ConfigArgs) -> Result<(), Failure> {
    let config = Config::read_with(&args.file, &args.read.options())?;
    let format = match args.format {
        ConfigFormat::Json => Format::Json,
        ConfigFormat::Toml => Format::Toml,
        ConfigFormat::Yaml => Format::Yaml,
    };
    let text = config
        .write(format)
        .map_err(|message| Failure::input(format!("{}: {message}", args.file.display())))?;
    print_as_is(&text)
}
