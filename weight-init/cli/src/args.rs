use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use weight_init::config::{ReadOptions, YamlVersion};
use weight_init::create::ShardSize;
use weight_init::plan::Unknown;
use weight_init::run::BackendKind;
use weight_init_core::DType;

use crate::ranks::RanksChoice;

/// One declarative init_cfg, any model, any device, the same bits.
///
/// Resolves an OpenMMLab-style init_cfg over a model, shows which rule writes each parameter and why, and writes
/// the initial checkpoint.
#[derive(Debug, Parser)]
#[command(
    name = "weight-init",
    version,
    after_help = "\
Examples:
  weight-init plan model.py                         which rule writes each parameter
  weight-init explain model.json head.fc.weight     and why
  weight-init init model.json --seed 42 --out model.safetensors
  weight-init verify model.json model.safetensors
  weight-init inspect model.safetensors

MODEL is a model config (a dict with 'type', whose layers are built) or a description of a model (a tree of layers with
name, class, bases, init_weights, init_cfg, params, buffers, aliases and children), in Python, JSON, TOML or YAML. '-'
reads JSON from standard input.

Exit codes: 0 done, 1 a check failed, 2 usage or bad input, 3 I/O or device."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show which rule writes each parameter
    #[command(after_help = "\
Examples:
  weight-init plan model.json
  weight-init plan model.json --format json > plan.json
  weight-init plan model.json --init-cfg xavier.json --strict")]
    Plan(PlanArgs),
    /// Write the initial checkpoint
    #[command(after_help = "\
Examples:
  weight-init init model.json --seed 42 --out model.safetensors
  weight-init init model.json --out half.safetensors --dtype bf16 --backend rayon
  weight-init init model.json --out - | ssh host 'cat > model.safetensors'
  weight-init init llama.py --out llama --dtype bf16
  mpirun -n 8 weight-init init llama.py --out llama --dtype bf16 --max-shard-size 2GB
  weight-init init llama.py --out llama-tp8 --dtype bf16 --split llama:tp=8,heads=32,kv_heads=8
  srun -n 64 weight-init init llama.py --out s3://bucket/llama --wait 600

A folder has the files and the index of a Hugging Face model. It appears when it is whole; until then, its files stand in
DIR.partial, where the same command with any number of processes goes on. In an object store, files appear one by one, each
whole, and the index last.")]
    Init(InitArgs),
    /// Show every rule that was considered for a parameter, in order, and which won
    #[command(after_help = "\
Examples:
  weight-init explain model.json backbone.layer1.0.bn3.weight")]
    Explain(ExplainArgs),
    /// Show the tensors of a checkpoint and what is in them
    #[command(after_help = "\
Examples:
  weight-init inspect model.safetensors
  weight-init inspect model.safetensors --format json
  weight-init inspect training.pth --checkpoint-key ema_state_dict")]
    Inspect(InspectArgs),
    /// Make everything once more and compare it with a checkpoint, bit for bit
    #[command(after_help = "\
Examples:
  weight-init verify model.json model.safetensors
  weight-init verify model.json model.safetensors --seed 42
  weight-init verify model.json half.safetensors --dtype bf16

Of the file, the seed alone is believed. A file that was made with --dtype, --unknown or --pretrained is compared with the
same options; without them, that is the difference.")]
    Verify(VerifyArgs),
    /// Evaluate a config file and print what it says
    #[command(after_help = "\
Examples:
  weight-init config configs/retinanet/retinanet_r50_fpn_1x_coco.py
  weight-init config model.py --format yaml > model.yaml")]
    Config(ConfigArgs),
    /// Show the initializers that an init_cfg may name, or all about one
    #[command(after_help = "\
Examples:
  weight-init initializers
  weight-init initializers Kaiming")]
    Initializers(InitializersArgs),
    /// Print a Python script that describes PyTorch and OpenMMLab models: what MODEL of the other commands may be
    #[command(after_help = "\
The script needs PyTorch, and nothing of this program.

Examples:
  weight-init describe > describe.py
  python describe.py torchvision.models:resnet50 num_classes=10 --out model.json
  python describe.py mmengine:configs/retinanet/retinanet_r50_fpn_1x_coco.py --out model.json
  weight-init init model.json --out model.safetensors")]
    Describe,
    /// Measure how fast this machine fills memory, beside memset in the same run
    #[command(after_help = "\
Examples:
  weight-init bench
  weight-init bench --elements 33554432 --backend rayon --format json")]
    Bench(BenchArgs),
    /// Print completions for a shell
    #[command(after_help = "\
Examples:
  weight-init completions bash > ~/.local/share/bash-completion/completions/weight-init
  weight-init completions zsh > _weight-init")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "\
Examples:
  weight-init man > weight-init.1 && man ./weight-init.1")]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct InitializersArgs {
    /// The initializer, as the 'type' of a rule names it
    pub(crate) name: Option<String>,
}

/// The model and what is laid over it.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// A model config to be built, or a description of the model: .py, .json, .toml or .yaml
    pub(crate) model: PathBuf,
    /// A config whose init_cfg entries, in its 'model', are laid onto the modules of the same paths
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Rules for the root alone, as mmengine's initialize(model, init_cfg); no module's own init_cfg runs. The file is
    /// the rules, or has them under 'init_cfg'
    #[arg(long, value_name = "FILE")]
    pub(crate) init_cfg: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Element type of all floating-point tensors; without it each has its own
    #[arg(long, value_parser = dtype_parser())]
    pub(crate) dtype: Option<DType>,
    /// Fail where init --strict would: at a warning, a checkpoint that does not match the model exactly or was not looked
    /// into, a tensor of unknown content, a number that its element type cannot hold
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
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Seed of all random streams
    #[arg(long, value_name = "N", default_value_t)]
    pub(crate) seed: u64,
    /// The checkpoint to write; it appears when it is whole. '-': standard output, as it comes. A name that does not end with
    /// .safetensors is that of a new folder, of several files with an index; s3://, gs:// and az:// are folders in object stores
    #[arg(long, value_name = "FILE.safetensors|DIR|s3://BUCKET/DIR")]
    pub(crate) out: PathBuf,
    /// Whether a file or a folder is written, whatever the name [default: by the name]
    #[arg(long, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// Bytes of tensors in a file of the folder, at most: a number and KB, MB, GB, TB, KiB, MiB, GiB or TiB [default: 5GB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_shard_size: Option<ShardSize>,
    /// Cut the tensors for tensor parallelism (tp ranks) and deal out the layers for pipeline parallelism (pp stages): a folder of files
    /// for each rank in DIR, tp-00-of-08-pp-00-of-02, .... RULES is llama, gpt_neox, mixtral or deepseek, or a file of rules
    #[arg(long, value_name = "RULES[:tp=T,pp=P,heads=H,kv_heads=K,experts=cut|whole]")]
    pub(crate) split: Option<String>,
    /// Which of the processes that write the folder this one is: 'auto', as the launcher's environment says (torchrun, Open MPI,
    /// MPICH, Slurm, Kubernetes, WEIGHT_INIT_RANK and WEIGHT_INIT_WORLD_SIZE), 'none', 'node' among those of this machine alone, or
    /// R/W, number R (from 0 on) of W [default: auto]
    #[arg(long, value_name = "auto|none|node|R/W")]
    pub(crate) ranks: Option<RanksChoice>,
    /// Wait until the folder is whole, with the files of all processes, at most so many seconds; after that, exit code 3
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u32>,
    /// What fills; every backend gives the same bits. auto: a CUDA device if this build can use one and there is one,
    /// else all cores
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

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The checkpoint, in any format that Pretrained reads: a file, a folder with an index, or an address that was
    /// downloaded before
    pub(crate) file: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The keys, joined by dots, that lead to the state dict in a PyTorch file
    #[arg(long, value_name = "KEY")]
    pub(crate) checkpoint_key: Option<String>,
}

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

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The config: .py, .json, .toml or .yaml
    pub(crate) file: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ConfigFormat,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How configs are read.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// The folder that bases of configs are read from [default: the folder 'configs', the one with '_base_' or
    /// the repository that holds the file, below the home folder; otherwise the file's own]
    #[arg(long, value_name = "DIR")]
    config_root: Option<PathBuf>,
    /// A folder that Python packages are installed in, for bases such as 'mmdet::NAME'; may be given again. Behind them
    /// comes the active Python environment (VIRTUAL_ENV, CONDA_PREFIX, or the first python3 on PATH, which is not run)
    #[arg(long, value_name = "DIR")]
    packages: Vec<PathBuf>,
    /// The YAML of .yaml files. 1.1: as PyYAML reads it ('yes' is true, 010 is 8, 1e-4 without a point a text)
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

/// How a config is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigFormat {
    /// JSON; infinity is 1e9999
    #[default]
    Json,
    /// TOML; { __null__ = true } is null
    Toml,
    /// YAML
    Yaml,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Elements of each fill
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    pub(crate) elements: u64,
    /// What fills; auto: every backend of the processor; cuda: the device's own memory, beside setting it there
    #[arg(long, default_value = "auto", value_parser = backend_parser())]
    pub(crate) backend: BackendKind,
    /// How to print; JSON: one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// JSON for programs
    Json,
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

/// The way to checkpoints.
#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// Never touch the network: checkpoints are on this machine already
    #[arg(long)]
    pub(crate) offline: bool,
    /// A table of checkpoints' names, {"torchvision": {NAME: URL}, "open-mmlab": ..., "mmcls": ...}, before the known
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint_names: Option<PathBuf>,
    /// The keys, joined by dots, that lead to the state dict in PyTorch files; a Pretrained rule may have a 'key' of its
    /// own. Without either it is 'state_dict', the file itself, 'model', or the only one that there is
    #[arg(long, value_name = "KEY")]
    pub(crate) checkpoint_key: Option<String>,
}

fn backend_parser() -> impl clap::builder::TypedValueParser<Value = BackendKind> {
    let names = clap::builder::PossibleValuesParser::new(BackendKind::ALL.map(BackendKind::name));
    clap::builder::TypedValueParser::map(names, |name| {
        BackendKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    })
}

fn dtype_parser() -> impl clap::builder::TypedValueParser<Value = DType> {
    let names = clap::builder::PossibleValuesParser::new(["f32", "f64", "f16", "bf16"]);
    clap::builder::TypedValueParser::map(names, |name| {
        DType::from_name(&name).unwrap_or(DType::F32)
    })
}

fn unknown_parser() -> impl clap::builder::TypedValueParser<Value = Unknown> {
    let names = clap::builder::PossibleValuesParser::new(Unknown::ALL.map(Unknown::name));
    clap::builder::TypedValueParser::map(names, |name| {
        Unknown::from_name(&name).unwrap_or_default()
    })
}
