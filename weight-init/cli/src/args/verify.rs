use std::path::PathBuf;

use clap::Args;
use weight_init::plan::Unknown;
use weight_init_core::DType;

use super::parsers::{dtype_parser, unknown_parser};
use super::{FetchArgs, ModelArgs, PretrainedChoice};

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// The checkpoint: a file, a folder of files with their index, or the index
    pub(crate) file: PathBuf,
    /// Seed of all random streams; without it the one that the file names
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Element type of all floating-point tensors, as it was made with
    #[arg(long, value_parser = dtype_parser())]
    pub(crate) dtype: Option<DType>,
    /// What becomes of Pretrained rules, as it was made with
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pretrained: PretrainedChoice,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// What stands in for constructor values of unknown classes, as it was made with
    #[arg(long, default_value = "refuse", value_parser = unknown_parser())]
    pub(crate) unknown: Unknown,
}
