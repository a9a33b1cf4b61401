//! Executors of a [`Fill`](weight_init_core::Fill): the same bits on each.
//!
//! | feature | backend | memory | needs |
//! |---|---|---|---|
//! | `embedded` (default) | [`Embedded`] | a slice of the caller's | nothing: no_std, no heap |
//! | `simd` | [`Simd`] | a slice of the caller's | std, to ask the processor what it can |
//! | `rayon` | [`Rayon`] | a slice of the caller's | threads |
//! | `cuda` (Linux) | [`Cuda`] | the device's: [`DeviceMemory`] | a device, compute capability 7.0 or more, and its driver |
//! | | [`Staged`] | a slice of the caller's, by way of the device | the same |
//!
//! Structs that hold their weights are initialized by [`Rayon::init_weights`], on all cores, or by [`embedded`], linking no
//! more than a program uses.
//!
//! A backend that a program takes is a value; features only say which backends there are.
//!
//! ```
//! use weight_init_backends::{Backend, Embedded};
//! use weight_init_core::{Fill, Stream};
//!
//! let fill = Fill::<f32>::normal(0.0, 0.02)?;
//! let mut weights = [0.0; 100];
//! Embedded.fill(&fill, Stream::new(42, "conv1.weight"), 0, &mut weights)?;
//! assert!(weights.iter().all(|w| w.abs() < 0.2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![deny(unsafe_code)]

#[cfg(any(
    test,
    feature = "simd",
    all(feature = "cuda", target_os = "linux", target_pointer_width = "64")
))]
extern crate std;

mod backend;
#[cfg(all(feature = "cuda", target_os = "linux", target_pointer_width = "64"))]
#[allow(unsafe_code, reason = "calls of the CUDA driver, and the device's memory")]
pub mod cuda;
#[cfg(feature = "embedded")]
pub mod embedded;
mod environment;
#[cfg(feature = "simd")]
mod line;
#[cfg(feature = "rayon")]
mod rayon;
#[cfg(feature = "simd")]
#[allow(unsafe_code, reason = "functions with instructions that were asked for at run time")]
mod simd;
#[cfg(feature = "simd")]
mod strided;
#[cfg(feature = "simd")]
pub mod structs;
#[cfg(feature = "rayon")]
mod tile;

pub use self::backend::{Backend, Job};
#[cfg(all(feature = "cuda", target_os = "linux", target_pointer_width = "64"))]
pub use self::cuda::{Cuda, CudaError, DeviceMemory, Staged};
#[cfg(feature = "embedded")]
pub use self::embedded::Embedded;
pub use self::environment::in_default_environment;
#[cfg(feature = "simd")]
pub use self::line::{LineBackend, LineJob, LineJobs};
#[cfg(feature = "rayon")]
pub use self::rayon::{BuildError, Rayon};
#[cfg(feature = "simd")]
pub use self::simd::{Level, Simd};
#[cfg(feature = "simd")]
pub use self::strided::{Strided, StridedBackend, StridedJob};
