//! Where the bytes of the tensors go.

use crate::checkpoint::CheckpointError;

/// Takes the bytes of all tensors, in the order they were announced, little endian, without gaps.
///
/// How the bytes are cut into calls means nothing: a tensor may come in many pieces, and a piece may hold
/// the end of one tensor and the beginning of the next. A sink that is dropped unfinished leaves no trace.
///
/// ```
/// use weight_init::checkpoint::Sink;
///
/// let mut memory = Vec::new();
/// memory.write(&1.5f32.to_le_bytes())?;
/// memory.write(&[0, 0, 128, 63])?;
/// assert_eq!(memory.finish()?.data_bytes, 8);
/// # Ok::<(), weight_init::checkpoint::CheckpointError>(())
/// ```
pub trait Sink {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// When they cannot be kept, or are more than were announced. The sink is of no use afterwards.
    fn write(&mut self, bytes: &[u8]) -> Result<(), CheckpointError>;

    /// Makes what was written last.
    ///
    /// # Errors
    ///
    /// When bytes are missing or cannot be kept.
    fn finish(self) -> Result<Summary, CheckpointError>
    where
        Self: Sized;
}

/// Sizes of a finished [`Sink`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of all tensors.
    pub data_bytes: u64,
    /// Bytes of the whole file, its header included.
    pub file_bytes: u64,
}

/// Keeps the bytes in memory, for tests and for callers that send them elsewhere.
impl Sink for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self) -> Result<Summary, CheckpointError> {
        let bytes = self.len() as u64;
        Ok(Summary { data_bytes: bytes, file_bytes: bytes })
    }
}
