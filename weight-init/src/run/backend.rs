use std::fmt;

use weight_init_backends::{
    Backend, Embedded, Job, LineJobs, Rayon, Simd, StridedBackend, StridedJob,
};
use weight_init_core::Float;

use super::cuda::Device;

/// The backends that a person can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendKind {
    /// A CUDA device if this build can use one and there is one, else all cores.
    #[default]
    Auto,
    /// The scalar reference, as on a microcontroller.
    Embedded,
    /// One core with its vector instructions.
    Simd,
    /// All cores.
    Rayon,
    /// A CUDA device.
    Cuda,
}

/// A backend that fills main memory.
#[derive(Debug)]
pub enum Filler {
    /// See [`Embedded`].
    Embedded(Embedded),
    /// See [`Simd`].
    Simd(Simd),
    /// See [`Rayon`].
    Rayon(Rayon),
    /// By way of a CUDA device.
    Cuda(Device),
}

/// A backend that is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendError(String);

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BackendError {}

impl BackendError {
    pub(crate) const fn new(message: String) -> Self {
        Self(message)
    }
}

impl BackendKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Embedded, Self::Simd, Self::Rayon, Self::Cuda];

    /// As `--backend` spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Embedded => "embedded",
            Self::Simd => "simd",
            Self::Rayon => "rayon",
            Self::Cuda => "cuda",
        }
    }

    /// Makes the backend ready; `threads` of its own, or one per core.
    ///
    /// # Errors
    ///
    /// A backend that this build does not have, a device that is not there, threads that the system does not give.
    pub fn start(self, threads: Option<usize>) -> Result<Filler, BackendError> {
        self.start_or_fall_back(threads, |_| ())
    }

    /// As [`start`](Self::start); where `Auto` falls back to the processor in a build that can use a CUDA device, it says
    /// why. With `threads`, `Auto` is the processor.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_or_fall_back(
        self,
        threads: Option<usize>,
        fell_back: impl FnOnce(&BackendError),
    ) -> Result<Filler, BackendError> {
        match self {
            Self::Embedded => Ok(Filler::Embedded(Embedded)),
            Self::Simd => Ok(Filler::Simd(Simd::new())),
            Self::Cuda => Device::start().map(Filler::Cuda),
            Self::Auto if Device::BUILT && threads.is_none() => {
                Device::start().map(Filler::Cuda).or_else(|error| {
                    fell_back(&error);
                    Ok(Filler::of_processor(None))
                })
            }
            Self::Auto => Ok(Filler::of_processor(threads)),
            Self::Rayon => Filler::with_threads(threads),
        }
    }
}

impl Filler {
    fn with_threads(threads: Option<usize>) -> Result<Self, BackendError> {
        let started = threads.map_or_else(Rayon::started, Rayon::with_threads);
        started.map(Self::Rayon).map_err(|error| BackendError(error.to_string()))
    }

    /// The threads of the processor, or where the system gives none, the one that there is.
    fn of_processor(threads: Option<usize>) -> Self {
        Self::with_threads(threads).unwrap_or_else(|_| Self::Simd(Simd::new()))
    }

    /// As `--backend` spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Embedded(_) => "embedded",
            Self::Simd(_) => "simd",
            Self::Rayon(_) => "rayon",
            Self::Cuda(_) => "cuda",
        }
    }

    /// The number of threads of this machine's processors that fill.
    #[must_use]
    pub fn threads(&self) -> usize {
        match self {
            Self::Embedded(_) | Self::Simd(_) | Self::Cuda(_) => 1,
            Self::Rayon(rayon) => rayon.threads(),
        }
    }

    /// Backends that fill at the same time as each other, of at most so many threads together, for work that is waited for
    /// elsewhere; `None`: this one alone should.
    pub(crate) fn several(&self, most: usize) -> Option<Vec<Self>> {
        match self {
            Self::Rayon(rayon) if rayon.threads() > 1 && most > 1 => {
                let count = rayon.threads().min(most);
                Some((0..count).map(|_| Self::Simd(Simd::new())).collect())
            }
            _ => None,
        }
    }

    /// Carries out many fills as one.
    ///
    /// # Errors
    ///
    /// A device's failure; a processor has none.
    pub fn fill_all<T: Float>(&mut self, jobs: &mut [Job<'_, T>]) -> Result<(), BackendError> {
        let Ok(()) = match self {
            Self::Embedded(embedded) => embedded.fill_all(jobs),
            Self::Simd(simd) => simd.fill_all(jobs),
            Self::Rayon(rayon) => rayon.fill_all(jobs),
            Self::Cuda(device) => return device.fill_all(jobs),
        };
        Ok(())
    }

    /// Carries out many fills of runs as one; beside a CUDA device all cores of the host do it.
    pub(super) fn fill_strided<T: Float>(&mut self, jobs: &mut [StridedJob<'_, T>]) {
        let Ok(()) = match self {
            Self::Embedded(embedded) => embedded.fill_strided(jobs),
            Self::Simd(simd) => simd.fill_strided(jobs),
            Self::Rayon(rayon) => rayon.fill_strided(jobs),
            Self::Cuda(_) => Rayon::new().fill_strided(jobs),
        };
    }

    /// Carries out fills of lines; beside a CUDA device all cores of the host do it.
    pub(super) fn fill_lines(&mut self, jobs: &mut LineJobs<'_>) {
        let Ok(()) = match self {
            Self::Embedded(embedded) => jobs.run(embedded),
            Self::Simd(simd) => jobs.run(simd),
            Self::Rayon(rayon) => jobs.run(rayon),
            Self::Cuda(_) => jobs.run(&mut Rayon::new()),
        };
    }
}
