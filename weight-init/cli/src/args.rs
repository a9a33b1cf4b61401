//! The command line: what can be said, by subcommand.

mod bench;
mod checkpoint;
mod config;
mod diff;
mod init;
mod initializers;
mod inspect;
mod model;
mod parsers;
mod plan;
mod report;
mod signal;
mod verify;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use self::bench::BenchArgs;
pub(crate) use self::checkpoint::{FetchArgs, PlanPretrained, PretrainedChoice};
pub(crate) use self::config::{ConfigArgs, ConfigFormat};
pub(crate) use self::diff::DiffArgs;
pub(crate) use self::init::{InitArgs, Layout};
pub(crate) use self::initializers::InitializersArgs;
pub(crate) use self::inspect::InspectArgs;
pub(crate) use self::model::{ModelArgs, ReadArgs};
pub(crate) use self::plan::{ExplainArgs, PlanArgs};
pub(crate) use self::report::ReportArgs;
pub(crate) use self::signal::SignalArgs;
pub(crate) use self::verify::VerifyArgs;

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
  weight-init diff old.json new.json                what changed
  weight-init report model.json --out report.html   all of it as a page for a browser

MODEL is a model config (a dict with 'type', whose layers are built) or a description of a model (a tree of layers with \
name, class, bases, init_weights, init_cfg, params, buffers, aliases and children), in Python, JSON, TOML or YAML. '-' \
reads JSON from standard input.

Exit codes: 0 done, 1 a check failed, 2 usage or bad input, 3 I/O or device."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say warnings and errors alone: no progress, notes and summaries
    #[arg(short, long, global = true, display_order = 998)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show which rule writes each parameter
    #[command(after_long_help = "\
Examples:
  weight-init plan model.json
  weight-init plan model.json --format json > plan.json
  weight-init plan model.json --init-cfg xavier.json --strict")]
    Plan(PlanArgs),
    /// Write the initial checkpoint
    #[command(after_long_help = "\
Examples:
  weight-init init model.json --seed 42 --out model.safetensors
  weight-init init model.json --out half.safetensors --dtype bf16 --backend rayon
  weight-init init model.json --out - | ssh host 'cat > model.safetensors'
  weight-init init llama.py --out llama --dtype bf16
  mpirun -n 8 weight-init init llama.py --out llama --dtype bf16 --max-shard-size 2GB
  weight-init init llama.py --out llama-tp8 --dtype bf16 --split llama:tp=8,heads=32,kv_heads=8
  srun -n 64 weight-init init llama.py --out s3://bucket/llama --wait 600

A folder has the files and the index of a Hugging Face model. It appears when it is whole; until then, its files stand in \
DIR.partial, where the same command with any number of processes goes on. In an object store, files appear one by one, each \
whole, and the index last.")]
    Init(InitArgs),
    /// Show every rule that was considered for a parameter, in order, and which won
    #[command(after_long_help = "\
Examples:
  weight-init explain model.json backbone.layer1.0.bn3.weight
  weight-init explain model.json head.fc.bias --init-cfg rules.json")]
    Explain(ExplainArgs),
    /// Write a page to look at the plan in a browser: tree, rules, explanations, samples
    #[command(after_long_help = "\
Examples:
  weight-init report model.json
  weight-init report model.py --init-cfg rules.py --seed 42 --out report.html
  weight-init report model.json --check

The page is one file that needs no network: search and filter parameters, see each rule with what it won and lost, and each \
parameter with its formula and a histogram of the values that the seed gives.")]
    Report(ReportArgs),
    /// Estimate how activations and gradients pass through the model before training
    ///
    /// With warnings where they vanish or explode
    #[command(after_long_help = "\
Examples:
  weight-init signal model.json
  weight-init signal model.json --init-cfg kaiming.json --json")]
    Signal(SignalArgs),
    /// Show the tensors of a checkpoint and what is in them, or of two beside each other
    #[command(after_long_help = "\
Examples:
  weight-init inspect model.safetensors
  weight-init inspect model.safetensors --format json
  weight-init inspect before.safetensors after.safetensors
  weight-init inspect model.safetensors --plot model.svg
  weight-init inspect training.pth --checkpoint-key ema_state_dict")]
    Inspect(InspectArgs),
    /// Show what changed between two models, configs, plans or checkpoints
    #[command(after_long_help = "\
Examples:
  weight-init diff old.py new.py
  weight-init diff model.json --config-a v2/retinanet.py --config-b v3/retinanet.py
  weight-init diff before.safetensors after.safetensors --json

Exit code 1 if they differ.")]
    Diff(DiffArgs),
    /// Make everything once more and compare it with a checkpoint, bit for bit
    #[command(after_long_help = "\
Examples:
  weight-init verify model.json model.safetensors
  weight-init verify model.json model.safetensors --seed 42
  weight-init verify model.json half.safetensors --dtype bf16

Of the file, the seed alone is believed. A file that was made with --dtype, --unknown or --pretrained is compared with the \
same options; without them, that is the difference.")]
    Verify(VerifyArgs),
    /// Evaluate a config file and print what it says
    #[command(after_long_help = "\
Examples:
  weight-init config configs/retinanet/retinanet_r50_fpn_1x_coco.py
  weight-init config model.py --format yaml > model.yaml")]
    Config(ConfigArgs),
    /// Show the initializers that an init_cfg may name, or all about one
    #[command(after_long_help = "\
Examples:
  weight-init initializers
  weight-init initializers Kaiming")]
    Initializers(InitializersArgs),
    /// Print a Python script that describes PyTorch and OpenMMLab models
    ///
    /// A description is what MODEL of the other commands may be
    #[command(after_long_help = "\
The script needs PyTorch, and nothing of this program.

Examples:
  weight-init describe > describe.py
  python describe.py torchvision.models:resnet50 num_classes=10 --out model.json
  python describe.py mmengine:configs/retinanet/retinanet_r50_fpn_1x_coco.py --out model.json
  weight-init init model.json --out model.safetensors")]
    Describe,
    /// Measure how fast this machine fills memory, beside memset in the same run
    #[command(after_long_help = "\
Examples:
  weight-init bench
  weight-init bench --elements 33554432 --backend rayon --format json")]
    Bench(BenchArgs),
    /// Print completions for a shell
    #[command(after_long_help = "\
Examples:
  weight-init completions bash > ~/.local/share/bash-completion/completions/weight-init
  weight-init completions zsh > _weight-init")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_long_help = "\
Examples:
  weight-init man > weight-init.1 && man ./weight-init.1
  weight-init man > ~/.local/share/man/man1/weight-init.1")]
    Man,
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

#[cfg(test)]
mod tests;
