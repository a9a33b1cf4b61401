use core::convert::Infallible;
use core::fmt;
use core::slice;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use rayon::{ThreadPool, ThreadPoolBuilder};
use weight_init_core::line_fill::LineFill;
use weight_init_core::{Fill, Float, Stream};

use crate::line::{LineBackend, make, window};
use crate::tile::{TILE, tiles};
use crate::{Backend, Job, Level};

/// All cores, into the caller's buffer.
///
/// The result does not depend on the number of threads, nor on how the work is cut.
///
/// A call is one parallel job, whatever the number of parameters; up to 32 768 elements in all are filled by the caller
/// alone. A thread begins with neighbouring tiles, so that on machines where each processor has memory of its own most
/// pages come to lie with the one that fills them first.
///
/// ```
/// use weight_init_backends::{Backend, Embedded, Rayon};
/// use weight_init_core::{Fill, Stream};
///
/// let fill = Fill::<f32>::normal(0.0, 1.0)?;
/// let stream = Stream::new(42, "fc.weight");
/// let (mut one, mut many) = (vec![0.0; 100_000], vec![0.0; 100_000]);
/// Embedded.fill(&fill, stream, 0, &mut one)?;
/// Rayon::new().fill(&fill, stream, 0, &mut many)?;
/// assert_eq!(one, many);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Rayon {
    /// Threads of its own; `None`: those of the pool that it is called in.
    pool: Option<ThreadPool>,
    level: Level,
}

/// The operating system gave no threads.
#[derive(Debug)]
pub struct BuildError(rayon::ThreadPoolBuildError);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start the threads: {}", self.0)
    }
}

impl core::error::Error for BuildError {}

impl Rayon {
    /// On the threads of the rayon pool that it is called in, as a rule the global one with a thread per core.
    #[must_use]
    pub fn new() -> Self {
        Self { pool: None, level: Level::best() }
    }

    /// As [`new`](Self::new), with the threads begun already: without this, the first fill begins them, and panics where there are
    /// none to be had.
    ///
    /// # Errors
    ///
    /// The operating system gives no threads.
    pub fn started() -> Result<Self, BuildError> {
        if rayon::current_thread_index().is_none()
            && let Err(error) = ThreadPoolBuilder::new().build_global()
            // A pool that is there already is an error without a source.
            && core::error::Error::source(&error).is_some()
        {
            return Err(BuildError(error));
        }
        Ok(Self::new())
    }

    /// On as many threads of its own.
    ///
    /// # Errors
    ///
    /// The operating system gives no threads.
    pub fn with_threads(threads: usize) -> Result<Self, BuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(BuildError)?;
        Ok(Self { pool: Some(pool), level: Level::best() })
    }

    pub(crate) const fn level(&self) -> Level {
        self.level
    }

    /// On its threads.
    pub(crate) fn run(&self, work: impl FnOnce() + Send) {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// The number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
    }
}

impl Default for Rayon {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Backend<T> for Rayon {
    type Memory = [T];
    type Error = Infallible;

    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        let mut job = Job { fill: *fill, stream, first, out };
        self.fill_all(slice::from_mut(&mut job))
    }

    fn fill_all(&mut self, jobs: &mut [Job<'_, T>]) -> Result<(), Infallible> {
        let level = self.level;
        let elements = jobs.iter().map(|job| job.out.len()).sum::<usize>();
        let bytes = elements * size_of::<T>();
        let write = |job: &mut Job<'_, T>| {
            level.write_part(&job.fill, job.stream, job.first, job.out, bytes);
        };
        // Waking other threads costs more than so few elements.
        if elements <= TILE {
            jobs.iter_mut().for_each(write);
            return Ok(());
        }
        self.run(|| tiles(jobs).into_par_iter().for_each(|mut tile| write(&mut tile)));
        Ok(())
    }
}

/// Bytes of the lines that a thread takes at a time: each time the random vectors of an orthogonal matrix are made anew.
const LINES: usize = 1 << 19;

impl<T: Float> LineBackend<T> for Rayon {
    fn fill_lines(
        &mut self,
        fill: &LineFill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        let level = self.level;
        let length = fill.lines().length;
        window(fill, first, out, |line, out| {
            let at_once = (LINES / size_of::<T>().saturating_mul(length).max(1)).max(1);
            let block = at_once.saturating_mul(length).max(1);
            if out.len() <= TILE.min(block) {
                return make(level, fill, stream, line, out);
            }
            // The last lines of an orthogonal matrix take longest, so they are begun first.
            self.run(|| {
                out.par_chunks_mut(block).enumerate().rev().with_max_len(1).for_each(
                    |(number, out)| make(level, fill, stream, line + number * at_once, out),
                );
            });
        });
        Ok(())
    }
}
