//! Opening a checkpoint: which format it is, and what reads it.

use std::path::Path;

use super::source::Source;
use super::{Place, Signs, StateDict};
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::{CheckpointError, Problem, SafetensorsFile, TensorEntry};
use crate::checkpoint::{numpy, sharded, torch, zip};

impl StateDict {
    /// Opens a checkpoint, whatever its format, and reads what tensors it has. Of a folder, the index in it is
    /// opened, or the files that `torch.distributed.checkpoint` cuts tensors into, `shard-*.safetensors`.
    ///
    /// In a PyTorch file the tensors are those of `state_dict`, as mmengine takes them, else the file's own, else those
    /// of `model`, else those of the only state dict that there is under other keys.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when a file cannot be read; [`CheckpointError::Content`] with the [`Problem`] when it is
    /// not what it should be, [`Problem::SeveralStateDicts`] when it does not say which of its tensors are meant.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        Self::open_key(path, None)
    }

    /// Opens a checkpoint, and of a PyTorch file the state dict under a key: `model_state`, or `trainer.model` where keys
    /// stand in each other.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); a key that leads to no dict, or is given for a file of another format.
    pub fn open_key(path: impl AsRef<Path>, key: Option<&str>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        if let Some(index) = sharded::index_in(path)? {
            return Self::open_file(&index, key);
        }
        let parts = sharded::parts_in(path)?;
        if parts.is_empty() {
            return Self::open_file(path, key);
        }
        match key {
            None => sharded::open_parts(path, &parts),
            Some(key) => Err(no_key(path, key, "safetensors")),
        }
    }

    /// The same of a path that is no folder.
    pub(crate) fn open_file(path: &Path, key: Option<&str>) -> Result<Self, CheckpointError> {
        Self::of_file(RandomAccess::open(path)?, key)
    }

    /// The same of one of so many files of a checkpoint.
    pub(crate) fn open_one_of(path: &Path, files: usize) -> Result<Self, CheckpointError> {
        Self::of_file(RandomAccess::open_one_of(path, files)?, None)
    }

    fn of_file(file: RandomAccess, key: Option<&str>) -> Result<Self, CheckpointError> {
        let path = file.path();
        let mut start = [0; 9];
        let known = usize::try_from(file.len()).unwrap_or(usize::MAX).min(start.len());
        let start = start.get_mut(..known).unwrap_or_default();
        file.read_exact_at(0, start)?;
        let dict = match *start {
            [b'{' | b' ' | b'\n' | b'\r' | b'\t', ..]
                if path.extension().is_some_and(|e| e == "json") =>
            {
                sharded::open(&file)
            }
            // The length of a safetensors header may look like the beginning of anything; behind it, no other format has
            // what a header begins with.
            [_, _, _, _, _, _, _, _, b'{' | b' ' | b'\n' | b'\r' | b'\t'] => {
                Self::of_safetensors(SafetensorsFile::of(file.clone())?)
            }
            [b'P', b'K', 3 | 5, 4 | 6, ..] => {
                let entries = zip::entries(&file)?;
                if numpy::is_npz(&entries) {
                    numpy::open(&file, &entries)
                } else {
                    return torch::open_zip(&file, &entries, key);
                }
            }
            // A pickle, or the digits of PyTorch's number as protocol 1 has them.
            [0x80, 2..=5, ..] | [b'L', b'1', b'1', b'9', b'5', b'4', b'7', b'0', b'3'] => {
                return torch::open_legacy(&file, key);
            }
            _ => Self::of_safetensors(SafetensorsFile::of(file.clone())?),
        }?;
        match key {
            None => Ok(dict),
            Some(key) => Err(no_key(path, key, dict.format)),
        }
    }

    /// Opens a safetensors file, and nothing else: no other file is looked at.
    pub(crate) fn open_safetensors(path: &Path) -> Result<Self, CheckpointError> {
        Self::of_safetensors(SafetensorsFile::open(path)?)
    }

    fn of_safetensors(file: SafetensorsFile) -> Result<Self, CheckpointError> {
        let mut dict = Self::new(file.file(), "safetensors");
        dict.metadata = file.metadata().to_vec();
        let source = dict.add_source(Source::piece(file.file().clone(), 0, file.file_bytes()));
        for TensorEntry { name, dtype, shape, offset, .. } in file.tensors() {
            let place = Place {
                source,
                offset: *offset,
                strides: None,
                big_endian: false,
                signs: Signs::default(),
            };
            dict.add(name.clone(), *dtype, shape.clone(), place)?;
        }
        Ok(dict)
    }
}

/// No key leads into a file that holds tensors alone.
fn no_key(path: &Path, key: &str, format: &str) -> CheckpointError {
    let message = format!(
        "the key '{key}' leads nowhere: a {format} file holds tensors alone, and PyTorch's files have state dicts under keys"
    );
    CheckpointError::content(path, Problem::StateDict { message })
}
