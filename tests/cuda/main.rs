//! Proves the CUDA backend without a device: its PTX is run by an interpreter, and the driver is a mock.
//!
//! The tests in `mocked` and `machines` need that driver in the place of the real one, and before the first call of any:
//! those in `driver` run them in processes of their own.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod assembler;
mod driver;
mod interpretation;
#[allow(dead_code, reason = "the mock driver uses all of it")]
mod interpreter;
mod machines;
mod mock;
mod mocked;
mod ptx;
