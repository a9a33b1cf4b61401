//! Guards the speed of windows: columns of a matrix beside as many consecutive elements, in one run.
//!
//! `cargo bench -p weight-init-benches --bench windows`. The figure is the ratio of the medians of alternating runs. At least 0.9 is
//! expected for runs of 256 elements or more, 0.75 where they begin within a block of random words, 0.5 for runs of 64 and 0.25 for
//! runs of 16.

use std::hint::black_box;
use std::time::{Duration, Instant};

use weight_init_backends::{Backend, Job, Simd, Strided, StridedBackend, StridedJob};
use weight_init_core::{Fill, Float, Stream, bf16};

/// Elements of a fill, which a core's cache holds.
const ELEMENTS: usize = 1 << 16;

/// Alternating runs of each; the medians count.
const ROUNDS: usize = 101;

/// Elements of a run, and where the first begins.
const CASES: [(usize, u64); 12] = [
    (4096, 0),
    (1366, 1366),
    (820, 820),
    (512, 0),
    (256, 0),
    (256, 1),
    (128, 0),
    (64, 0),
    (64, 1),
    (16, 0),
    (16, 1),
    (4, 0),
];

fn main() {
    // `cargo bench -- --test` only sees whether it runs.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    println!("{:<24} {:>6} {:>6} {:>8} {:>6}", "fill", "run", "first", "G/s", "ratio");
    measure::<bf16>("normal, bfloat16", Fill::normal(0.0, 0.02).ok(), rounds);
    measure::<f32>("normal, float32", Fill::normal(0.0, 0.02).ok(), rounds);
    measure::<f32>("uniform, float32", Fill::uniform(-0.02, 0.02).ok(), rounds);
    measure::<bf16>(
        "trunc_normal, bfloat16",
        Fill::trunc_normal(0.0, 0.02, -0.04, 0.04).ok(),
        rounds,
    );
}

fn measure<T: Float>(name: &str, fill: Option<Fill<T>>, rounds: usize) {
    let Some(fill) = fill else { return };
    let stream = Stream::new(42, "o_proj.weight");
    let mut memory = Vec::new();
    memory.resize(ELEMENTS, T::default());
    for (length, first) in CASES {
        let count = ELEMENTS / length * length;
        let out = memory.get_mut(..count).unwrap_or_default();
        let runs = Strided { first, length, stride: 5 * length as u64 };
        let (mut whole, mut window) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            whole.push(timed(|| {
                let mut job = [Job { fill, stream, first: 0, out: &mut *out }];
                let Ok(()) = Simd::new().fill_all(black_box(&mut job));
            }));
            window.push(timed(|| {
                let mut job = [StridedJob { fill, stream, runs, out: &mut *out }];
                let Ok(()) = Simd::new().fill_strided(black_box(&mut job));
            }));
        }
        let (whole, window) = (median(whole), median(window));
        let speed = count as f64 / window / 1e9;
        println!("{name:<24} {length:>6} {first:>6} {speed:>8.2} {:>6.2}", whole / window);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64()
}
