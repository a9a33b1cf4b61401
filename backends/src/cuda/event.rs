use std::ptr;

use cust::sys;

use super::CudaError;
use super::error::answer;

/// A point in the work of a stream, of `cust` or of a caller's.
#[derive(Debug)]
pub(super) struct Event(sys::CUevent);

// SAFETY: the driver's calls may come from any thread.
unsafe impl Send for Event {}

impl Event {
    /// Makes an event that has not been recorded; a context must be current.
    pub(super) fn new() -> Result<Self, CudaError> {
        let mut event = ptr::null_mut();
        // SAFETY: the pointer is to a place for the handle; 0 stands for no flags.
        answer(unsafe { sys::cuEventCreate(&raw mut event, 0) }, "create an event")?;
        Ok(Self(event))
    }

    /// Marks the point up to which the stream's work has been enqueued.
    ///
    /// # Safety
    ///
    /// The stream is one of the current context.
    pub(super) unsafe fn record(&self, stream: sys::CUstream) -> Result<(), CudaError> {
        // SAFETY: as above; the event is one.
        answer(unsafe { sys::cuEventRecord(self.0, stream) }, "record an event")
    }

    /// Waits until the work before the point is done; not at all if none was recorded.
    pub(super) fn wait(&self) -> Result<(), CudaError> {
        // SAFETY: the event is one.
        answer(unsafe { sys::cuEventSynchronize(self.0) }, "carry out its work")
    }

    /// Milliseconds from another point to this one, both of which have passed.
    pub(super) fn since(&self, start: &Self) -> Result<f32, CudaError> {
        let mut milliseconds = 0.0;
        // SAFETY: both are events, and the pointer is to a place for the time.
        let result = unsafe { sys::cuEventElapsedTime(&raw mut milliseconds, start.0, self.0) };
        answer(result, "take the time")?;
        Ok(milliseconds)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: nothing else has the handle. An answer could not be used.
        let _ = unsafe { sys::cuEventDestroy_v2(self.0) };
    }
}
