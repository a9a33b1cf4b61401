use std::fmt;

use weight_init_backends::{Backend, Embedded, Job, Rayon, Simd};
use weight_init_core::Float;

/// The backends that a person can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendKind {
    /// The fastest there is.
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
pub enum Cpu {
    /// See [`Embedded`].
    Embedded(Embedded),
    /// See [`Simd`].
    Simd(Simd),
    /// See [`Rayon`].
    Rayon(Rayon),
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
    /// A backend that this build does not have, threads that the system does not give.
    pub fn start(self, threads: Option<usize>) -> Result<Cpu, BackendError> {
        match self {
            Self::Embedded => Ok(Cpu::Embedded(Embedded)),
            Self::Simd => Ok(Cpu::Simd(Simd::new())),
            Self::Auto | Self::Rayon => match threads {
                None => Ok(Cpu::Rayon(Rayon::new())),
                Some(threads) => {
                    Rayon::with_threads(threads).map(Cpu::Rayon).map_err(|error| BackendError(error.to_string()))
                }
            },
            Self::Cuda => Err(BackendError(
                "this build has no backend 'cuda'; there are 'auto', 'embedded', 'simd', 'rayon', and each gives the \
                 same bits"
                    .to_owned(),
            )),
        }
    }
}

impl Cpu {
    /// As `--backend` spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Embedded(_) => "embedded",
            Self::Simd(_) => "simd",
            Self::Rayon(_) => "rayon",
        }
    }

    /// The number of threads that fill.
    #[must_use]
    pub fn threads(&self) -> usize {
        match self {
            Self::Embedded(_) | Self::Simd(_) => 1,
            Self::Rayon(rayon) => rayon.threads(),
        }
    }

    /// Carries out many fills as one.
    pub fn fill_all<T: Float>(&mut self, jobs: &mut [Job<'_, T>]) {
        let Ok(()) = match self {
            Self::Embedded(embedded) => embedded.fill_all(jobs),
            Self::Simd(simd) => simd.fill_all(jobs),
            Self::Rayon(rayon) => rayon.fill_all(jobs),
        };
    }
}
