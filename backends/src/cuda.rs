//! CUDA devices: memory is filled where it lies, by the kernels of `backends/kernels`.
//!
//! Neither a build of this module nor the start of a program that has it needs CUDA: the driver library is opened when a
//! device is asked for. `WEIGHT_INIT_CUDA_DRIVER` names its library where it is not the `libcuda.so.1` that the system finds.
//!
//! - [`Cuda`] fills memory of the device: [`DeviceMemory`] of its own, or borrowed from another framework; at once, or
//!   in the order of a stream of the caller's.
//! - [`Staged`] fills main memory by way of the device.

mod device;
mod error;
mod event;
mod image;
mod launch;
mod memory;
mod segment;
mod shim;
mod staged;
mod table;

pub use self::device::Cuda;
pub use self::error::{CudaError, DriverError};
pub use self::memory::DeviceMemory;
pub use self::staged::Staged;
