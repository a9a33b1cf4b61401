//! CUDA devices, in builds with the feature `cuda`.

use weight_init_backends::cuda::{Cuda, CudaError, DeviceMemory, Staged};
use weight_init_backends::{Backend, Job};
use weight_init_core::{Fill, Float, Stream};

use super::BackendError;

/// A CUDA device that fills main memory.
#[derive(Debug)]
pub struct Device(Box<Staged>);

impl Device {
    /// Whether this build can use one.
    pub(super) const BUILT: bool = true;

    pub(super) fn start() -> Result<Self, BackendError> {
        Ok(Self(Box::new(Staged::new(Cuda::new()?)?)))
    }

    pub(super) fn fill_all<T: Float>(
        &mut self,
        jobs: &mut [Job<'_, T>],
    ) -> Result<(), BackendError> {
        Ok(self.0.fill_all(jobs)?)
    }
}

/// A CUDA device whose own memory is filled, to take the time.
#[derive(Debug)]
pub(crate) struct Meter(Cuda);

/// Its memory.
pub(crate) type MeterMemory<T> = DeviceMemory<T>;

impl Meter {
    pub(crate) fn start() -> Result<Self, BackendError> {
        Ok(Self(Cuda::new()?))
    }

    pub(crate) fn allocate<T: Float>(&self, len: usize) -> Result<MeterMemory<T>, BackendError> {
        Ok(self.0.allocate(len)?)
    }

    /// Seconds of a fill, and of setting the same memory.
    pub(crate) fn seconds<T: Float>(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        memory: &mut MeterMemory<T>,
    ) -> Result<[f64; 2], BackendError> {
        Ok(self.0.seconds(fill, stream, memory)?)
    }
}

impl From<CudaError> for BackendError {
    fn from(error: CudaError) -> Self {
        Self::new(error.to_string())
    }
}
