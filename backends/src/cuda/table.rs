//! The way of the tables of segments to the device.

use std::mem::MaybeUninit;
use std::vec::Vec;

use cust::memory::{DeviceBuffer, LockedBuffer};
use cust::sys;

use super::CudaError;
use super::error::{While, answer};
use super::event::Event;

/// Launches whose tables may be under way at once; the next one waits for the first of them.
const SLOTS: usize = 8;

/// Memory for tables, used in turn: what has been ordered of a stream may still read them.
#[derive(Debug, Default)]
pub(super) struct Tables {
    slots: Vec<Slot>,
    next: usize,
}

#[derive(Debug)]
struct Slot {
    host: LockedBuffer<u64>,
    device: DeviceBuffer<u64>,
    /// After the launch that reads the table.
    read: Event,
}

impl Tables {
    /// Orders a stream to copy a table, then what `launch` orders with the table's address in the device's memory.
    ///
    /// # Safety
    ///
    /// The stream is one of the current context, and `launch` orders nothing of another stream that reads the table.
    pub(super) unsafe fn with(
        &mut self,
        table: &[MaybeUninit<u8>],
        stream: sys::CUstream,
        launch: impl FnOnce(u64) -> Result<(), CudaError>,
    ) -> Result<(), CudaError> {
        let words = table.len().div_ceil(8);
        let slot = self.slot(words)?;
        let to = slot.host.as_mut_ptr().cast::<MaybeUninit<u8>>();
        // SAFETY: the buffer has so many bytes, and nothing reads it any more.
        unsafe { to.copy_from_nonoverlapping(table.as_ptr(), table.len()) };
        let address = slot.device.as_device_ptr().as_raw();
        // SAFETY: both have so many bytes, and live until the event.
        let copied = unsafe { sys::cuMemcpyHtoDAsync_v2(address, to.cast(), table.len(), stream) };
        answer(copied, "copy a table of fills")?;
        let launched = launch(address);
        // SAFETY: as the caller promises. Even after a failed launch, the copy is under way.
        unsafe { slot.read.record(stream) }?;
        launched
    }

    /// The next slot, when nothing uses it any more, with room for so many words.
    fn slot(&mut self, words: usize) -> Result<&mut Slot, CudaError> {
        let at = self.next % SLOTS;
        self.next = (at + 1) % SLOTS;
        if at >= self.slots.len() {
            self.slots.push(Slot::new(words)?);
        }
        let slot = &mut self.slots[at];
        slot.read.wait()?;
        if slot.host.len() < words {
            *slot = Slot::new(words)?;
        }
        Ok(slot)
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
}
