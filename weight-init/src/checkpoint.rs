//! Tensor files: write them whole or not at all, read them as the hostile input they may be.
//!
//! - [`AtomicFile`]: a file that appears under its name only when it is complete and on the disk.
//! - [`Sink`]: where the bytes of all tensors go, one after the other.
//! - [`SafetensorsWriter`]: a sink that makes a safetensors file with an ordered, reproducible header.
//! - [`SafetensorsFile`]: a strict reader that never holds more of the file than its header.
//! - [`StateDict`]: the tensors of a checkpoint of any format (PyTorch, safetensors, NumPy), as strict; [`Stored`] is one,
//!   [`Unread`] something beside them, [`NestedDict`] one of several state dicts in a file.
//!
//! One [`CheckpointError`] serves them all; it says which file, what was found and what would be right,
//! and tells trouble of the machine ([`CheckpointError::is_io`]) from trouble in the content.

pub mod atomic_file;
mod error;
pub(crate) mod held_part;
pub mod interrupt;
mod numpy;
mod pickle;
pub(crate) mod plain_name;
mod random_access;
pub mod safetensors;
pub(crate) mod sharded;
mod sink;
mod state_dict;
mod stored;
mod torch;
mod zip;

pub use atomic_file::AtomicFile;
#[cfg(feature = "fetch")]
pub(crate) use error::printable;
pub use error::{CheckpointError, Problem};
pub use safetensors::{SafetensorsFile, SafetensorsWriter, StoredType, TensorEntry, TensorInfo};
pub use sink::{Sink, Summary};
pub use state_dict::{NestedDict, StateDict, StoredTensor, Unread};
pub use stored::Stored;

/// Elements of a tensor; a dimension of zero makes it empty, however large the others are.
fn elements(shape: &[u64]) -> u64 {
    if shape.contains(&0) { 0 } else { shape.iter().fold(1, |n, &extent| n.saturating_mul(extent)) }
}
