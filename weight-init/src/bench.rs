//! Throughput of this machine: fills beside memset and beside the fastest fill with a constant, in one run.
//!
//! A constant needs no arithmetic, and large ones go past the caches, where memset may not: its speed is the limit that memory sets.

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
    /// Speed relative to the fastest fill of the same elements with a constant: that of vectors with as many threads, or of the
    /// device; medians of alternating runs.
    pub ratio_to_constant: f64,
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
        let mut best = BackendKind::Rayon.start(Some(backend.threads()))?;
        element_type::<f32>(elements, "f32", [&mut backend, &mut best], &memset, row)?;
        element_type::<f64>(elements, "f64", [&mut backend, &mut best], &memset, row)?;
        element_type::<f16>(elements, "f16", [&mut backend, &mut best], &memset, row)?;
        element_type::<bf16>(elements, "bf16", [&mut backend, &mut best], &memset, row)?;
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
    [backend, best]: [&mut Filler; 2],
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
        let mut times = Times::default();
        // The first run only brings the memory in.
        for run in 0..=RUNS {
            let set = seconds(|| memset.run(bytemuck::cast_slice_mut(&mut memory)));
            let stream = Stream::with_id(run as u64, 7);
            let mut timed = |filler: &mut Filler, fill: Fill<T>| -> Result<f64, BackendError> {
                let mut done = Ok(());
                let seconds = seconds(|| {
                    done = filler.fill_all(&mut [Job { fill, stream, first: 0, out: &mut memory }]);
                    black_box(&mut memory);
                });
                done.map(|()| seconds)
            };
            let constant = timed(best, constant())?;
            let filled = timed(backend, fill)?;
            if run > 0 {
                times.fills.push(filled);
                times.sets.push(set);
                times.constants.push(constant);
            }
        }
        row(times.row(case(&fill, name), backend.name(), backend.threads(), elements));
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
    // Those of the first case, for a device knows no faster constant.
    let mut constants = Vec::new();
    for fill in fills() {
        let mut times = Times::default();
        for run in 0..RUNS {
            let [filled, set] =
                meter.seconds(&fill, Stream::with_id(run as u64, 7), &mut memory)?;
            times.fills.push(filled);
            times.sets.push(set);
        }
        if constants.is_empty() {
            constants.clone_from(&times.fills);
        }
        times.constants.clone_from(&constants);
        row(times.row(case(&fill, name), BackendKind::Cuda.name(), 1, elements));
    }
    Ok(())
}

/// The fills that are measured of each element type, the constant first.
fn fills<T: Float>() -> impl Iterator<Item = Fill<T>> {
    let fills = [
        Fill::uniform(-0.05, 0.05),
        Fill::normal(0.0, 0.02),
        Fill::trunc_normal(0.0, 0.02, -0.04, 0.04),
    ];
    [constant()].into_iter().chain(fills.into_iter().flatten())
}

/// The yardstick, and a case as well.
fn constant<T: Float>() -> Fill<T> {
    Fill::Constant(T::from_f64_rounded(0.5))
}

fn case<T: Float>(fill: &Fill<T>, name: &str) -> String {
    format!("{}_{name}", fill.name())
}

/// Seconds of each run.
#[derive(Debug, Default)]
struct Times {
    fills: Vec<f64>,
    sets: Vec<f64>,
    constants: Vec<f64>,
}

impl Times {
    fn row(self, case: String, backend: &'static str, threads: usize, elements: usize) -> Row {
        let [fill, set, constant] = [self.fills, self.sets, self.constants].map(median);
        Row {
            case,
            backend,
            threads,
            elements,
            gelem_per_s: elements as f64 / fill / 1e9,
            ratio_to_memset: set / fill,
            ratio_to_constant: constant / fill,
        }
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
