//! A plan becomes a folder of several files, written by one process or by many.

mod finish;
mod index;
mod manifest;
#[cfg(feature = "cloud")]
mod objects;
mod partial;
mod remote;
mod wait;
mod write;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use weight_init_core::line_fill::AnyFill;

use self::index::Index;
use self::manifest::{Manifest, ManifestShard};
pub use self::remote::StoreReport;
pub use self::write::{FolderReport, FolderState};
use super::shards::{FolderLayout, Shard, ShardFolder, ShardLayout};
use super::{CreateError, Cut, Recipe, ShardSize, Slice, keys};
use crate::checkpoint::held_part::{RANK, SLICES};
use crate::checkpoint::safetensors::header_of;
use crate::checkpoint::sharded::MOST_FILES;
use crate::checkpoint::{CheckpointError, Problem, TensorInfo};
use crate::plan::{Plan, Tensor};
use crate::split::{Division, Rank, Split};

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
    /// How the tensors are cut, if they are.
    division: Option<Division>,
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
        let metadata = recipe.metadata(&plan.digest());
        let manifest = Manifest::new(recipe, plan.digest(), kind);
        let ties = plan.ties();
        let seed = recipe.seed;
        Self { seed, tensors, kind, layout, metadata, ties, division: None, manifest }
            .checked(largest)
    }

    /// Cuts a plan into a folder of files for each rank, in the layout [`Hf`](FolderLayout::Hf), for tensor and pipeline
    /// parallelism. Each slice has the bits of the same elements of the whole.
    ///
    /// ```
    /// use weight_init::create::{Folder, Recipe, ShardSize, Share};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init::run::BackendKind;
    ///
    /// let source = Source::new("model.json", r#"{"class": "Mlp", "children": [
    ///     {"name": "up_proj", "class": "Linear", "params": [{"name": "weight", "shape": [8, 4]}]},
    ///     {"name": "down_proj", "class": "Linear", "params": [{"name": "weight", "shape": [4, 8]}]}]}"#);
    /// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
    /// let folder = Folder::split(&Recipe::default(), &plan, &"llama:tp=2".parse()?, ShardSize::default())?;
    /// let place = tempfile::tempdir()?;
    /// folder.write(&place.path().join("mlp"), Share::ALL, &mut BackendKind::Auto.start(None)?, &mut |_| ())?;
    /// assert!(place.path().join("mlp/tp-01-of-02/model.safetensors").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new) and [`Split::divide`].
    pub fn split(
        recipe: &Recipe,
        plan: &'p Plan,
        split: &Split,
        largest: ShardSize,
    ) -> Result<Self, CreateError> {
        let tensors = plan.tensors(recipe.unknown)?;
        let division = split.divide(&tensors, plan.ties())?;
        let layout = ShardLayout::of_ranks(&tensors, &division, largest);
        let text = format!("{split}, {}", division.digest());
        let mut metadata = recipe.metadata(&plan.digest());
        metadata.push((keys::SPLIT.to_owned(), text.clone()));
        let manifest = Manifest::new(recipe, plan.digest(), FolderLayout::Hf).of_split(text);
        let (ties, kind, seed) = (plan.ties(), FolderLayout::Hf, recipe.seed);
        Self { seed, tensors, kind, layout, metadata, ties, division: Some(division), manifest }
            .checked(largest)
    }

    /// Lists the files in the manifest, unless they are too many.
    fn checked(mut self, largest: ShardSize) -> Result<Self, CreateError> {
        let fault = |name: &str, problem| CheckpointError::content(Path::new(name), problem);
        let count = self.layout.shards().len();
        if count > MOST_FILES {
            let bytes = self.layout.total_bytes();
            let message = format!(
                "{bytes} bytes in files of {} are {count} files; checkpoints of at most {MOST_FILES} are read",
                largest.bytes()
            );
            return Err(fault(index::NAME, Problem::Folder { message }).into());
        }
        let shards = self.layout.shards().iter().map(|shard| {
            let header = self.header(shard)?;
            let bytes = (header.len() as u64).saturating_add(shard.bytes);
            Ok(ManifestShard { name: shard.name.clone(), bytes, sha256: None })
        });
        self.manifest.shards = shards.collect::<Result<_, CheckpointError>>()?;
        Ok(self)
    }

    /// How the tensors are cut, if they are.
    #[must_use]
    pub const fn division(&self) -> Option<&Division> {
        self.division.as_ref()
    }

    /// The tensors whose slices are cut out of lines that are made whole, as rows of an orthogonal matrix are: every rank that has a
    /// piece of a line makes all of it.
    #[must_use]
    pub fn cut_lines(&self) -> Vec<&str> {
        let ranks = self.division.iter().flat_map(Division::ranks);
        let slices = ranks.flat_map(|rank| rank.slices()).filter(|slice| slice.cut.is_some());
        let places: BTreeSet<_> = slices.map(|slice| slice.tensor).collect();
        let tensors = places.into_iter().filter_map(|place| self.tensors.get(place));
        let of_lines = tensors
            .filter(|tensor| matches!(tensor.fill::<f64>(0), Ok(Some((AnyFill::Lines(_), _)))));
        of_lines.map(|tensor| tensor.name).collect()
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
            name: slice.name(tensor, self.ties).to_owned(),
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

    /// Whether the files of a folder have an index.
    fn has_index_in(&self, folder: &ShardFolder) -> bool {
        self.kind == FolderLayout::Hf && folder.shards.len() > 1
    }

    /// Other names of the tensors of a folder.
    fn ties_of(&self, folder: usize) -> &[(String, String)] {
        let rank = self.division.as_ref().and_then(|division| division.ranks().get(folder));
        rank.map_or(self.ties, Rank::ties)
    }

    /// Texts of a file: as in huggingface_hub's folders, ties stand in the index if there is one.
    fn metadata_of(&self, shard: &Shard) -> Vec<(String, String)> {
        let mut texts = self.metadata.clone();
        let folder = self.layout.folders().get(shard.folder);
        if !folder.is_some_and(|folder| self.has_index_in(folder)) {
            texts.extend_from_slice(self.ties_of(shard.folder));
        }
        if let Some(rank) = folder.and_then(|folder| folder.name.clone()) {
            let cut = |(tensor, slice): (&Tensor<'_>, &Slice)| {
                let Cut { dim, ranges } = slice.cut.as_ref()?;
                let ranges: Vec<_> = ranges.iter().map(|range| [range.start, range.end]).collect();
                let cut = json!({"of": tensor.shape, "dim": dim, "ranges": ranges});
                Some((slice.name(tensor, self.ties).to_owned(), cut))
            };
            let cuts: Map<String, Value> = self.slices_of(shard).filter_map(cut).collect();
            texts.push((RANK.to_owned(), rank));
            texts.push((SLICES.to_owned(), Value::Object(cuts).to_string()));
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

    /// The names and texts of all indices.
    fn indices(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        let folders = self.layout.folders().iter().enumerate();
        folders.filter(|(_, of)| self.has_index_in(of)).map(|(place, of)| {
            let texts = self.metadata.iter().filter(|(key, _)| key != "format");
            let metadata: Vec<_> = texts.chain(self.ties_of(place)).cloned().collect();
            let (shards, tensors) = (self.layout.shards_of(of), self.tensors.as_slice());
            let index = Index { shards, tensors, ties: self.ties, metadata: &metadata };
            (index_name(of), index.text())
        })
    }
}

fn index_name(folder: &ShardFolder) -> String {
    let below = folder.name.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
    below + index::NAME
}
