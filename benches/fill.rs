//! Guards the speed of every level of instructions: each initializer and element type, in memory that a core's cache holds.
//!
//! `cargo bench -p weight-init-benches --bench fill`; criterion compares with the run before. What fills of main memory cost
//! beside memset, `weight-init bench` shows.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use weight_init_backends::{Backend, Job, Level, Rayon, Simd};
use weight_init_core::{Fill, FillError, Float, Stream, bf16, f16};

/// Elements of one fill: 64 to 256 KiB.
const ELEMENTS: usize = 1 << 15;

fn levels(criterion: &mut Criterion) {
    element_type::<f32>(criterion, "f32");
    element_type::<f64>(criterion, "f64");
    element_type::<f16>(criterion, "f16");
    element_type::<bf16>(criterion, "bf16");
}

fn element_type<T: Float>(criterion: &mut Criterion, dtype: &str) {
    let fills: [(&str, Result<Fill<T>, FillError>); 4] = [
        ("constant", Fill::constant(0.5)),
        ("uniform", Fill::uniform(-0.05, 0.05)),
        ("normal", Fill::normal(0.0, 0.02)),
        ("trunc_normal", Fill::trunc_normal(0.0, 0.02, -0.04, 0.04)),
    ];
    let stream = Stream::new(42, "fc.weight");
    let mut out = vec![T::default(); ELEMENTS];
    for (initializer, fill) in fills {
        let Ok(fill) = fill else { continue };
        let mut group = criterion.benchmark_group(format!("{initializer}_{dtype}"));
        group.throughput(Throughput::Bytes(size_of_val(&out[..]) as u64));
        for level in Level::available() {
            group.bench_function(BenchmarkId::from_parameter(level.name()), |bencher| {
                bencher.iter(|| Simd::with_level(level).fill(&fill, stream, 0, black_box(&mut out)))
            });
        }
    }
}

/// Ten thousand parameters of 64 elements as one job: what a parameter costs beside its elements.
fn small_parameters(criterion: &mut Criterion) {
    let fill = Fill::<f32>::constant(0.0);
    let (Ok(fill), mut memory) = (fill, vec![[0.0_f32; 64]; 10_000]) else { return };
    let mut group = criterion.benchmark_group("small_parameters");
    group.throughput(Throughput::Elements(memory.len() as u64));
    group.bench_function("rayon", |bencher| {
        bencher.iter(|| {
            let mut jobs: Vec<_> = (0..)
                .zip(&mut memory)
                .map(|(id, out)| Job {
                    fill,
                    stream: Stream::with_id(42, id),
                    first: 0,
                    out: &mut out[..],
                })
                .collect();
            Rayon::new().fill_all(&mut jobs)
        })
    });
}

/// Short: there are eighty of them, and what they guard against is a half or a quarter of the speed.
fn short() -> Criterion {
    let short = Criterion::default().sample_size(30);
    short.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = short(); targets = levels, small_parameters }
criterion_main!(benches);
