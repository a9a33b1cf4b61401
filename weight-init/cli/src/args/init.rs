use std::path::PathBuf;

use clap::{Args, ValueEnum};
use weight_init::create::ShardSize;
use weight_init::plan::Unknown;
use weight_init::run::BackendKind;
use weight_init_core::DType;

use super::parsers::{backend_parser, dtype_parser, unknown_parser};
use super::{FetchArgs, ModelArgs, PretrainedChoice};
use crate::ranks::RanksChoice;

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Seed of all random streams
    #[arg(long, value_name = "N", default_value_t)]
    pub(crate) seed: u64,
    /// The checkpoint to write: FILE.safetensors, DIR, s3://BUCKET/DIR or '-'
    ///
    /// It appears when it is whole. '-': standard output, as it comes. A name that does not end with .safetensors is that of a
    /// new folder, of several files with an index; s3://, gs:// and az:// are folders in object stores
    #[arg(long, value_name = "PATH")]
    pub(crate) out: PathBuf,
    /// Whether a file or a folder is written, whatever the name [default: by the name]
    #[arg(long, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// Bytes of tensors in a file of the folder, at most [default: 5GB]
    ///
    /// A number and KB, MB, GB, TB, KiB, MiB, GiB or TiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_shard_size: Option<ShardSize>,
    /// Cut tensors for tensor parallelism, deal out layers for pipelines
    ///
    /// For tp ranks and pp stages: a folder of files for each rank in DIR, tp-00-of-08-pp-00-of-02, .... RULES is llama, gpt_neox,
    /// mixtral or deepseek, or a file of rules; the numbers behind it are tp=T,pp=P,heads=H,kv_heads=K,experts=cut|whole
    #[arg(long, value_name = "RULES[:tp=T,..]")]
    pub(crate) split: Option<String>,
    /// Which of the processes that write the folder this is [default: auto]
    ///
    /// 'auto': as the launcher's environment says (torchrun, Open MPI, MPICH, Slurm, Kubernetes, WEIGHT_INIT_RANK and
    /// WEIGHT_INIT_WORLD_SIZE); 'none': the only one; 'node': among those of this machine alone; R/W: number R (from 0 on) of W
    #[arg(long, value_name = "auto|node|R/W")]
    pub(crate) ranks: Option<RanksChoice>,
    /// Wait for the files of all processes, at most so many seconds
    ///
    /// Until the folder is whole; after that time, the exit code is 3
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u32>,
    /// What fills; every backend gives the same bits
    ///
    /// auto: a CUDA device if this build can use one and there is one, else all cores
    #[arg(long, default_value = "auto", value_parser = backend_parser())]
    pub(crate) backend: BackendKind,
    /// Element type of all floating-point tensors; without it each has its own
    #[arg(long, value_parser = dtype_parser())]
    pub(crate) dtype: Option<DType>,
    /// Fail if there is a warning, or a checkpoint that does not match the model exactly
    #[arg(long)]
    pub(crate) strict: bool,
    /// What becomes of Pretrained rules
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pretrained: PretrainedChoice,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// What stands in for parameters of unknown classes and buffers of unknown content
    #[arg(long, default_value = "refuse", value_parser = unknown_parser())]
    pub(crate) unknown: Unknown,
}

/// What a checkpoint is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// A folder as Hugging Face's: model-00001-of-00002.safetensors, ..., model.safetensors.index.json
    Hf,
    /// A folder for torch.distributed.checkpoint's HuggingFaceStorageReader: files of one size, whose tensors may be cut between rows
    Dcp,
    /// One file
    Single,
}
