//! What a derived struct costs beside the fill that its engine runs: `Rayon::init_weights` beside `Rayon::fill_all`, and
//! `in_place::init_weights`, which does without heap and vector instructions.
//!
//! `cargo bench -p weight-init-benches --bench structs`: the ratios within one run count.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weight_init_backends::{Backend, Job, Rayon};
use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
use weight_init_core::initializer::Normal;
use weight_init_core::{Fill, Layer, Stream, in_place};

static INIT_CFG: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule {
        layers: &["Linear"],
        ..Rule::new(Init::Normal(Normal { mean: 0.0, std: 0.02 }))
    }],
};

#[derive(Layer)]
struct Linear {
    #[layer(param, shape = [self.weight.len()])]
    weight: Vec<f32>,
}

#[derive(Layer)]
#[layer(init_cfg = &INIT_CFG)]
struct Net {
    layers: Vec<Linear>,
}

/// 16 million elements in few large parameters, and a third of a million in many small ones.
fn structs(criterion: &mut Criterion) {
    measure(criterion, "structs_large", 4, 1 << 22, true);
    measure(criterion, "structs_small", 10_000, 32, false);
}

fn measure(criterion: &mut Criterion, name: &str, layers: usize, elements: usize, in_place: bool) {
    let layer = || Linear { weight: vec![0.0; elements] };
    let mut net = Net { layers: (0..layers).map(|_| layer()).collect() };
    let Ok(fill) = Fill::<f32>::normal(0.0, 0.02) else { return };
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements((layers * elements) as u64));
    group.bench_function("fill_all", |bencher| {
        bencher.iter(|| {
            let jobs = (0..).zip(&mut net.layers).map(|(id, layer)| Job {
                fill,
                stream: Stream::with_id(42, id),
                first: 0,
                out: &mut layer.weight[..],
            });
            Rayon::new().fill_all(&mut jobs.collect::<Vec<_>>())
        })
    });
    group.bench_function("init_weights", |bencher| {
        bencher.iter(|| Rayon::new().init_weights(black_box(&mut net), 42))
    });
    if in_place {
        group.bench_function("in_place", |bencher| {
            bencher.iter(|| in_place::init_weights(black_box(&mut net), 42))
        });
    }
}

fn short() -> Criterion {
    let short = Criterion::default().sample_size(20);
    short.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = benches; config = short(); targets = structs }
criterion_main!(benches);
