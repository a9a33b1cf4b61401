//! The device's state: memory, modules, and streams whose work waits to be waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{env, ptr};

use crate::interpreter::Module;
use crate::memory::{Allocations, OfLaunch};

/// Results of the driver, as `cuda.h` numbers them.
pub(crate) const SUCCESS: u32 = 0;
pub(crate) const INVALID_VALUE: u32 = 1;
pub(crate) const OUT_OF_MEMORY: u32 = 2;
pub(crate) const NOT_INITIALIZED: u32 = 3;
pub(crate) const NO_DEVICE: u32 = 100;
pub(crate) const INVALID_DEVICE: u32 = 101;
pub(crate) const INVALID_CONTEXT: u32 = 201;
pub(crate) const INVALID_PTX: u32 = 218;
pub(crate) const INVALID_HANDLE: u32 = 400;
pub(crate) const NOT_FOUND: u32 = 500;
pub(crate) const ILLEGAL_ADDRESS: u32 = 700;

/// The one device's state; every entry point takes it.
pub(crate) fn machine() -> MutexGuard<'static, Machine> {
    static MACHINE: Mutex<Machine> = Mutex::new(Machine::new());
    MACHINE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(crate) struct Machine {
    pub(crate) initialized: bool,
    pub(crate) device: Allocations,
    pub(crate) host: Allocations,
    /// The devices that blocks are on, by their addresses.
    pub(crate) owners: BTreeMap<u64, i32>,
    /// Handles of all kinds, numbered through.
    next_handle: usize,
    pub(crate) modules: BTreeMap<usize, Arc<Module>>,
    pub(crate) functions: BTreeMap<usize, (Arc<Module>, String)>,
    streams: BTreeMap<usize, Vec<Work>>,
    /// Whether what was recorded has happened.
    events: BTreeMap<usize, bool>,
    /// The first error of work; every call after it returns it, as the real driver does.
    failed: u32,
}

/// Work that is enqueued on a stream.
pub(crate) enum Work {
    Launch { function: usize, shape: [u32; 2], params: Vec<u64> },
    Copy { from: u64, to: u64, bytes: usize },
    Set { to: u64, value: u32, count: usize },
    Record { event: usize },
}

impl Machine {
    const fn new() -> Self {
        Self {
            initialized: false,
            device: Allocations::new(),
            host: Allocations::new(),
            owners: BTreeMap::new(),
            next_handle: 0x1000,
            modules: BTreeMap::new(),
            functions: BTreeMap::new(),
            streams: BTreeMap::new(),
            events: BTreeMap::new(),
            failed: SUCCESS,
        }
    }

    pub(crate) fn handle(&mut self) -> usize {
        self.next_handle += 1;
        self.next_handle
    }

    pub(crate) fn stream(&mut self) -> usize {
        let handle = self.handle();
        self.streams.insert(handle, Vec::new());
        handle
    }

    pub(crate) fn event(&mut self) -> usize {
        let handle = self.handle();
        self.events.insert(handle, true);
        handle
    }

    /// Adds to the work of a stream.
    pub(crate) fn enqueue(&mut self, stream: usize, work: Work) -> u32 {
        if let Work::Record { event } = work {
            match self.events.get_mut(&event) {
                Some(happened) => *happened = false,
                None => return INVALID_HANDLE,
            }
        }
        // Number 0 is the default stream, which is always there.
        if stream == 0 {
            self.streams.entry(0).or_default();
        }
        match self.streams.get_mut(&stream) {
            Some(queue) => queue.push(work),
            None => return INVALID_HANDLE,
        }
        self.failed
    }

    /// Does all work of a stream.
    pub(crate) fn finish(&mut self, stream: usize) -> u32 {
        let Some(queue) = self.streams.get_mut(&stream) else { return INVALID_HANDLE };
        for work in std::mem::take(queue) {
            if self.failed == SUCCESS {
                self.failed = self.execute(work);
            }
        }
        self.failed
    }

    pub(crate) fn finish_all(&mut self) -> u32 {
        for stream in self.streams.keys().copied().collect::<Vec<_>>() {
            self.finish(stream);
        }
        self.failed
    }

    /// Does all work of the streams until an event has happened.
    pub(crate) fn finish_event(&mut self, event: usize) -> u32 {
        match self.events.get(&event) {
            Some(true) => self.failed,
            Some(false) => self.finish_all(),
            None => INVALID_HANDLE,
        }
    }

    pub(crate) fn destroy_stream(&mut self, stream: usize) -> u32 {
        self.finish(stream);
        if self.streams.remove(&stream).is_some() { SUCCESS } else { INVALID_HANDLE }
    }

    pub(crate) fn destroy_event(&mut self, event: usize) -> u32 {
        if self.events.remove(&event).is_some() { SUCCESS } else { INVALID_HANDLE }
    }

    fn execute(&mut self, work: Work) -> u32 {
        match work {
            Work::Launch { function, shape, params } => {
                let Some((module, name)) = self.functions.get(&function) else {
                    return INVALID_HANDLE;
                };
                let Some(kernel) = module.kernel(name) else { return NOT_FOUND };
                match kernel.launch(&mut OfLaunch::new(&self.device), shape, &params) {
                    Ok(_) => SUCCESS,
                    Err(error) => {
                        eprintln!("{name}: {error}");
                        ILLEGAL_ADDRESS
                    }
                }
            }
            Work::Copy { from, to, bytes } => {
                let known =
                    |address| self.device.hold(address, bytes) || self.host.hold(address, bytes);
                if !known(from) || !known(to) {
                    eprintln!(
                        "copies {bytes} bytes from {from:#x} to {to:#x}, which are not all allocated"
                    );
                    return ILLEGAL_ADDRESS;
                }
                // SAFETY: both are allocated, in different blocks: one is of the host.
                unsafe { ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, bytes) };
                SUCCESS
            }
            Work::Set { to, value, count } => {
                if !self.device.hold(to, count * 4) {
                    return ILLEGAL_ADDRESS;
                }
                for i in 0..count {
                    // SAFETY: they are allocated.
                    unsafe { (to as *mut u32).add(i).write_unaligned(value) };
                }
                SUCCESS
            }
            Work::Record { event } => {
                self.events.insert(event, true);
                SUCCESS
            }
        }
    }
}

/// Whether `MOCK_CUDA` asks for this behaviour.
pub(crate) fn asked(what: &str) -> bool {
    env::var("MOCK_CUDA").is_ok_and(|asked| asked == what)
}

/// Bytes of the device's memory.
pub(crate) fn memory() -> usize {
    let asked = env::var("MOCK_CUDA").unwrap_or_default();
    asked.strip_prefix("memory=").and_then(|bytes| bytes.parse().ok()).unwrap_or(1 << 30)
}
