use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ReadArgs;

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The config: .py, .json, .toml or .yaml
    pub(crate) file: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ConfigFormat,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How a config is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigFormat {
    /// JSON; infinity is 1e9999
    #[default]
    Json,
    /// TOML; { __null__ = true } is null
    Toml,
    /// YAML
    Yaml,
}
