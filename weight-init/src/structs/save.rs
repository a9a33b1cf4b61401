use std::path::Path;

use weight_init_core::layer_data::LayerData;

use super::bytes;
use super::inventory::{Inventory, tensors};
use crate::checkpoint::{CheckpointError, Problem, SafetensorsWriter, Sink, Summary};

/// Writes what the struct holds, parameters and buffers, to a safetensors file that PyTorch opens.
///
/// The file appears under its name when it is whole. Tied parameters stand in it once; its metadata maps their other
/// names to the first.
///
/// # Errors
///
/// A file that cannot be written; two tensors of one name; memory that is not as large as its shape says.
pub fn save(model: &dyn LayerData, path: impl AsRef<Path>) -> Result<Summary, CheckpointError> {
    let path = path.as_ref();
    let (inventory, tensors) = (Inventory::of(model), tensors(model));
    inventory
        .check(&tensors)
        .map_err(|message| CheckpointError::content(path, Problem::Format { message }))?;
    let Inventory { infos, ties, .. } = &inventory;
    let format = [("format".to_owned(), "pt".to_owned())];
    let metadata: Vec<_> = format.iter().chain(ties).map(|(k, v)| (k, v)).collect();
    let mut writer = SafetensorsWriter::create(path, &metadata, infos)?;
    for tensor in &tensors {
        writer.write(&bytes::of(tensor))?;
    }
    writer.finish()
}
