//! `model.safetensors.index.json`, as Hugging Face writes it.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::create::Shard;
use crate::plan::Tensor;

/// Its name in the folder.
pub(super) const NAME: &str = "model.safetensors.index.json";

/// The size of all tensors and texts like those of a file's metadata, then the file of each tensor.
pub(super) struct Index<'a> {
    /// The files of the folder.
    pub(super) shards: &'a [Shard],
    pub(super) tensors: &'a [Tensor<'a>],
    /// Other names of tied parameters and the first name of each.
    pub(super) ties: &'a [(String, String)],
    pub(super) metadata: &'a [(String, String)],
}

impl Index<'_> {
    /// The text of the file.
    pub(super) fn text(&self) -> Vec<u8> {
        // Texts and numbers are always JSON.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

impl Serialize for Index<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("metadata", &Metadata(self))?;
        map.serialize_entry("weight_map", &WeightMap(self))?;
        map.end()
    }
}

struct Metadata<'a>(&'a Index<'a>);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let total = self.0.shards.iter().fold(0_u64, |sum, shard| sum.saturating_add(shard.bytes));
        map.serialize_entry("total_size", &total)?;
        for (key, text) in self.0.metadata.iter().filter(|(key, _)| key != "total_size") {
            map.serialize_entry(key, text)?;
        }
        map.end()
    }
}

/// In the order of the files.
struct WeightMap<'a>(&'a Index<'a>);

impl Serialize for WeightMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for shard in self.0.shards {
            // The index lies beside its files.
            let file = shard.name.rsplit('/').next();
            for slice in &shard.slices {
                if let Some(tensor) = self.0.tensors.get(slice.tensor) {
                    map.serialize_entry(slice.name(tensor, self.0.ties), &file)?;
                }
            }
        }
        map.end()
    }
}
