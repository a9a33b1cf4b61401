use std::path::PathBuf;

use clap::Args;

use super::Format;

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The checkpoint: a file, a folder with an index, or an address
    ///
    /// In any format that Pretrained reads. What an address names was downloaded before
    pub(crate) file: PathBuf,
    /// Another checkpoint, whose tensors are shown beside those of the first
    ///
    /// With what differs of each tensor: only in one of them (A or B), renamed, shape, element type, values. 'diff' fails if
    /// anything differs; this does not
    pub(crate) other: Option<PathBuf>,
    /// Draw the histograms of the tensors too
    ///
    /// Of two checkpoints over each other. Of more than 400 tensors, the largest are drawn, and those that differ first
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The keys to the state dict in a PyTorch file, joined by dots
    #[arg(long, value_name = "KEY")]
    pub(crate) checkpoint_key: Option<String>,
}
