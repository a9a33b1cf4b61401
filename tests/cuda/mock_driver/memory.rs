//! Allocated memory, and the accesses of kernels to it.

use std::alloc::{Layout, alloc, dealloc};
use std::collections::BTreeMap;
use std::ptr;

use crate::interpreter::Memory;

/// As the real driver aligns.
const ALIGN: usize = 256;

/// Blocks of memory, by address.
pub(crate) struct Allocations(BTreeMap<u64, usize>);

impl Allocations {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Reserves so many bytes, at least one, filled with a pattern. `None` without memory.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Option<u64> {
        let layout = Layout::from_size_align(bytes, ALIGN).ok()?;
        // SAFETY: there is at least one byte.
        let block = unsafe { alloc(layout) };
        if block.is_null() {
            return None;
        }
        // SAFETY: it is as long.
        unsafe { block.write_bytes(0xA5, bytes) };
        self.0.insert(block as u64, bytes);
        Some(block as u64)
    }

    /// Whether there was such a block.
    pub(crate) fn free(&mut self, address: u64) -> bool {
        let Some(bytes) = self.0.remove(&address) else { return false };
        if let Ok(layout) = Layout::from_size_align(bytes, ALIGN) {
            // SAFETY: `allocate` made it so.
            unsafe { dealloc(address as *mut u8, layout) };
        }
        true
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether these bytes are of one block.
    pub(crate) fn hold(&self, address: u64, bytes: usize) -> bool {
        self.block(address).is_some_and(|(start, len)| (address - start) as usize + bytes <= len)
    }

    fn block(&self, address: u64) -> Option<(u64, usize)> {
        self.0.range(..=address).next_back().map(|(start, len)| (*start, *len))
    }
}

/// Memory as one launch sees it.
pub(crate) struct OfLaunch<'a> {
    allocations: &'a Allocations,
    /// By block: whether a byte was written.
    written: BTreeMap<u64, Vec<bool>>,
}

impl<'a> OfLaunch<'a> {
    pub(crate) fn new(allocations: &'a Allocations) -> Self {
        Self { allocations, written: BTreeMap::new() }
    }
}

impl Memory for OfLaunch<'_> {
    fn load(&mut self, address: u64, bytes: usize) -> Result<u64, String> {
        if !self.allocations.hold(address, bytes) {
            return Err(format!("reads {bytes} bytes at {address:#x}, which are not allocated"));
        }
        let mut value = [0; 8];
        // SAFETY: they are allocated, and no wider than a register.
        unsafe { ptr::copy_nonoverlapping(address as *const u8, value.as_mut_ptr(), bytes) };
        Ok(u64::from_le_bytes(value))
    }

    fn store(&mut self, address: u64, bytes: usize, value: u64) -> Result<(), String> {
        let block = self.allocations.block(address);
        let Some((start, len)) = block.filter(|_| self.allocations.hold(address, bytes)) else {
            return Err(format!("writes {bytes} bytes at {address:#x}, which are not allocated"));
        };
        let written = self.written.entry(start).or_insert_with(|| vec![false; len]);
        let place = (address - start) as usize;
        for written in &mut written[place..place + bytes] {
            if std::mem::replace(written, true) {
                return Err(format!("writes {bytes} bytes at {address:#x} twice"));
            }
        }
        // SAFETY: they are allocated, and no wider than a register.
        unsafe {
            ptr::copy_nonoverlapping(value.to_le_bytes().as_ptr(), address as *mut u8, bytes)
        };
        Ok(())
    }
}
