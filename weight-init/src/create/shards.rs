//! Which tensor stands in which file of a folder: a function of the tensors and of the largest size of a file alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::ShardSize;
use crate::plan::Tensor;
use crate::split::{Cut, Division, Slice};

/// How tensors are laid into files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FolderLayout {
    /// As Hugging Face's libraries write and read them: whole tensors, and an index.
    ///
    /// Files are filled in the order of the tensors, each as long as it does not become larger than the limit; a larger tensor has
    /// a file of its own. The result is that of `huggingface_hub`'s `split_torch_state_dict_into_shards`.
    #[default]
    Hf,
    /// As `torch.distributed.checkpoint` writes tensors that are sharded into safetensors, for its `HuggingFaceStorageReader`:
    /// a tensor that a file has no room for is cut between two rows, which goes on in the next. All files but the last so have
    /// about the same size, and a tensor may be larger than a file.
    Dcp,
}

impl FolderLayout {
    /// Its name in the command and in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hf => "hf",
            Self::Dcp => "dcp",
        }
    }
}

/// One file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its name: `model-00001-of-00002.safetensors`; of a rank, `tp-00-of-08/model.safetensors`.
    pub name: String,
    /// The folder that it stands in, as its place in [`folders`](ShardLayout::folders).
    pub folder: usize,
    /// What it holds, in the order of the tensors.
    pub slices: Vec<Slice>,
    /// Bytes of all of it.
    pub bytes: u64,
}

/// The files of a folder, and which tensor is in which.
///
/// It does not depend on how many processes write the files.
///
/// ```
/// use weight_init::create::{FolderLayout, ShardLayout, ShardSize};
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan, Unknown};
///
/// let source = Source::new("model.json", r#"{"class": "LayerNorm", "params": [
///     {"name": "weight", "shape": [1000]}, {"name": "bias", "shape": [1000]}]}"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let tensors = plan.tensors(Unknown::Refuse)?;
/// let layout = ShardLayout::of(&tensors, FolderLayout::Hf, "5KB".parse()?);
/// assert_eq!(layout.shards()[1].name, "model-00002-of-00002.safetensors");
/// assert_eq!(layout.total_bytes(), 8000);
///
/// let layout = ShardLayout::of(&tensors, FolderLayout::Dcp, "5KB".parse()?);
/// assert_eq!(layout.shards()[0].slices[1].shape(&tensors[1]), [250]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardLayout {
    shards: Vec<Shard>,
    folders: Vec<ShardFolder>,
}

/// A folder of files: the folder itself, or one of a rank in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFolder {
    /// Its name in the folder; `None`: the folder itself.
    pub name: Option<String>,
    /// The places of its files in [`shards`](ShardLayout::shards).
    pub shards: Range<usize>,
}

impl ShardLayout {
    /// Lays the tensors into files.
    #[must_use]
    pub fn of(tensors: &[Tensor<'_>], layout: FolderLayout, largest: ShardSize) -> Self {
        let parts = match layout {
            FolderLayout::Hf => {
                let sizes = tensors.iter().map(Tensor::bytes).enumerate();
                split(sizes.map(|(tensor, bytes)| (Slice::whole(tensor), bytes)), largest.bytes())
            }
            FolderLayout::Dcp => cut(tensors, largest.bytes()),
        };
        let mut this = Self { shards: Vec::new(), folders: Vec::new() };
        this.add(None, layout, parts);
        this
    }

    /// Lays what each rank has into files of its own, in a folder of its own in the layout [`FolderLayout::Hf`].
    #[must_use]
    pub fn of_ranks(tensors: &[Tensor<'_>], division: &Division, largest: ShardSize) -> Self {
        let mut this = Self { shards: Vec::new(), folders: Vec::new() };
        for rank in division.ranks() {
            let slices = rank
                .slices()
                .iter()
                .filter_map(|slice| Some((slice.clone(), slice.bytes(tensors.get(slice.tensor)?))));
            let parts = split(slices, largest.bytes());
            this.add(Some(rank.name()), FolderLayout::Hf, parts);
        }
        this
    }

    /// Adds a folder of files.
    fn add(&mut self, name: Option<&str>, layout: FolderLayout, mut parts: Vec<Part>) {
        // A model without tensors is a file without tensors.
        if parts.is_empty() {
            parts.push(Part::default());
        }
        let (count, folder) = (parts.len(), self.folders.len());
        let below = name.map(|name| format!("{name}/")).unwrap_or_default();
        let named = |(index, part): (usize, Part)| Shard {
            name: match layout {
                FolderLayout::Hf if count == 1 => format!("{below}model.safetensors"),
                FolderLayout::Hf => {
                    format!("{below}model-{:05}-of-{count:05}.safetensors", index + 1)
                }
                FolderLayout::Dcp => {
                    format!("{below}shard-{:05}-model-00001-of-00001.safetensors", index + 1)
                }
            },
            folder,
            slices: part.slices,
            bytes: part.bytes,
        };
        let begin = self.shards.len();
        self.shards.extend(parts.into_iter().enumerate().map(named));
        let shards = begin..self.shards.len();
        self.folders.push(ShardFolder { name: name.map(str::to_owned), shards });
    }

    /// The folder itself, or those of ranks in it.
    #[must_use]
    pub fn folders(&self) -> &[ShardFolder] {
        &self.folders
    }

    /// The files of a folder.
    pub(super) fn shards_of(&self, folder: &ShardFolder) -> &[Shard] {
        self.shards.get(folder.shards.clone()).unwrap_or_default()
    }

    /// The files, in the order of their numbers; at least one.
    #[must_use]
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.shards.iter().fold(0, |sum, shard| sum.saturating_add(shard.bytes))
    }

    /// The files that one of several processes writes, as places in [`shards`](Self::shards), the largest first.
    ///
    /// Files are dealt out whole, the largest first, each to the process that has the fewest bytes so far.
    #[must_use]
    pub fn share(&self, share: Share) -> Vec<usize> {
        let mut largest_first: Vec<_> = self.shards.iter().enumerate().collect();
        largest_first.sort_by_key(|(index, shard)| (Reverse(shard.bytes), *index));
        // Processes beyond the number of files have none.
        let ranks = share.world.min(self.shards.len() as u64);
        let mut loads: BinaryHeap<_> = (0..ranks).map(|rank| Reverse((0, rank))).collect();
        let mut mine = Vec::new();
        for (index, shard) in largest_first {
            let Some(Reverse((load, rank))) = loads.pop() else { break };
            if rank == share.rank {
                mine.push(index);
            }
            // A file takes time of its own, so that empty ones are dealt out too.
            loads.push(Reverse((u64::saturating_add(load, shard.bytes.max(1)), rank)));
        }
        mine
    }
}

/// Which of how many processes this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    rank: u64,
    world: u64,
}

impl Share {
    /// One process that does everything.
    pub const ALL: Self = Self { rank: 0, world: 1 };

    /// Process `rank`, counted from 0, of `world`; `None` if there is no such one.
    ///
    /// ```
    /// use weight_init::create::Share;
    ///
    /// assert_eq!(Share::new(0, 1), Some(Share::ALL));
    /// assert_eq!(Share::new(4, 4), None);
    /// ```
    #[must_use]
    pub const fn new(rank: u64, world: u64) -> Option<Self> {
        if rank < world { Some(Self { rank, world }) } else { None }
    }

    /// Its number, from 0 on.
    #[must_use]
    pub const fn rank(self) -> u64 {
        self.rank
    }

    /// How many there are.
    #[must_use]
    pub const fn world(self) -> u64 {
        self.world
    }
}

/// What one file holds.
#[derive(Default)]
struct Part {
    slices: Vec<Slice>,
    bytes: u64,
}

/// The greedy split of Hugging Face. A tensor above the limit stands before the file that is open when it comes.
fn split(slices: impl Iterator<Item = (Slice, u64)>, largest: u64) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open = Part::default();
    for (slice, bytes) in slices {
        if bytes > largest {
            parts.push(Part { slices: vec![slice], bytes });
            continue;
        }
        if open.bytes.saturating_add(bytes) > largest {
            parts.push(std::mem::take(&mut open));
        }
        open.slices.push(slice);
        open.bytes += bytes;
    }
    if !open.slices.is_empty() {
        parts.push(open);
    }
    parts
}

/// Fills file after file, and cuts tensors between rows. A row is never cut, so that a file of one row may be larger.
fn cut(tensors: &[Tensor<'_>], largest: u64) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open = Part::default();
    for (index, tensor) in tensors.iter().enumerate() {
        let bytes = tensor.bytes();
        // A number, and a tensor without elements, is one piece.
        let rows = tensor.shape.first().copied().filter(|_| bytes > 0).unwrap_or(1);
        let row = bytes / (rows as u64).max(1);
        let mut begin = 0;
        while begin < rows {
            let room = largest.saturating_sub(open.bytes).checked_div(row);
            let fit = room.map_or(rows, |room| usize::try_from(room).unwrap_or(usize::MAX));
            if fit == 0 && !open.slices.is_empty() {
                parts.push(std::mem::take(&mut open));
                continue;
            }
            let end = begin.saturating_add(fit.max(1)).min(rows);
            let is_whole = begin == 0 && end == rows;
            let rows = if is_whole { None } else { Some(Cut::rows(begin..end)) };
            open.slices.push(Slice { tensor: index, cut: rows, tie: None });
            open.bytes = open.bytes.saturating_add(row.saturating_mul((end - begin) as u64));
            begin = end;
        }
    }
    if !open.slices.is_empty() {
        parts.push(open);
    }
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn of_sizes(sizes: &[u64]) -> ShardLayout {
        let shard =
            |bytes: &u64| Shard { name: String::new(), folder: 0, slices: vec![], bytes: *bytes };
        ShardLayout { shards: sizes.iter().map(shard).collect(), folders: vec![] }
    }

    #[test]
    fn every_file_is_dealt_out_once_whatever_the_number_of_processes() {
        for sizes in
            [&[][..], &[5], &[1, 9, 3, 3, 7, 2, 8], &[0, 0, 0, 0], &[u64::MAX, u64::MAX, 1]]
        {
            let layout = of_sizes(sizes);
            for world in [1, 2, 3, 4, 7, 16, 1_000_000_000_000] {
                let shares = (0..world.min(20)).map(|rank| Share::new(rank, world).unwrap());
                let mut all: Vec<_> = shares.flat_map(|share| layout.share(share)).collect();
                all.sort_unstable();
                assert_eq!(all, (0..sizes.len()).collect::<Vec<_>>(), "{sizes:?} {world}");
            }
        }
    }

    #[test]
    fn the_largest_come_first_and_go_to_who_has_least() {
        let layout = of_sizes(&[1, 9, 3, 3, 7, 2, 8]);
        let share = |rank| layout.share(Share::new(rank, 3).unwrap());
        assert_eq!([share(0), share(1), share(2)], [vec![1, 5], vec![6, 3], vec![4, 2, 0]]);
        assert_eq!(of_sizes(&[0; 4]).share(Share::new(1, 2).unwrap()), [1, 3]);
    }
}
