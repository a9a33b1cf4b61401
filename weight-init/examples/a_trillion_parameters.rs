//! What a model of a trillion parameters costs 1024 processes, computed before anybody has them: the table of docs/scale.md.
//!
//! `cargo run --release -p weight-init --example a_trillion_parameters`
//!
//! The model has the shapes of a mixture of 384 experts in 61 layers. It is planned and cut into files for real; the times are those
//! of the bytes of the slowest process at the rates below.

use std::error::Error;
use std::fmt::Write;
use std::time::Instant;

use serde_json::{Value, json};
use weight_init::create::{FolderLayout, ShardLayout, ShardSize, Share};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Tensor, Unknown};
use weight_init_core::DType;

/// Processes.
const WORLD: u64 = 1024;

/// Bytes a second of normal numbers in bfloat16 that one core makes: 1.5 billion of them.
const CORE: f64 = 3e9;

/// Bytes a second that each process writes to a disk of its own, synchronized.
const OWN_DISK: f64 = 1e9;

/// Bytes a second that all processes write together to a parallel file system, or to an object store.
const SHARED: f64 = 100e9;

/// Bytes a second that all processes write together to one file server.
const ONE_SERVER: f64 = 5e9;

fn main() -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let plan = plan()?;
    let planned = begun.elapsed();
    print!("{}", table(&plan)?);
    eprintln!("read and planned in {:.2} s", planned.as_secs_f64());
    Ok(())
}

/// The plan of the model.
pub(crate) fn plan() -> Result<Plan, Box<dyn Error>> {
    let model = Model::read(&Source::new("model.json", description().to_string()))?;
    let options = Options { dtype: Some(DType::BF16), ..Options::default() };
    Ok(Plan::new(&model, &options)?)
}

/// Cuts the plan into files and deals them out to all processes.
pub(crate) fn table(plan: &Plan) -> Result<String, Box<dyn Error>> {
    let tensors = plan.tensors(Unknown::Refuse)?;
    let elements: u64 = tensors.iter().map(Tensor::elements).sum();
    let bytes: u64 = tensors.iter().map(Tensor::bytes).sum();
    let mut text = format!(
        "{:.2} trillion parameters in {} tensors, {:.2} TB of bfloat16, {WORLD} processes:\n\n",
        elements as f64 / 1e12,
        tensors.len(),
        bytes as f64 / 1e12,
    );
    text += "| layout, `--max-shard-size` | files | index | largest share | of the mean | without work | made in | own disks | shared, 100 GB/s | files/s | one server, 5 GB/s |\n";
    text += "|---|---|---|---|---|---|---|---|---|---|---|\n";
    for layout in [FolderLayout::Hf, FolderLayout::Dcp] {
        for size in ["5GB", "2GB", "1GB", "500MB", "250MB"] {
            let files = ShardLayout::of(&tensors, layout, size.parse::<ShardSize>()?);
            row(&mut text, &files, layout, size, &tensors)?;
        }
    }
    Ok(text)
}

fn row(
    text: &mut String,
    files: &ShardLayout,
    layout: FolderLayout,
    size: &str,
    tensors: &[Tensor<'_>],
) -> Result<(), Box<dyn Error>> {
    let bytes = files.total_bytes() as f64;
    let (mut largest, mut idle) = (0, 0);
    for rank in 0..WORLD {
        let share = Share::new(rank, WORLD).ok_or("no such process")?;
        let mine: u64 = files.share(share).iter().map(|file| files.shards()[*file].bytes).sum();
        largest = largest.max(mine);
        idle += u64::from(mine == 0);
    }
    let largest = largest as f64;
    let index = match layout {
        FolderLayout::Hf => format!("{:.1} MB", index_bytes(files, tensors) as f64 / 1e6),
        FolderLayout::Dcp => "none".to_owned(),
    };
    // The slowest process, or the disk if that is slower.
    let shared = (bytes / SHARED).max(largest / OWN_DISK);
    let one_server = bytes / ONE_SERVER;
    writeln!(
        text,
        "| `{}`, {size} | {} | {index} | {:.2} GB | {:.2} | {idle} | {:.1} s | {:.1} s | {:.0} s | {:.0} | {:.0} s |",
        layout.name(),
        files.shards().len(),
        largest / 1e9,
        largest / (bytes / WORLD as f64),
        largest / CORE,
        largest / OWN_DISK,
        shared,
        files.shards().len() as f64 / shared,
        one_server,
    )?;
    Ok(())
}

/// Bytes of the index: a line for each tensor, `    "NAME": "FILE",`.
fn index_bytes(files: &ShardLayout, tensors: &[Tensor<'_>]) -> usize {
    let lines = files.shards().iter().flat_map(|file| {
        let names = file.slices.iter().filter_map(|slice| tensors.get(slice.tensor));
        names.map(|tensor| tensor.name.len() + file.name.len() + 12)
    });
    lines.sum()
}

/// A decoder with attention of low rank and a mixture of experts.
fn description() -> Value {
    const HIDDEN: usize = 7168;
    let linear = |name: &str, outputs: usize, inputs: usize| json!({"name": name, "class": "Linear", "params": [{"name": "weight", "shape": [outputs, inputs]}]});
    let norm = |name: &str, size: usize| json!({"name": name, "class": "RMSNorm", "params": [{"name": "weight", "shape": [size]}]});
    let mlp = |name: &str, inner: usize| {
        json!({"name": name, "class": "MLP", "children": [
            linear("gate_proj", inner, HIDDEN), linear("up_proj", inner, HIDDEN), linear("down_proj", HIDDEN, inner)]})
    };
    let experts = || (0..384).map(|expert| mlp(&expert.to_string(), 2048)).collect::<Vec<_>>();
    let layer = |number: usize| {
        let attention = json!({"name": "self_attn", "class": "Attention", "children": [
            linear("q_a_proj", 1536, HIDDEN), norm("q_a_layernorm", 1536), linear("q_b_proj", 12288, 1536),
            linear("kv_a_proj_with_mqa", 576, HIDDEN), norm("kv_a_layernorm", 512), linear("kv_b_proj", 16384, 512),
            linear("o_proj", HIDDEN, 8192)]});
        let inner = if number == 0 {
            mlp("mlp", 18432)
        } else {
            json!({"name": "mlp", "class": "Mixture", "children": [
                {"name": "experts", "class": "ModuleList", "children": experts()},
                linear("gate", 384, HIDDEN), mlp("shared_experts", 2048)]})
        };
        json!({"name": number.to_string(), "class": "Layer", "children": [
            norm("input_layernorm", HIDDEN), norm("post_attention_layernorm", HIDDEN), attention, inner]})
    };
    json!({
        "class": "Decoder", "init_weights": "module",
        "init_cfg": [{"type": "Normal", "std": 0.006, "layer": ["Linear", "Embedding"]},
                     {"type": "Constant", "val": 1, "layer": "RMSNorm"}],
        "children": [
            {"name": "model", "class": "Model", "children": [
                {"name": "embed_tokens", "class": "Embedding", "params": [{"name": "weight", "shape": [163840, HIDDEN]}]},
                {"name": "layers", "class": "ModuleList", "children": (0..61).map(layer).collect::<Vec<_>>()},
                norm("norm", HIDDEN)]},
            linear("lm_head", 163840, HIDDEN)],
    })
}
