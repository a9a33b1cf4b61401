//! What this machine does: fills beside memset, in one run.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::time::Instant;

use serde::Serialize;
use weight_init_backends::Job;
use weight_init_core::{Fill, Float, Stream, bf16, f16};

use crate::run::{BackendError, BackendKind, Cpu};

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Initializer and element type: `normal_f32`.
    pub case: String,
    /// Name of the backend.
    pub backend: &'static str,
    /// Threads that filled.
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
    for mut backend in backends(kind)? {
        let memset = Memset::new(&backend)?;
        element_type::<f32>(elements, "f32", &mut backend, &memset, row)?;
        element_type::<f64>(elements, "f64", &mut backend, &memset, row)?;
        element_type::<f16>(elements, "f16", &mut backend, &memset, row)?;
        element_type::<bf16>(elements, "bf16", &mut backend, &memset, row)?;
    }
    Ok(())
}

/// Those with one thread, and those with all.
fn backends(kind: BackendKind) -> Result<Vec<Cpu>, BackendError> {
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
    backend: &mut Cpu,
    memset: &Memset,
    row: &mut dyn FnMut(Row),
) -> Result<(), BackendError> {
    let fills = [
        ("constant", Fill::<T>::constant(0.5)),
        ("uniform", Fill::uniform(-0.05, 0.05)),
        ("normal", Fill::normal(0.0, 0.02)),
        ("trunc_normal", Fill::trunc_normal(0.0, 0.02, -0.04, 0.04)),
    ];
    let mut memory = Vec::new();
    let reserved: Result<(), TryReserveError> = memory.try_reserve_exact(elements);
    reserved.map_err(|_| {
        BackendError::new(format!("there is no memory for {elements} elements of type {name}"))
    })?;
    memory.resize(elements, T::default());
    for (initializer, fill) in fills {
        let Ok(fill) = fill else { continue };
        let (mut fills, mut sets) = (Vec::new(), Vec::new());
        // The first run only brings the memory in.
        for run in 0..=RUNS {
            let set = seconds(|| memset.run(bytemuck::cast_slice_mut(&mut memory)));
            let filled = seconds(|| {
                let stream = Stream::with_id(run as u64, 7);
                backend.fill_all(&mut [Job { fill, stream, first: 0, out: &mut memory }]);
                black_box(&mut memory);
            });
            if run > 0 {
                sets.push(set);
                fills.push(filled);
            }
        }
        let (fill, set) = (median(fills), median(sets));
        row(Row {
            case: format!("{initializer}_{name}"),
            backend: backend.name(),
            threads: backend.threads(),
            elements,
            gelem_per_s: elements as f64 / fill / 1e9,
            ratio_to_memset: set / fill,
        });
    }
    Ok(())
}

/// Sets bytes with as many threads as a backend has.
struct Memset {
    pool: rayon::ThreadPool,
    threads: usize,
}

impl Memset {
    fn new(backend: &Cpu) -> Result<Self, BackendError> {
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
