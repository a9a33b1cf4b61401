//! Threads of this module's own, which survive a fork of the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::Fault;

static FORKED: AtomicBool = AtomicBool::new(false);
static POOL: Mutex<Option<Arc<ThreadPool>>> = Mutex::new(None);

/// Told to the child of a fork: the threads of the pool are its parent's.
#[pyfunction]
pub(crate) fn after_fork() {
    FORKED.store(true, Ordering::Release);
}

/// The number of threads that fill: `threads`, or else `WEIGHT_INIT_THREADS`, or else this process's share of the cores.
///
/// torchrun starts `LOCAL_WORLD_SIZE` processes on a machine, which share it.
#[pyfunction]
#[pyo3(signature = (threads = None))]
pub(crate) fn threads(threads: Option<usize>) -> usize {
    let number = |name| std::env::var(name).ok()?.trim().parse::<usize>().ok().filter(|n| *n > 0);
    let share = || {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        cores / number("LOCAL_WORLD_SIZE").unwrap_or(1)
    };
    threads.or_else(|| number("WEIGHT_INIT_THREADS")).unwrap_or_else(share).clamp(1, MOST_THREADS)
}

/// No machine has more; a mistyped number must not exhaust this one.
const MOST_THREADS: usize = 1024;

/// A pool of so many threads; the last one is kept for the next call.
pub(crate) fn pool(wanted: Option<usize>) -> Result<Arc<ThreadPool>, Fault> {
    let wanted = threads(wanted);
    let mut kept = match POOL.try_lock() {
        Err(TryLockError::WouldBlock) if FORKED.load(Ordering::Acquire) => {
            // A thread of the parent held the lock when the process forked: nobody here will release it.
            return start(wanted);
        }
        Err(TryLockError::WouldBlock) => POOL.lock().unwrap_or_else(PoisonError::into_inner),
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Ok(kept) => kept,
    };
    if FORKED.swap(false, Ordering::AcqRel) {
        // Dropping it would wait for threads that do not exist here.
        std::mem::forget(kept.take());
    }
    match &*kept {
        Some(pool) if pool.current_num_threads() == wanted => Ok(Arc::clone(pool)),
        _ => Ok(Arc::clone(kept.insert(start(wanted)?))),
    }
}

fn start(threads: usize) -> Result<Arc<ThreadPool>, Fault> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("weight-init-{index}"))
        .build()
        .map_err(|error| Fault::Model(format!("cannot start {threads} threads: {error}")))?;
    Ok(Arc::new(pool))
}
