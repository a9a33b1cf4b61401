//! Throughput of this machine: fills beside memset, in one run.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::time::Instant;

use serde::Serialize;
use weight_init_backends::Job;
use weight_init_core::{Fill, Float, Stream, bf16, f16};

use crate::run::{BackendError, BackendKind, Filler, Meter, MeterMemory};

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Initializer and element type: `normal_f32`.
    pub case: String,
    /// Name of the backend.
    pub backend: &'static str,
    /// Threads of the processor that filled; 1 of a device's backend.
    pub threads: usize,
    /// Elements that were filled.
    pub elements: usize,
    /// Billions of elements a second, of the median run.
    pub gelem_per_s: f64,
    /// Speed relative to memset of the same bytes with as many threads, medians of alternating runs.
    pub ratio_to_memset: f64,
}

/// Runs of each case; the median counts.
const RUNS: usize = 9;

/// Measures every case with every backend of `kind` and hands out each row as soon as it is known.
///
/// ```
/// use weight_init::bench::measure;
/// use weight_init::run::BackendKind;
/// let mut rows = Vec::new();
/// measure(1000, BackendKind::Embedded, &mut |row| rows.push(row))?;
/// assert!(rows.iter().any(|row| row.case == "normal_f32" && row.gelem_per_s > 0.0));
/// # Ok::<(), weight_init::run::BackendError>(())
/// ```
///
/// # Errors
///
/// A backend that is not to be had, or memory.
pub fn measure(
    elements: usize,
    kind: BackendKind,
    row: &mut dyn FnMut(Row),
) -> Result<(), BackendError> {
    if kind == BackendKind::Cuda {
        let mut meter = Meter::start()?;
        on_device::<f32>(elements, "f32", &mut meter, row)?;
        on_device::<f64>(elements, "f64", &mut meter, row)?;
        on_device::<f16>(elements, "f16", &mut meter, row)?;
        return on_device::<bf16>(elements, "bf16", &mut meter, row);
    }
    for mut backend in backends(kind)? {
        let memset = Memset::new(&backend)?;
        element_type::<f32>(elements, "f32", &mut backend, &memset, row)?;
        element_type::<f64>(elements, "f64", &mut backend, &memset, row)?;
        element_type::<f16>(elements, "f16", &mut backend, &memset, row)?;
        element_type::<bf16>(elements, "bf16", &mut backend, &memset, row)?;
    }
    Ok(())
}

/// Backends with one thread, and with all.
fn backends(kind: BackendKind) -> Result<Vec<Filler>, BackendError> {
    match kind {
        BackendKind::Auto => Ok(vec![
            BackendKind::Embedded.start(None)?,
            BackendKind::Simd.start(None)?,
            BackendKind::Rayon.start(None)?,
        ]),
        BackendKind::Rayon => {
            let all = kind.start(None)?;
            let one = (all.threads() > 1).then(|| kind.start(Some(1))).transpose()?;
            Ok(one.into_iter().chain([all]).collect())
        }
        kind => Ok(vec![kind.start(None)?]),
    }
}

fn element_type<T: Float + bytemuck::Pod>(
    elements: usize,
    name: &str,
    backend: &mut Filler,
    memset: &Memset,
    row: &mut dyn FnMut(Row),
) -> Result<(), BackendError> {
    let mut memory = Vec::new();
    let reserved: Result<(), TryReserveError> = memory.try_reserve_exact(elements);
    reserved.map_err(|_| {
        BackendError::new(format!("there is no memory for {elements} elements of type {name}"))
    })?;
    memory.resize(elements, T::default());
    for fill in fills() {
        let (mut fills, mut sets) = (Vec::new(), Vec::new());
        // The first run only brings the memory in.
        for run in 0..=RUNS {
            let set = seconds(|| memset.run(bytemuck::cast_slice_mut(&mut memory)));
            let mut done = Ok(());
            let filled = seconds(|| {
                let stream = Stream::with_id(run as u64, 7);
                done = backend.fill_all(&mut [Job { fill, stream, first: 0, out: &mut memory }]);
                black_box(&mut memory);
            });
            done?;
            if run > 0 {
                sets.push(set);
                fills.push(filled);
            }
        }
        let case = case(&fill, name);
        row(Row::new(case, backend.name(), backend.threads(), elements, [fills, sets].map(median)));
    }
    Ok(())
}

/// The device's own memory, beside setting it there.
fn on_device<T: Float>(
    elements: usize,
    name: &str,
    meter: &mut Meter,
    row: &mut dyn FnMut(Row),
) -> Result<(), BackendError> {
    let mut memory: MeterMemory<T> = meter.allocate(elements)?;
    for fill in fills() {
        let (mut fills, mut sets) = (Vec::new(), Vec::new());
        for run in 0..RUNS {
            let [fill, set] = meter.seconds(&fill, Stream::with_id(run as u64, 7), &mut memory)?;
            fills.push(fill);
            sets.push(set);
        }
        let times = [fills, sets].map(median);
        row(Row::new(case(&fill, name), BackendKind::Cuda.name(), 1, elements, times));
    }
    Ok(())
}

/// The fills that are measured of each element type.
fn fills<T: Float>() -> impl Iterator<Item = Fill<T>> {
    let fills = [
        Fill::constant(0.5),
        Fill::uniform(-0.05, 0.05),
        Fill::normal(0.0, 0.02),
        Fill::trunc_normal(0.0, 0.02, -0.04, 0.04),
    ];
    fills.into_iter().flatten()
}

fn case<T: Float>(fill: &Fill<T>, name: &str) -> String {
    format!("{}_{name}", fill.name())
}

impl Row {
    /// Of the seconds that the fill takes, and memset.
    fn new(
        case: String,
        backend: &'static str,
        threads: usize,
        elements: usize,
        [fill, set]: [f64; 2],
    ) -> Self {
        let gelem_per_s = elements as f64 / fill / 1e9;
        Self { case, backend, threads, elements, gelem_per_s, ratio_to_memset: set / fill }
    }
}

/// Sets bytes with as many threads as a backend has.
struct Memset {
    pool: rayon::ThreadPool,
    threads: usize,
}

impl Memset {
    fn new(backend: &Filler) -> Result<Self, BackendError> {
        let threads = backend.threads();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool =
            pool.map_err(|error| BackendError::new(format!("cannot start the threads: {error}")))?;
        Ok(Self { pool, threads })
    }

    fn run(&self, bytes: &mut [u8]) {
        let share = bytes.len().div_ceil(self.threads).max(1);
        if self.threads == 1 {
            black_box(bytes).fill(black_box(1));
            return;
        }
        self.pool.scope(|scope| {
            for part in bytes.chunks_mut(share) {
                scope.spawn(|_| black_box(part).fill(black_box(1)));
            }
        });
    }
}

fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    // A clock too coarse for the work must not divide by zero.
    start.elapsed().as_secs_f64().max(1e-9)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
