use std::fmt;
use std::string::String;

use super::shim;

/// Why a device does not fill.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CudaError {
    /// There is no driver.
    NoDriver {
        /// The system's message about the library.
        reason: String,
    },
    /// The driver has no device.
    NoDevice,
    /// The driver does not have so many devices.
    NoSuchDevice {
        /// The number asked for.
        ordinal: u32,
        /// How many there are.
        devices: u32,
    },
    /// The device cannot run the kernels.
    DeviceTooOld {
        /// Its name.
        name: String,
        /// Its compute capability; 7.0 is the least that is needed.
        capability: (i32, i32),
    },
    /// The device has not so much memory left.
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// Elements at an address that is no multiple of their size.
    Misaligned {
        /// The address in the device's memory.
        address: u64,
        /// The size of an element.
        size: usize,
    },
    /// Memory of another device than the one that is to use it.
    OtherDevice {
        /// The number of the device that the memory is on.
        memory: u32,
        /// The number of the one that is to use it.
        device: u32,
    },
    /// A range that is not within the memory.
    OutOfRange {
        /// The first element.
        first: usize,
        /// How many.
        len: usize,
        /// Elements of the memory.
        of: usize,
    },
    /// A kind of fill that has no kernel.
    Unsupported {
        /// Its name.
        fill: &'static str,
    },
    /// Something else that the driver refuses.
    Driver {
        /// The operation that failed, as a verb.
        doing: &'static str,
        /// The driver's answer.
        error: DriverError,
    },
}

/// An answer of the driver: a number of `cuda.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriverError(u32);

impl DriverError {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.0
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the driver's own text, for which it must be there.
        let meaning = match self.0 {
            1 => "invalid value, ",
            2 => "out of memory, ",
            34 => "its library is a stub, ",
            46 => "the device is busy or unavailable, ",
            201 => "invalid context, ",
            209 => "no code for this device, ",
            218 => "invalid PTX, ",
            222 => "the PTX is newer than the driver, ",
            302 => "it has no such function, ",
            700 => "illegal address, ",
            701 => "too many resources, ",
            716 => "misaligned address, ",
            719 => "the kernel failed, ",
            803 => "it does not fit the kernel module of the system, ",
            _ => "",
        };
        write!(f, "{meaning}error {}", self.0)
    }
}

impl fmt::Display for CudaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDriver { reason } => write!(f, "there is no CUDA driver: {reason}"),
            Self::NoDevice => f.write_str("the CUDA driver has no device"),
            Self::NoSuchDevice { ordinal, devices } => {
                write!(
                    f,
                    "there is no CUDA device {ordinal}: devices 0 to {} are there",
                    devices.saturating_sub(1)
                )
            }
            Self::DeviceTooOld { name, capability: (major, minor) } => {
                write!(
                    f,
                    "the device {name} has compute capability {major}.{minor}, and 7.0 is needed"
                )
            }
            Self::OutOfMemory { bytes } => {
                write!(f, "the device has no memory left for {bytes} bytes")
            }
            Self::Misaligned { address, size } => {
                write!(
                    f,
                    "device memory at {address:#x} is not aligned to elements of {size} bytes"
                )
            }
            Self::OtherDevice { memory, device } => {
                write!(f, "the memory is on CUDA device {memory}, and device {device} is to use it")
            }
            Self::OutOfRange { first, len, of } => {
                write!(f, "{len} elements from {first} on are not within device memory of {of}")
            }
            Self::Unsupported { fill } => write!(f, "there is no CUDA kernel for {fill} fills"),
            Self::Driver { doing, error } => write!(f, "the CUDA driver cannot {doing}: {error}"),
        }
    }
}

impl std::error::Error for CudaError {}

/// Says what the driver was to do when it refused.
pub(super) trait While<T> {
    fn to(self, doing: &'static str) -> Result<T, CudaError>;
    /// As [`to`](Self::to), where it was to reserve memory.
    fn to_reserve(self, bytes: usize) -> Result<T, CudaError>;
}

/// An answer to a call through `cust`.
impl<T> While<T> for Result<T, cust::error::CudaError> {
    fn to(self, doing: &'static str) -> Result<T, CudaError> {
        self.map_err(|error| CudaError::Driver { doing, error: last(error as u32) })
    }

    fn to_reserve(self, bytes: usize) -> Result<T, CudaError> {
        self.map_err(|error| match error {
            cust::error::CudaError::OutOfMemory => CudaError::OutOfMemory { bytes },
            error => CudaError::Driver { doing: "reserve memory", error: last(error as u32) },
        })
    }
}

/// The answer to a call that `cust` does not wrap.
pub(super) fn answer(result: cust::sys::CUresult, doing: &'static str) -> Result<(), CudaError> {
    if result == cust::sys::CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    Err(CudaError::Driver { doing, error: last(result as u32) })
}

/// The driver's last error where `cust` knows no name for it, or none more exact.
fn last(known: u32) -> DriverError {
    const UNKNOWN: u32 = 999;
    DriverError(if known == UNKNOWN { shim::last_error() } else { known })
}
