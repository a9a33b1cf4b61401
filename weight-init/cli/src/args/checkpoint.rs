use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The way to checkpoints.
#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// Never touch the network: checkpoints are on this machine already
    #[arg(long)]
    pub(crate) offline: bool,
    /// A table of checkpoints' names, before the known
    ///
    /// {"torchvision": {NAME: URL}, "open-mmlab": ..., "mmcls": ...}
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint_names: Option<PathBuf>,
    /// The keys to the state dict in PyTorch files, joined by dots
    ///
    /// A Pretrained rule may have a 'key' of its own. Without either it is 'state_dict', the file itself, 'model', or the
    /// only one that there is
    #[arg(long, value_name = "KEY")]
    pub(crate) checkpoint_key: Option<String>,
}

/// What becomes of Pretrained rules when a checkpoint is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PretrainedChoice {
    /// Load the checkpoints
    #[default]
    Load,
    /// Pass the rules over: the rules below them write
    Skip,
}

impl From<PretrainedChoice> for PlanPretrained {
    fn from(choice: PretrainedChoice) -> Self {
        match choice {
            PretrainedChoice::Load => Self::Load,
            PretrainedChoice::Skip => Self::Skip,
        }
    }
}

/// What becomes of Pretrained rules in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanPretrained {
    /// Look into the checkpoints that are on this machine; the others are believed to hold everything
    #[default]
    Local,
    /// Look into the checkpoints, and download those that are not on this machine
    Load,
    /// Look into none: they are believed to hold everything
    Assume,
    /// Pass the rules over: the rules below them write
    Skip,
}
