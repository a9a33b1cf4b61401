use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use weight_init_core::layer_data::LayerData;
use weight_init_core::nearest;

use super::bytes;
use super::inventory::{Inventory, tensors_mut};
use crate::checkpoint::{CheckpointError, StateDict, StoredTensor, TensorInfo, Unread};

/// Why a checkpoint cannot be loaded into a struct.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read. If that happens after its header was found to fit, the tensors in front are loaded.
    Checkpoint(CheckpointError),
    /// The struct and the file do not go together; nothing was loaded.
    Mismatch(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(error) => error.fmt(f),
            Self::Mismatch(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<CheckpointError> for LoadError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

/// Reads every parameter and buffer of the struct from a checkpoint of any format, in place.
///
/// As strict as PyTorch's `load_state_dict`: each tensor must be there under its name, in its shape and element type, and
/// nothing else may be, except other names of tied parameters. All of that is checked before an element is written.
///
/// # Errors
///
/// See [`LoadError`].
pub fn load(model: &mut dyn LayerData, path: impl AsRef<Path>) -> Result<(), LoadError> {
    let checkpoint = StateDict::open(path)?;
    let inventory = Inventory::of(&*model);
    let places = places(&inventory, &checkpoint).map_err(|message| {
        LoadError::Mismatch(format!("`{}`: {message}", checkpoint.path().display()))
    })?;
    let mut tensors = tensors_mut(model);
    let shown: Vec<_> = tensors.iter().map(|tensor| tensor.as_ref()).collect();
    inventory.check(&shown).map_err(LoadError::Mismatch)?;
    drop(shown);
    for (tensor, place) in tensors.iter_mut().zip(places) {
        let size = tensor.as_ref().dtype().size();
        let bytes = bytes::of_mut(tensor);
        checkpoint.read_at(place, 0, bytes)?;
        bytes::arrived(bytes, size);
    }
    Ok(())
}

/// The number of each tensor in the checkpoint; or what does not fit.
fn places(inventory: &Inventory, checkpoint: &StateDict) -> Result<Vec<usize>, String> {
    let names = || checkpoint.tensors().iter().map(StoredTensor::name);
    let place = |info: &TensorInfo| {
        let TensorInfo { name, dtype, shape } = info;
        let Some(place) = checkpoint.position(name) else {
            if let Some(unread) = checkpoint.unread().iter().find(|unread| unread.name() == name) {
                return Err(format!("{name}: the file has {}, which is not read", unread.what()));
            }
            let near = nearest(name, names())
                .map_or_else(String::new, |near| format!("; it has '{near}'"));
            return Err(format!("{name}: the file does not have it{near}"));
        };
        let stored = checkpoint.tensors().get(place);
        let same = |stored: &&StoredTensor| {
            stored.dtype().dtype() == Some(*dtype)
                && stored.shape().iter().copied().eq(shape.iter().map(|dim| *dim as u64))
        };
        match stored {
            Some(stored) if !same(&stored) => {
                let found = stored.dtype().dtype();
                let found =
                    found.map_or_else(|| stored.dtype().to_string(), |d| d.name().to_owned());
                Err(format!(
                    "{name}: the struct holds {} {shape:?}, the file {found} {:?}",
                    dtype.name(),
                    stored.shape()
                ))
            }
            _ => Ok(place),
        }
    };
    let places = inventory.infos.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let infos = inventory.infos.iter().map(|info| info.name.as_str());
    let known: HashSet<&str> =
        infos.chain(inventory.ties.iter().map(|(name, _)| name.as_str())).collect();
    let unread = checkpoint.unread().iter().map(Unread::name);
    match names().chain(unread).find(|name| !known.contains(name)) {
        None => Ok(places),
        Some(name) => {
            let near = nearest(name, known.iter().copied())
                .map_or_else(String::new, |near| format!("; it has '{near}'"));
            Err(format!("{name}: the file has it, but the struct does not{near}"))
        }
    }
}
