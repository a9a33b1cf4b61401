//! A CUDA driver without a device: the entry points that `cust` and the backend use, over main memory, with kernels run by
//! an interpreter of PTX.
//!
//! It is stricter than a real one. Work of a stream is done when something waits for it and not before; every access is
//! checked against what was allocated; a kernel that writes a byte twice fails.
//!
//! The environment variable `MOCK_CUDA` makes it another machine: `no_device`, `old_device`, `two_devices`,
//! `no_record`, in which no event can be recorded, or `memory=BYTES`.
//!
//! The tests compile it by itself: it depends on nothing.
#![allow(non_snake_case, reason = "the driver's names")]
#![allow(
    clippy::missing_safety_doc,
    clippy::not_unsafe_ptr_arg_deref,
    reason = "the driver's contract"
)]

#[path = "mock_driver/api.rs"]
mod api;
mod interpreter;
#[path = "mock_driver/machine.rs"]
mod machine;
#[path = "mock_driver/memory.rs"]
mod memory;
