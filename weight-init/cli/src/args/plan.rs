use clap::Args;
use weight_init::plan::Unknown;
use weight_init_core::DType;

use super::parsers::{dtype_parser, unknown_parser};
use super::{FetchArgs, Format, ModelArgs, PlanPretrained};

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// A row for every parameter, also of more than 60
    ///
    /// Otherwise, a model with more than 60 parameters has one row for all whose names differ in their numbers alone
    #[arg(long)]
    pub(crate) all: bool,
    /// Print at once, also on a terminal
    #[arg(long)]
    pub(crate) no_pager: bool,
    /// Element type of all floating-point tensors; without it each has its own
    #[arg(long, value_parser = dtype_parser())]
    pub(crate) dtype: Option<DType>,
    /// Fail where init --strict would
    ///
    /// At a warning, a checkpoint that does not match the model exactly or was not looked into, a tensor of unknown content, a
    /// number that its element type cannot hold
    #[arg(long)]
    pub(crate) strict: bool,
    /// What becomes of Pretrained rules
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pretrained: PlanPretrained,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// What stands in for parameters of unknown classes and buffers of unknown content
    #[arg(long, default_value = "refuse", value_parser = unknown_parser())]
    pub(crate) unknown: Unknown,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Full dotted name of the parameter
    pub(crate) param: String,
    /// What becomes of Pretrained rules
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pretrained: PlanPretrained,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
}
