use std::mem::ManuallyDrop;
use std::slice;
use std::vec::Vec;

use cust::memory::{DeviceBuffer, LockedBuffer};
use cust::sys;
use weight_init_core::{Fill, Float, Stream};

use super::error::{While, answer};
use super::event::Event;
use super::launch::Target;
use super::{Cuda, CudaError};
use crate::{Backend, Job};

/// Bytes of a stage.
const STAGE: usize = 4 << 20;
/// Jobs begin at multiples of this, so that the device's widest store may be used.
const ALIGN: usize = 16;

/// A CUDA device that fills main memory: by way of two stages, each some memory of the device and page-locked memory
/// beside it. While the device fills and copies one of them, the other one goes to the caller's memory.
///
/// ```no_run
/// use weight_init_backends::{Backend, Cuda, Staged};
/// use weight_init_core::{Fill, Stream};
///
/// let mut staged = Staged::new(Cuda::new()?)?;
/// let mut weights = vec![0.0_f32; 1 << 20];
/// staged.fill(&Fill::normal(0.0, 0.02)?, Stream::new(42, "fc.weight"), 0, &mut weights)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Staged {
    cuda: Cuda,
    stages: ManuallyDrop<[Stage; 2]>,
}

#[derive(Debug)]
struct Stage {
    device: DeviceBuffer<u64>,
    host: LockedBuffer<u64>,
    /// When `host` holds what `device` does.
    copied: Event,
}

/// A part of a job, and where it stands in a stage.
struct Part {
    job: usize,
    /// Elements of the job before it.
    from: usize,
    len: usize,
    /// Bytes of the stage before it.
    at: usize,
}

impl Staged {
    /// By way of this device.
    ///
    /// # Errors
    ///
    /// [`CudaError::OutOfMemory`]; [`CudaError::Driver`].
    pub fn new(cuda: Cuda) -> Result<Self, CudaError> {
        cuda.make_current()?;
        let stages = ManuallyDrop::new([Stage::new()?, Stage::new()?]);
        Ok(Self { cuda, stages })
    }

    /// The device's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.cuda.name()
    }

    /// Orders a stage to be filled with some parts of jobs, and to be copied.
    fn order<T: Float>(
        &mut self,
        stage: usize,
        jobs: &[Job<'_, T>],
        parts: &[Part],
    ) -> Result<(), CudaError> {
        let own = self.cuda.stream();
        let Some(Stage { device, host, copied }) = self.stages.get_mut(stage) else {
            return Ok(());
        };
        let address = device.as_device_ptr().as_raw();
        let target = |part: &Part| {
            let job = jobs.get(part.job)?;
            Some(Target {
                fill: job.fill,
                stream: job.stream,
                first: job.first.wrapping_add(part.from as u64),
                address: address + part.at as u64,
                len: part.len,
            })
        };
        let targets: Vec<_> = parts.iter().filter_map(target).collect();
        let bytes = parts.last().map_or(0, |part| part.at + part.len * size_of::<T>());
        // SAFETY: the stage's memory is there until the stream was waited for, and used by this stream alone.
        unsafe { self.cuda.launch(own, &targets) }?;
        // SAFETY: both have so many bytes, and are there until the event was waited for.
        let ordered =
            unsafe { sys::cuMemcpyDtoHAsync_v2(host.as_mut_ptr().cast(), address, bytes, own) };
        answer(ordered, "copy from the device")?;
        // SAFETY: the stream is the device's own.
        unsafe { copied.record(own) }
    }

    /// Waits for a stage and copies its parts to their jobs.
    fn take<T: Float>(
        &self,
        stage: usize,
        jobs: &mut [Job<'_, T>],
        parts: &[Part],
    ) -> Result<(), CudaError> {
        let Some(stage) = self.stages.get(stage) else { return Ok(()) };
        stage.copied.wait()?;
        for part in parts {
            let out = jobs
                .get_mut(part.job)
                .and_then(|job| job.out.get_mut(part.from..part.from + part.len));
            let Some(out) = out else { continue };
            let from = stage.host.as_ptr().cast::<u8>().wrapping_add(part.at).cast::<T>();
            // SAFETY: the part lies within the stage at a multiple of its elements' size, and any bits are numbers.
            out.copy_from_slice(unsafe { slice::from_raw_parts(from, out.len()) });
        }
        Ok(())
    }
}

impl Stage {
    fn new() -> Result<Self, CudaError> {
        let words = STAGE / 8;
        // SAFETY: what is read of it was written before, by the device.
        let device = unsafe { DeviceBuffer::uninitialized(words) }.to_reserve(STAGE)?;
        let host = LockedBuffer::new(&0, words).to_reserve(STAGE)?;
        Ok(Self { device, host, copied: Event::new()? })
    }
}

/// Cuts jobs into parts, as many as fit a stage at a time.
#[derive(Default)]
struct Cursor {
    job: usize,
    from: usize,
}

impl Cursor {
    /// The next stage's parts; none in the end.
    fn parts<T: Float>(&mut self, jobs: &[Job<'_, T>]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(job) = jobs.get(self.job) {
            let left = job.out.len() - self.from;
            let len = left.min((STAGE - at) / size_of::<T>());
            if len > 0 {
                parts.push(Part { job: self.job, from: self.from, len, at });
                at = (at + len * size_of::<T>()).next_multiple_of(ALIGN).min(STAGE);
            }
            self.from += len;
            if len < left {
                break;
            }
            *self = Self { job: self.job + 1, from: 0 };
        }
        parts
    }
}

impl<T: Float> Backend<T> for Staged {
    type Memory = [T];
    type Error = CudaError;

    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), CudaError> {
        let mut job = Job { fill: *fill, stream, first, out };
        self.fill_all(slice::from_mut(&mut job))
    }

    fn fill_all(&mut self, jobs: &mut [Job<'_, T>]) -> Result<(), CudaError> {
        let mut cursor = Cursor::default();
        let mut stage = 0;
        let mut before = Vec::new();
        loop {
            let parts = cursor.parts(jobs);
            if !parts.is_empty() {
                self.order(stage, jobs, &parts)?;
            }
            if !before.is_empty() {
                self.take(1 - stage, jobs, &before)?;
            }
            if parts.is_empty() {
                return Ok(());
            }
            (before, stage) = (parts, 1 - stage);
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Before its memory is freed nothing may use it. If the work failed, nothing does.
        let _ = self.cuda.make_current().and_then(|()| self.cuda.wait());
        // SAFETY: they are not used after this.
        unsafe { ManuallyDrop::drop(&mut self.stages) };
    }
}
