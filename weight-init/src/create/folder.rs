//! A plan becomes a folder of several files, written by one process or by many.

mod index;
mod manifest;
#[cfg(feature = "cloud")]
mod objects;
mod partial;
mod remote;
mod wait;
mod write;

use std::path::Path;

use serde_json::{Map, Value, json};

use self::index::Index;
use self::manifest::{Manifest, ManifestShard};
pub use self::remote::StoreReport;
pub use self::write::{FolderReport, FolderState};
use super::shards::{FolderLayout, Shard, ShardLayout, Slice};
use super::{CreateError, Recipe, ShardSize};
use crate::checkpoint::safetensors::header_of;
use crate::checkpoint::sharded::MOST_FILES;
use crate::checkpoint::{CheckpointError, Problem, TensorInfo};
use crate::plan::{Plan, Tensor};

/// The folder of an initial checkpoint: its files, its index and its manifest, before anything is written.
///
/// In the layout [`Hf`](FolderLayout::Hf) the names and the split of the tensors are Hugging Face's, and so is
/// `model.safetensors.index.json`; a folder of one file has none, and one of the layout [`Dcp`](FolderLayout::Dcp) neither, for
/// its files say which rows they hold. `weight_init.manifest.json` says how the folder came about, with the SHA-256 of each file.
///
/// Any number of processes may [`write`](Self::write) it, each its [`Share`](super::Share), at the same time or one after the other. They do not
/// talk to each other, and the same files come about whatever their number. The folder `DIR` appears when all files are whole:
/// until then they stand in `DIR.partial`, where a run that was ended goes on.
///
/// ```
/// use weight_init::create::{Folder, FolderLayout, FolderState, Recipe, ShardSize, Share};
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan};
/// use weight_init::run::BackendKind;
///
/// let source = Source::new("model.json", r#"{"class": "Linear", "params": [
///     {"name": "weight", "shape": [300, 4]}, {"name": "bias", "shape": [300]}]}"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let recipe = Recipe { seed: 42, ..Recipe::default() };
/// let folder = Folder::new(&recipe, &plan, FolderLayout::Hf, ShardSize::of_bytes(5000))?;
/// let place = tempfile::tempdir()?;
/// let dir = place.path().join("linear");
/// let mut backend = BackendKind::Auto.start(None)?;
/// for rank in 0..2 {
///     let share = Share::new(rank, 2).ok_or("two processes")?;
///     let report = folder.write(&dir, share, &mut backend, &mut |_| ())?;
///     assert_eq!(report.written, 1);
///     assert_eq!(report.state, if rank == 0 { FolderState::Missing(1) } else { FolderState::Finished });
///     assert_eq!(dir.exists(), rank == 1);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Folder<'p> {
    seed: u64,
    tensors: Vec<Tensor<'p>>,
    kind: FolderLayout,
    layout: ShardLayout,
    /// Texts of each file.
    metadata: Vec<(String, String)>,
    /// Other names of tied parameters and the first name of each.
    ties: &'p [(String, String)],
    manifest: Manifest,
}

impl<'p> Folder<'p> {
    /// Cuts a plan into files.
    ///
    /// # Errors
    ///
    /// A plan that cannot be carried out; more files than a checkpoint is read from; a file whose header is longer than the format
    /// allows.
    pub fn new(
        recipe: &Recipe,
        plan: &'p Plan,
        kind: FolderLayout,
        largest: ShardSize,
    ) -> Result<Self, CreateError> {
        let tensors = plan.tensors(recipe.unknown)?;
        let layout = ShardLayout::of(&tensors, kind, largest);
        let fault = |name: &str, problem| CheckpointError::content(Path::new(name), problem);
        let count = layout.shards().len();
        if count > MOST_FILES {
            let bytes = layout.total_bytes();
            let message = format!(
                "{bytes} bytes in files of {} are {count} files; checkpoints of at most {MOST_FILES} are read",
                largest.bytes()
            );
            return Err(fault(index::NAME, Problem::Folder { message }).into());
        }
        let digest = plan.digest();
        let metadata = recipe.metadata(&digest);
        let manifest = Manifest::new(recipe, digest, kind);
        let mut this = Self {
            seed: recipe.seed,
            tensors,
            kind,
            layout,
            metadata,
            ties: plan.ties(),
            manifest,
        };
        let shards = this.layout.shards().iter().map(|shard| {
            let header = this.header(shard)?;
            let bytes = (header.len() as u64).saturating_add(shard.bytes);
            Ok(ManifestShard { name: shard.name.clone(), bytes, sha256: None })
        });
        this.manifest.shards = shards.collect::<Result<_, CheckpointError>>()?;
        Ok(this)
    }

    /// Which tensor is in which file.
    #[must_use]
    pub const fn layout(&self) -> &ShardLayout {
        &self.layout
    }

    /// The tensors that the layout counts.
    #[must_use]
    pub fn tensors(&self) -> &[Tensor<'p>] {
        &self.tensors
    }

    /// What a file holds: each tensor, and which part of it.
    fn slices_of<'s>(
        &'s self,
        shard: &'s Shard,
    ) -> impl Iterator<Item = (&'s Tensor<'p>, &'s Slice)> {
        shard.slices.iter().filter_map(|slice| Some((self.tensors.get(slice.tensor)?, slice)))
    }

    fn infos_of(&self, shard: &Shard) -> Vec<TensorInfo> {
        let info = |(tensor, slice): (&Tensor<'_>, &Slice)| TensorInfo {
            name: tensor.name.to_owned(),
            dtype: tensor.dtype,
            shape: slice.shape(tensor),
        };
        self.slices_of(shard).map(info).collect()
    }

    /// The bytes of a file before its data.
    fn header(&self, shard: &Shard) -> Result<Vec<u8>, CheckpointError> {
        header_of(&self.metadata_of(shard), &self.infos_of(shard))
            .map_err(|problem| CheckpointError::content(Path::new(&shard.name), problem))
    }

    fn has_index(&self) -> bool {
        self.kind == FolderLayout::Hf && self.layout.shards().len() > 1
    }

    /// Texts of a file: as in huggingface_hub's folders, ties stand in the index if there is one.
    fn metadata_of(&self, shard: &Shard) -> Vec<(String, String)> {
        let mut texts = self.metadata.clone();
        if !self.has_index() {
            texts.extend_from_slice(self.ties);
        }
        if self.kind == FolderLayout::Dcp {
            let offsets = |(tensor, slice): (&Tensor<'_>, &Slice)| {
                (tensor.name.to_owned(), json!({"saved_offsets": slice.offsets(tensor)}))
            };
            let info: Map<String, Value> = self.slices_of(shard).map(offsets).collect();
            texts.push(("DCP_VERSION".to_owned(), "1.0".to_owned()));
            texts.push(("DCP_SHARDING_INFO".to_owned(), Value::Object(info).to_string()));
        }
        texts
    }

    /// The text of the index.
    fn index_text(&self) -> Vec<u8> {
        let texts = self.metadata.iter().filter(|(key, _)| key != "format").chain(self.ties);
        let metadata: Vec<_> = texts.cloned().collect();
        Index { layout: &self.layout, tensors: &self.tensors, metadata: &metadata }.text()
    }
}
