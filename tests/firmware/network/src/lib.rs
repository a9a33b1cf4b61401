//! A keyword-spotting network, its init_cfg as a table and as bytes, and what is reported about them: the code that
//! firmware and host run alike.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod blob;
pub mod damage;
pub mod digest;
pub mod net;
pub mod probe;
pub mod report;
pub mod timing;

pub use weight_init_core::{bf16, f16};

#[cfg(test)]
mod tests;
