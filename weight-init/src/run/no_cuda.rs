//! In the place of CUDA devices in builds that cannot use one: nothing of this can be made.

use std::marker::PhantomData;

use weight_init_backends::Job;
use weight_init_core::{Fill, Float, Stream};

use super::BackendError;

/// A CUDA device that fills main memory; in this build there is none.
#[derive(Debug)]
pub enum Device {}

impl Device {
    /// Whether this build can use one.
    pub(super) const BUILT: bool = false;

    pub(super) fn start() -> Result<Self, BackendError> {
        Err(not_built())
    }

    pub(super) fn fill_all<T: Float>(&mut self, _: &mut [Job<'_, T>]) -> Result<(), BackendError> {
        match *self {}
    }
}

/// A CUDA device whose own memory is filled, to take the time; in this build there is none.
#[derive(Debug)]
pub(crate) enum Meter {}

/// Its memory.
pub(crate) type MeterMemory<T> = PhantomData<T>;

impl Meter {
    pub(crate) fn start() -> Result<Self, BackendError> {
        Err(not_built())
    }

    pub(crate) fn allocate<T: Float>(&self, _: usize) -> Result<MeterMemory<T>, BackendError> {
        match *self {}
    }

    pub(crate) fn seconds<T: Float>(
        &mut self,
        _: &Fill<T>,
        _: Stream,
        _: &mut MeterMemory<T>,
    ) -> Result<[f64; 2], BackendError> {
        match *self {}
    }
}

fn not_built() -> BackendError {
    let why = if cfg!(feature = "cuda") {
        "is for Linux on 64 bits alone"
    } else {
        "takes the feature 'cuda'"
    };
    BackendError::new(format!(
        "this build has no backend 'cuda', which {why}; there are 'auto', 'embedded', 'simd', 'rayon', and each gives the \
         same bits"
    ))
}
