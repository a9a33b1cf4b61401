//! Declarative, bit-reproducible weight initialization, without heap or operating system.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod dtype;

pub use dtype::DType;
