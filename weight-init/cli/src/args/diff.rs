use std::path::PathBuf;

use clap::Args;

use super::{FetchArgs, Format, PlanPretrained, ReadArgs};

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// What it was: a model config or description, a plan as JSON, or a checkpoint
    ///
    /// The plan is one that 'plan --format json' printed
    pub(crate) a: PathBuf,
    /// What it is; without it the same model, with --config-b or --init-cfg-b
    #[arg(required_unless_present_any = ["config_a", "config_b", "init_cfg_a", "init_cfg_b"])]
    pub(crate) b: Option<PathBuf>,
    /// A config whose init_cfg entries are laid onto the modules of A
    #[arg(long, value_name = "FILE")]
    pub(crate) config_a: Option<PathBuf>,
    /// The same of B
    #[arg(long, value_name = "FILE")]
    pub(crate) config_b: Option<PathBuf>,
    /// Rules for the root of A alone
    #[arg(long, value_name = "FILE")]
    pub(crate) init_cfg_a: Option<PathBuf>,
    /// The same of B
    #[arg(long, value_name = "FILE")]
    pub(crate) init_cfg_b: Option<PathBuf>,
    /// A row for every parameter, not for every pattern of names
    #[arg(long)]
    pub(crate) all: bool,
    /// Names, shapes and types alone of checkpoints, not their values
    #[arg(long)]
    pub(crate) no_values: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Print at once, also on a terminal
    #[arg(long)]
    pub(crate) no_pager: bool,
    /// What becomes of Pretrained rules
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pretrained: PlanPretrained,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
