//! The entry points.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::OpenOptions;
use std::io::Write;
use std::ptr;
use std::sync::Arc;

use crate::interpreter::Module;
use crate::machine::{
    INVALID_CONTEXT, INVALID_DEVICE, INVALID_HANDLE, INVALID_PTX, INVALID_VALUE, Machine,
    NO_DEVICE, NOT_FOUND, NOT_INITIALIZED, OUT_OF_MEMORY, SUCCESS, Work, asked, machine, memory,
};

/// The first device's; the second one's follows.
const CONTEXT: usize = 0xC0DE;

thread_local! {
    /// The context that is current on this thread.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// Each returns a result of the driver. The functions behind `in_context` need a current context.
macro_rules! entry_points {
    ($($(#[$kind:ident])? fn $name:ident($machine:ident $(, $argument:ident: $type:ty)*) $body:block)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> u32 {
            let mut guard = machine();
            let $machine: &mut Machine = &mut guard;
            $(entry_points!(@$kind $machine);)?
            let _ = &$machine;
            $body
        }
    )*};
    (@initialized $machine:ident) => {
        if !$machine.initialized {
            return NOT_INITIALIZED;
        }
    };
    (@in_context $machine:ident) => {
        if !$machine.initialized {
            return NOT_INITIALIZED;
        }
        if device_of(CURRENT.get()).is_none() {
            return INVALID_CONTEXT;
        }
    };
}

/// The device whose context this is.
fn device_of(context: usize) -> Option<c_int> {
    (0..devices()).find(|device| context == CONTEXT + *device as usize)
}

fn devices() -> c_int {
    if asked("two_devices") { 2 } else { 1 }
}

/// Adds to the file that `MOCK_CUDA_COVERAGE` names which instructions of a module never ran.
fn note_what_ran(module: &Module) {
    let Some(path) = std::env::var_os("MOCK_CUDA_COVERAGE") else { return };
    let mut lines = String::new();
    for (kernel, never) in module.never_ran() {
        let places = never.iter().map(|(place, text)| format!("{place}: {text}"));
        lines += &[kernel.to_owned()].into_iter().chain(places).collect::<Vec<_>>().join("\x1f");
        lines.push('\n');
    }
    let file = OpenOptions::new().append(true).create(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(lines.as_bytes())) {
        eprintln!("cannot note what ran: {error}");
    }
}

/// Writes a result to where the caller wants it.
fn give<T>(to: *mut T, value: T) -> u32 {
    if to.is_null() {
        return INVALID_VALUE;
    }
    // SAFETY: the caller's pointer to a result, as the driver's contract says.
    unsafe { to.write(value) };
    SUCCESS
}

entry_points! {
    fn cuInit(machine, _flags: u32) {
        if asked("no_device") {
            return NO_DEVICE;
        }
        machine.initialized = true;
        SUCCESS
    }
    fn cuDriverGetVersion(machine, version: *mut c_int) { give(version, 12_080) }
    fn cuGetErrorString(machine, error: u32, text: *mut *const c_char) {
        let _ = error;
        give(text, c"an error of the mock".as_ptr())
    }
    #[initialized]
    fn cuDeviceGetCount(machine, count: *mut c_int) { give(count, devices()) }
    #[initialized]
    fn cuDeviceGet(machine, device: *mut c_int, ordinal: c_int) {
        if ordinal < devices() { give(device, ordinal) } else { INVALID_DEVICE }
    }
    #[initialized]
    fn cuDeviceGetName(machine, name: *mut u8, len: c_int, _device: c_int) {
        let text = b"mock\0";
        if (len as usize) < text.len() {
            return INVALID_VALUE;
        }
        // SAFETY: the caller's buffer is so long.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), name, text.len()) };
        SUCCESS
    }
    #[initialized]
    fn cuDeviceGetAttribute(machine, value: *mut c_int, attribute: u32, _device: c_int) {
        match attribute {
            // Multiprocessors; the two halves of the compute capability.
            16 => give(value, 1),
            75 => give(value, if asked("old_device") { 6 } else { 9 }),
            76 => give(value, 0),
            _ => INVALID_VALUE,
        }
    }
    #[initialized]
    fn cuDeviceTotalMem_v2(machine, bytes: *mut usize, _device: c_int) { give(bytes, memory()) }
    #[initialized]
    fn cuDevicePrimaryCtxRetain(machine, context: *mut usize, device: c_int) {
        give(context, CONTEXT + device as usize)
    }
    #[initialized]
    fn cuDevicePrimaryCtxRelease_v2(machine, _device: c_int) { SUCCESS }
    #[initialized]
    fn cuCtxSetCurrent(machine, context: usize) {
        CURRENT.set(context);
        if device_of(context).is_some() { SUCCESS } else { INVALID_CONTEXT }
    }
    #[in_context]
    fn cuCtxSynchronize(machine) { machine.finish_all() }
    #[in_context]
    fn cuModuleLoadDataEx(machine, module: *mut usize, image: *const c_char, _n: u32, _options: *mut c_void, _values: *mut c_void) {
        // SAFETY: an image of PTX is text that ends with 0.
        let text = unsafe { CStr::from_ptr(image) };
        match text.to_str().map_err(|error| error.to_string()).and_then(Module::parse) {
            Ok(parsed) => {
                let handle = machine.handle();
                machine.modules.insert(handle, Arc::new(parsed));
                give(module, handle)
            }
            Err(error) => {
                eprintln!("{error}");
                INVALID_PTX
            }
        }
    }
    #[in_context]
    fn cuModuleUnload(machine, module: usize) {
        machine.finish_all();
        match machine.modules.remove(&module) {
            Some(module) => {
                note_what_ran(&module);
                SUCCESS
            }
            None => INVALID_HANDLE,
        }
    }
    #[in_context]
    fn cuModuleGetFunction(machine, function: *mut usize, module: usize, name: *const c_char) {
        let Some(module) = machine.modules.get(&module).cloned() else { return INVALID_HANDLE };
        // SAFETY: the caller's name, which ends with 0.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
        if module.kernel(&name).is_none() {
            return NOT_FOUND;
        }
        let handle = machine.handle();
        machine.functions.insert(handle, (module, name));
        give(function, handle)
    }
    #[in_context]
    fn cuStreamCreateWithPriority(machine, stream: *mut usize, _flags: u32, _priority: c_int) {
        give(stream, machine.stream())
    }
    #[in_context]
    fn cuStreamSynchronize(machine, stream: usize) { machine.finish(stream) }
    #[in_context]
    fn cuStreamDestroy_v2(machine, stream: usize) { machine.destroy_stream(stream) }
    #[in_context]
    fn cuEventCreate(machine, event: *mut usize, _flags: u32) { give(event, machine.event()) }
    #[in_context]
    fn cuEventRecord(machine, event: usize, stream: usize) {
        if asked("no_record") {
            return OUT_OF_MEMORY;
        }
        machine.enqueue(stream, Work::Record { event })
    }
    #[in_context]
    fn cuEventSynchronize(machine, event: usize) { machine.finish_event(event) }
    #[in_context]
    fn cuEventElapsedTime(machine, milliseconds: *mut f32, _from: usize, _to: usize) { give(milliseconds, 1.0) }
    #[in_context]
    fn cuEventDestroy_v2(machine, event: usize) { machine.destroy_event(event) }
    #[in_context]
    fn cuMemAlloc_v2(machine, address: *mut u64, bytes: usize) {
        if bytes == 0 {
            return INVALID_VALUE;
        }
        if machine.device.bytes() + bytes > memory() {
            return OUT_OF_MEMORY;
        }
        let Some(block) = machine.device.allocate(bytes) else { return OUT_OF_MEMORY };
        machine.owners.insert(block, device_of(CURRENT.get()).unwrap_or_default());
        give(address, block)
    }
    #[in_context]
    fn cuPointerGetAttribute(machine, value: *mut c_int, attribute: u32, address: u64) {
        // The device's number is the one attribute that is asked for.
        let owner = machine.owners.range(..=address).next_back();
        match owner.filter(|_| attribute == 9 && machine.device.hold(address, 1)) {
            Some((_, device)) => give(value, *device),
            None => INVALID_VALUE,
        }
    }
    #[in_context]
    fn cuMemFree_v2(machine, address: u64) {
        machine.finish_all();
        if machine.device.free(address) { SUCCESS } else { INVALID_VALUE }
    }
    #[in_context]
    fn cuMemAllocHost_v2(machine, address: *mut u64, bytes: usize) {
        if bytes == 0 {
            return INVALID_VALUE;
        }
        machine.host.allocate(bytes).map_or(OUT_OF_MEMORY, |block| give(address, block))
    }
    #[in_context]
    fn cuMemFreeHost(machine, address: u64) {
        // A real driver would not wait: whoever frees memory of work that is not done has made a mistake.
        if machine.host.free(address) { SUCCESS } else { INVALID_VALUE }
    }
    #[in_context]
    fn cuMemcpyHtoDAsync_v2(machine, to: u64, from: u64, bytes: usize, stream: usize) {
        machine.enqueue(stream, Work::Copy { from, to, bytes })
    }
    #[in_context]
    fn cuMemcpyDtoHAsync_v2(machine, to: u64, from: u64, bytes: usize, stream: usize) {
        machine.enqueue(stream, Work::Copy { from, to, bytes })
    }
    #[in_context]
    fn cuMemcpyDtoH_v2(machine, to: *mut u8, from: u64, bytes: usize) {
        let finished = machine.finish_all();
        if finished != SUCCESS || !machine.device.hold(from, bytes) {
            return if finished == SUCCESS { INVALID_VALUE } else { finished };
        }
        // SAFETY: the block is so long, and so is the caller's memory.
        unsafe { ptr::copy_nonoverlapping(from as *const u8, to, bytes) };
        SUCCESS
    }
    #[in_context]
    fn cuMemsetD32Async(machine, to: u64, value: u32, count: usize, stream: usize) {
        machine.enqueue(stream, Work::Set { to, value, count })
    }
    #[in_context]
    fn cuLaunchKernel(
        machine, function: usize, grid_x: u32, grid_y: u32, grid_z: u32, block_x: u32, block_y: u32, block_z: u32,
        shared: u32, stream: usize, params: *const *const u8, _extra: *const c_void
    ) {
        if [grid_y, grid_z, block_y, block_z] != [1; 4] || shared != 0 || grid_x == 0 || !(1..=1024).contains(&block_x) {
            return INVALID_VALUE;
        }
        let Some((module, name)) = machine.functions.get(&function) else { return INVALID_HANDLE };
        let sizes = module.kernel(name).map(|kernel| kernel.params.clone()).unwrap_or_default();
        let mut values = Vec::new();
        for (i, size) in sizes.into_iter().enumerate() {
            let mut value = [0; 8];
            // SAFETY: there is a pointer for each parameter.
            let param = unsafe { *params.add(i) };
            // SAFETY: and it points to as many bytes as the parameter has.
            unsafe { ptr::copy_nonoverlapping(param, value.as_mut_ptr(), size) };
            values.push(u64::from_le_bytes(value));
        }
        machine.enqueue(stream, Work::Launch { function, shape: [grid_x, block_x], params: values })
    }
}
