//! The driver's entry points that `cust` links against, looked up in the driver's library when first called.
//!
//! So a program starts without a driver, and needs none to be built: calls answer `CUDA_ERROR_NO_DEVICE`.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::format;
use std::os::unix::ffi::OsStringExt;
use std::string::{String, ToString};
use std::sync::OnceLock;

/// Where the driver's library is, if it is not [`LIBRARY`].
const VARIABLE: &str = "WEIGHT_INIT_CUDA_DRIVER";
const LIBRARY: &str = "libcuda.so.1";

const NO_DEVICE: u32 = 100;
const NO_SYMBOL: u32 = 302;
const UNKNOWN: u32 = 999;

/// Any pointer or handle.
type P = *mut c_void;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> P;
    fn dlsym(library: P, name: *const c_char) -> P;
    fn dlerror() -> *const c_char;
}

/// Whether there is a driver; an error is what the system says of its library.
pub(super) fn driver() -> Result<(), String> {
    library().map(|_| ())
}

/// The handle of the driver's library.
fn library() -> Result<usize, String> {
    static HANDLE: OnceLock<Result<usize, String>> = OnceLock::new();
    HANDLE.get_or_init(open).clone()
}

fn open() -> Result<usize, String> {
    const NOW: c_int = 2;
    let name = std::env::var_os(VARIABLE).unwrap_or_else(|| LIBRARY.into());
    let name = CString::new(name.into_vec()).map_err(|error| format!("{VARIABLE}: {error}"))?;
    // SAFETY: the name ends with 0; loading the driver has no other effect.
    let handle = unsafe { dlopen(name.as_ptr(), NOW) };
    if !handle.is_null() {
        return Ok(handle.addr());
    }
    // SAFETY: it may be called at any time.
    let reason = unsafe { dlerror() };
    if reason.is_null() {
        return Err("its library cannot be opened".to_string());
    }
    // SAFETY: a text that ends with 0, until the next such call on this thread.
    Err(unsafe { CStr::from_ptr(reason) }.to_string_lossy().into_owned())
}

/// The address of an entry point; 0 if there is none.
fn entry_point(name: &CStr) -> usize {
    library().map_or(0, |handle| {
        // SAFETY: a handle of `dlopen`, and a name that ends with 0.
        unsafe { dlsym(handle as P, name.as_ptr()) }.addr()
    })
}

std::thread_local! {
    static LAST_ERROR: Cell<u32> = const { Cell::new(0) };
}

/// The last error on this thread, as the driver numbers it.
pub(super) fn last_error() -> u32 {
    LAST_ERROR.get()
}

/// Keeps the number, and gives one that `cust`'s enumeration has: it must hold no other.
fn known(result: u32) -> u32 {
    if result == 0 {
        return 0;
    }
    LAST_ERROR.set(result);
    match result {
        1..=8 | 34 | 100..=102 | 200..=202 | 205..=224 | 300..=304 | 400 | 401 | 500 | 600 => {
            result
        }
        700..=705 | 708..=720 | 800..=809 | 900..=911 => result,
        _ => UNKNOWN,
    }
}

macro_rules! forward {
    ($(fn $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type),*) -> u32 {
            static ADDRESS: OnceLock<usize> = OnceLock::new();
            if library().is_err() {
                return NO_DEVICE;
            }
            let name = concat!(stringify!($name), "\0");
            let name = CStr::from_bytes_with_nul(name.as_bytes()).unwrap_or_default();
            let address = *ADDRESS.get_or_init(|| entry_point(name));
            if address == 0 {
                return known(NO_SYMBOL);
            }
            type Function = unsafe extern "C" fn($($type),*) -> u32;
            // SAFETY: the driver's function of this name has this type.
            let function = unsafe { std::mem::transmute::<usize, Function>(address) };
            // SAFETY: what its caller promises.
            known(unsafe { function($($argument),*) })
        }
    )*};
}

forward! {
    fn cuInit(a: c_uint);
    fn cuDriverGetVersion(a: P);
    fn cuGetErrorString(a: u32, b: P);
    fn cuDeviceGet(a: P, b: c_int);
    fn cuDeviceGetCount(a: P);
    fn cuDeviceGetName(a: P, b: c_int, c: c_int);
    fn cuDeviceGetAttribute(a: P, b: c_uint, c: c_int);
    fn cuDeviceTotalMem_v2(a: P, b: c_int);
    fn cuDevicePrimaryCtxRetain(a: P, b: c_int);
    fn cuDevicePrimaryCtxRelease_v2(a: c_int);
    fn cuCtxSetCurrent(a: P);
    fn cuCtxSynchronize();
    fn cuModuleLoadDataEx(a: P, b: P, c: c_uint, d: P, e: P);
    fn cuModuleUnload(a: P);
    fn cuModuleGetFunction(a: P, b: P, c: P);
    fn cuStreamCreateWithPriority(a: P, b: c_uint, c: c_int);
    fn cuStreamSynchronize(a: P);
    fn cuStreamDestroy_v2(a: P);
    fn cuEventCreate(a: P, b: c_uint);
    fn cuEventRecord(a: P, b: P);
    fn cuEventSynchronize(a: P);
    fn cuEventElapsedTime(a: P, b: P, c: P);
    fn cuEventDestroy_v2(a: P);
    fn cuMemAlloc_v2(a: P, b: usize);
    fn cuMemFree_v2(a: u64);
    fn cuMemAllocHost_v2(a: P, b: usize);
    fn cuMemFreeHost(a: P);
    fn cuPointerGetAttribute(a: P, b: c_uint, c: u64);
    fn cuMemcpyHtoD_v2(a: u64, b: P, c: usize);
    fn cuMemcpyDtoH_v2(a: P, b: u64, c: usize);
    fn cuMemcpyHtoDAsync_v2(a: u64, b: P, c: usize, d: P);
    fn cuMemcpyDtoHAsync_v2(a: P, b: u64, c: usize, d: P);
    fn cuMemsetD32Async(a: u64, b: c_uint, c: usize, d: P);
    fn cuLaunchKernel(
        a: P, b: c_uint, c: c_uint, d: c_uint, e: c_uint, f: c_uint, g: c_uint, h: c_uint, i: P, j: P, k: P
    );
}
