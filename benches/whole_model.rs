//! Fills a whole model in memory and compares it with setting the same bytes.
//!
//! `cargo bench -p weight-init-benches --bench whole_model [-- MODEL.json]`; without a model, RetinaNet-R50-FPN.

use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use weight_init::config::read_source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Tensor, Unknown};
use weight_init::run::{BackendKind, Cpu, fill_whole};

/// Runs of each backend; the median counts.
const RUNS: usize = 11;

fn main() -> Result<(), Box<dyn Error>> {
    let retinanet = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/retinanet_r50_fpn.json");
    let path = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with("--"))
        .unwrap_or_else(|| retinanet.to_owned());
    let model = Model::read(&read_source(&path)?)?;
    let options = Options { skip_pretrained: true, ..Options::default() };
    let resolve = median(|| Plan::new(&model, &options).map(drop))?;
    let plan = Plan::new(&model, &options)?;
    let tensors = plan.tensors(Unknown::Zeros)?;
    let elements: u64 = tensors.iter().map(Tensor::elements).sum();
    println!(
        "{path}: {} tensors, {elements} elements, planned in {:.2} ms",
        tensors.len(),
        resolve * 1e3
    );

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

fn backends() -> Result<[Cpu; 3], Box<dyn Error>> {
    let start = |kind: BackendKind| kind.start(None);
    Ok([start(BackendKind::Embedded)?, start(BackendKind::Simd)?, start(BackendKind::Rayon)?])
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
