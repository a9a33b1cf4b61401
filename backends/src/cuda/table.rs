//! Copies of segment tables to the device.

use std::collections::VecDeque;
use std::mem::{self, MaybeUninit};

use cust::memory::{DeviceBuffer, LockedBuffer};
use cust::sys;

use super::CudaError;
use super::error::{While, answer};
use super::event::Event;

/// Launches whose tables may be in flight at once; the next one waits for the first of them.
const SLOTS: usize = 8;

/// Memory for tables, used in turn: launches that are enqueued on a stream may still read them.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// In the order of their use.
    slots: VecDeque<Slot>,
}

#[derive(Debug)]
struct Slot {
    host: LockedBuffer<u64>,
    device: DeviceBuffer<u64>,
    /// After the launch that reads the table.
    read: Event,
}

impl Tables {
    /// Enqueues the copy of a table on a stream, then the launch that `launch` enqueues with the table's device address.
    ///
    /// # Safety
    ///
    /// The stream is one of the current context, and `launch` enqueues on no other stream anything that reads the table.
    pub(super) unsafe fn with(
        &mut self,
        table: &[MaybeUninit<u8>],
        stream: sys::CUstream,
        launch: impl FnOnce(u64) -> Result<(), CudaError>,
    ) -> Result<(), CudaError> {
        let mut slot = self.free_slot(table.len().div_ceil(8))?;
        // SAFETY: as the caller promises; nothing uses the slot.
        let ordered = unsafe { slot.order(table, stream) }.and_then(launch);
        // SAFETY: as the caller promises. Even after a failed launch, the copy is under way.
        let marked = unsafe { slot.mark(stream) };
        match marked {
            Ok(()) => self.slots.push_back(slot),
            // Nobody knows how long the device reads it: it stays for ever.
            Err(_) => mem::forget(slot),
        }
        ordered.and(marked)
    }

    /// A slot that nothing uses any more, with room for so many words.
    fn free_slot(&mut self, words: usize) -> Result<Slot, CudaError> {
        if self.slots.len() < SLOTS {
            return Slot::new(words);
        }
        if let Some(slot) = self.slots.front() {
            slot.read.wait()?;
        }
        match self.slots.pop_front() {
            Some(slot) if slot.host.len() >= words => Ok(slot),
            _ => Slot::new(words),
        }
    }

    /// Waits until nothing uses the tables.
    pub(super) fn wait(&self) -> Result<(), CudaError> {
        self.slots.iter().try_for_each(|slot| slot.read.wait())
    }
}

impl Slot {
    fn new(words: usize) -> Result<Self, CudaError> {
        let words = words.next_power_of_two().max(1 << 10);
        let host = LockedBuffer::new(&0, words).to_reserve(words * 8)?;
        // SAFETY: it is written before it is read.
        let device = unsafe { DeviceBuffer::uninitialized(words) }.to_reserve(words * 8)?;
        Ok(Self { host, device, read: Event::new()? })
    }

    /// Orders a stream to copy a table here; its address in the device's memory.
    ///
    /// # Safety
    ///
    /// The stream is one of the current context; nothing uses the slot, and nothing frees it before the stream is done.
    unsafe fn order(
        &mut self,
        table: &[MaybeUninit<u8>],
        stream: sys::CUstream,
    ) -> Result<u64, CudaError> {
        let to = self.host.as_mut_ptr().cast::<MaybeUninit<u8>>();
        // SAFETY: the buffer has so many bytes, and nothing reads it any more.
        unsafe { to.copy_from_nonoverlapping(table.as_ptr(), table.len()) };
        let address = self.device.as_device_ptr().as_raw();
        // SAFETY: both have so many bytes, and live until the stream is done.
        let copied = unsafe { sys::cuMemcpyHtoDAsync_v2(address, to.cast(), table.len(), stream) };
        answer(copied, "copy a table of fills")?;
        Ok(address)
    }

    /// Makes it known when the stream does not use the slot any more: by the event, or else by waiting for all of the
    /// stream's work. After an error nobody knows.
    ///
    /// # Safety
    ///
    /// The stream is one of the current context.
    unsafe fn mark(&self, stream: sys::CUstream) -> Result<(), CudaError> {
        // SAFETY: as above.
        unsafe { self.read.record(stream) }.or_else(|_| {
            // SAFETY: as above.
            answer(unsafe { sys::cuStreamSynchronize(stream) }, "carry out its work")
        })
    }
}
