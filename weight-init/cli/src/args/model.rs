use std::path::PathBuf;

use clap::{Args, ValueEnum};
use weight_init::config::{ReadOptions, YamlVersion};

/// The model and what is laid over it.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// A model config to be built, or a description of the model: .py, .json, .toml or .yaml
    pub(crate) model: PathBuf,
    /// A config whose init_cfg entries are laid onto the modules
    ///
    /// They stand in its 'model', each at the path of its module
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Rules for the root alone, as mmengine's initialize(model, init_cfg)
    ///
    /// No module's own init_cfg runs. The file is the rules, or has them under 'init_cfg'
    #[arg(long, value_name = "FILE")]
    pub(crate) init_cfg: Option<PathBuf>,
}

/// How configs are read.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReadArgs {
    /// The folder that bases of configs are read from
    ///
    /// [default: the folder 'configs', the one with '_base_' or the repository that holds the file, below the home folder;
    /// otherwise the file's own]
    #[arg(long, value_name = "DIR")]
    config_root: Option<PathBuf>,
    /// A folder of Python packages, for bases such as 'mmdet::NAME'
    ///
    /// May be given again. Behind them comes the active Python environment (VIRTUAL_ENV, CONDA_PREFIX, or the first python3
    /// on PATH, which is not run)
    #[arg(long, value_name = "DIR")]
    packages: Vec<PathBuf>,
    /// The YAML of .yaml files
    ///
    /// 1.1: as PyYAML reads it ('yes' is true, 010 is 8, 1e-4 without a point a text)
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    yaml: Yaml,
}

impl ReadArgs {
    pub(crate) fn options(&self) -> ReadOptions {
        ReadOptions {
            root: self.config_root.clone(),
            packages: self.packages.clone(),
            environment: true,
            yaml: match self.yaml {
                Yaml::V1_1 => YamlVersion::V1_1,
                Yaml::V1_2 => YamlVersion::V1_2,
            },
        }
    }
}

/// A version of YAML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Yaml {
    /// As PyYAML reads it
    #[default]
    #[value(name = "1.1")]
    V1_1,
    /// The core schema
    #[value(name = "1.2")]
    V1_2,
}
