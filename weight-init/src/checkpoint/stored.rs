use std::fmt;
use std::sync::Arc;

use super::{StateDict, StoredTensor};

/// A tensor in a checkpoint.
#[derive(Clone)]
pub struct Stored {
    /// The checkpoint.
    pub checkpoint: Arc<StateDict>,
    /// Number of the tensor in it.
    pub tensor: usize,
}

impl Stored {
    /// The name of the tensor in the checkpoint.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.checkpoint.tensors().get(self.tensor).map(StoredTensor::name)
    }
}

/// The names of the file and of the tensor, without the folder: a plan's digest is the same on every machine.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("file", &self.checkpoint.path().file_name())
            .field("tensor", &self.name())
            .finish()
    }
}

/// Whether both are the same tensor of the same file.
impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        self.tensor == other.tensor
            && self.checkpoint.path() == other.checkpoint.path()
            && self.checkpoint.key() == other.checkpoint.key()
    }
}
