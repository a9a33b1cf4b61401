//! Plans whole models, fills them in memory and compares that with setting the same bytes on one thread.
//!
//! `cargo bench -p weight-init-benches --bench whole_model [-- MODEL...]`; without a model RetinaNet, ViT-L/16 and a language
//! model of 7 billion parameters.

use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use weight_init::config::Config;
use weight_init::model::{Model, Registry};
use weight_init::plan::{Options, Plan, Tensor, Unknown};
use weight_init::run::{BackendKind, Filler, fill_whole};

const MODELS: [&str; 3] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/retinanet_r50_fpn.json"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/models/vit_large.py"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/models/transformer_7b.py"),
];

/// Runs of each backend; the median counts.
const RUNS: usize = 11;
/// Models of more bytes are only planned.
const LARGEST: u64 = 4 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if named.is_empty() {
        MODELS.iter().try_for_each(|path| measure(path))
    } else {
        named.iter().try_for_each(|path| measure(path))
    }
}

fn measure(path: impl AsRef<Path>) -> Result<(), Box<dyn Error>> {
    let path = path.as_ref();
    let options = Options { skip_pretrained: true, ..Options::default() };
    let config = Config::read(path, None)?;
    let build = median(|| Model::from_config(&config, &Registry::standard()).map(drop))?;
    let model = Model::from_config(&config, &Registry::standard())?;
    let resolve = median(|| Plan::new(&model, &options).map(drop))?;
    let plan = Plan::new(&model, &options)?;
    let tensors = plan.tensors(Unknown::Zeros)?;
    let elements: u64 = tensors.iter().map(Tensor::elements).sum();
    println!(
        "{}: {} tensors, {elements} elements, built in {:.2} ms, planned in {:.2} ms",
        path.display(),
        tensors.len(),
        build * 1e3,
        resolve * 1e3
    );
    if tensors.iter().map(Tensor::bytes).sum::<u64>() > LARGEST {
        return Ok(());
    }

    let mut memory: Vec<Vec<u64>> = tensors.iter().map(|tensor| vec![1; words(tensor)]).collect();
    let memset = median(|| {
        memory.iter_mut().for_each(|tensor| black_box(tensor).fill(black_box(0)));
        Ok::<_, Infallible>(())
    })?;
    println!("{:<10} {:>7} {:>9} {:>9} {:>10}", "backend", "threads", "ms", "Gelem/s", "of memset");
    for mut backend in backends()? {
        let seconds = median(|| fill_whole(&tensors, 42, &mut backend, &mut memory))?;
        println!(
            "{:<10} {:>7} {:>9.1} {:>9.3} {:>10.3}",
            backend.name(),
            backend.threads(),
            seconds * 1e3,
            elements as f64 / seconds / 1e9,
            memset / seconds
        );
    }
    println!("memset of one thread {:>16.1} ms", memset * 1e3);
    Ok(())
}

fn backends() -> Result<[Filler; 2], Box<dyn Error>> {
    Ok([BackendKind::Simd.start(None)?, BackendKind::Rayon.start(None)?])
}

fn words(tensor: &Tensor<'_>) -> usize {
    usize::try_from(tensor.bytes().div_ceil(8)).unwrap_or_default()
}

fn median<E: Error + 'static>(
    mut run: impl FnMut() -> Result<(), E>,
) -> Result<f64, Box<dyn Error>> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(RUNS / 2).copied().unwrap_or(f64::NAN))
}
