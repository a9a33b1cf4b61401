//! A keyword-spotting network, its init_cfg as a table and as bytes, and what is reported about them: the code that
//! firmware and host run alike.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod blob;
pub mod digest;
pub mod net;
pub mod probe;
