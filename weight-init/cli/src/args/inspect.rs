use std::path::PathBuf;

use clap::Args;

use super::Format;

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The checkpoint: a file, a folder with an index, or an address
    ///
    /// In any format that Pretrained reads. What an address names was downloaded before
    pub(crate) file: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The keys to the state dict in a PyTorch file, joined by dots
    #[arg(long, value_name = "KEY")]
    pub(crate) checkpoint_key: Option<String>,
}
