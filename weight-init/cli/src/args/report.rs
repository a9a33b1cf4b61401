use std::path::PathBuf;

use clap::Args;
use weight_init_core::DType;

use super::parsers::dtype_parser;
use super::{FetchArgs, ModelArgs, PlanPretrained};

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Seed of the samples that are shown
    #[arg(long, value_name = "N", default_value_t)]
    pub(crate) seed: u64,
    /// The page to write; it appears when it is whole. '-': standard output
    #[arg(long, value_name = "FILE.html", default_value = "report.html")]
    pub(crate) out: PathBuf,
    /// Add how activations and gradients pass through the model
    ///
    /// The estimate of 'signal' for what the plan writes: curves, warnings and what was assumed
    #[arg(long)]
    pub(crate) check: bool,
    /// Element type of all floating-point tensors; without it each has its own
    #[arg(long, value_parser = dtype_parser())]
    pub(crate) dtype: Option<DType>,
    /// What becomes of Pretrained rules
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pretrained: PlanPretrained,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
}
