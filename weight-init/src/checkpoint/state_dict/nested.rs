/// A state dict in a PyTorch file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedDict {
    pub(in crate::checkpoint) key: String,
    pub(in crate::checkpoint) tensors: usize,
}

impl NestedDict {
    /// The keys that lead to it, joined by dots; empty if the file is the state dict.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How many tensors it has.
    #[must_use]
    pub const fn tensors(&self) -> usize {
        self.tensors
    }
}
