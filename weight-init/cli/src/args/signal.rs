use clap::Args;

use super::{FetchArgs, ModelArgs};

#[derive(Debug, Args)]
pub(crate) struct SignalArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Tokens that attention averages over
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(crate) tokens: u32,
    /// Print every point as JSON
    #[arg(long, conflicts_with = "svg")]
    pub(crate) json: bool,
    /// Print a picture as SVG
    #[arg(long)]
    pub(crate) svg: bool,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
}
