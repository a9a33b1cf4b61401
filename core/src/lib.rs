//! Declarative, bit-reproducible weight initialization, without heap or operating system.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod dtype;
pub mod fill;
mod float;
pub mod init_cfg;
pub mod initializer;
pub mod lanes;
pub mod layer;
pub mod math;
mod nearest;
pub mod random;
pub mod resolve;

pub use dtype::DType;
pub use fill::{Fill, FillError};
pub use float::{Compute, Float};
pub use half::{bf16, f16};
pub use initializer::{InitError, Initializer, Layout, Shape};
pub use layer::{Buffer, Child, InitWeights, Layer, LayerVisitor, Param};
pub use nearest::nearest;
pub use random::{Fnv1a, Philox4x32, Stream, stream_id};
