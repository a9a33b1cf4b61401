//! A checkpoint in several files, with an index of which tensor is in which: `model.safetensors.index.json`, as
//! Hugging Face writes it (or `pytorch_model.bin.index.json`, of the same form).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use crate::checkpoint::held_part::{HeldParts, RANK};
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::state_dict::source::{Piece, Source};
use crate::checkpoint::state_dict::{Place, Signs};
use crate::checkpoint::{
    CheckpointError, Problem, SafetensorsFile, StateDict, StoredType, Unread, plain_name,
};

/// The longest index, in bytes.
pub(crate) const LONGEST_INDEX: u64 = 100_000_000;

/// More files than any checkpoint is split into.
pub(crate) const MOST_FILES: usize = 10_000;

/// How the names of a folder's checkpoint end, the best first.
const CHECKPOINTS: [&str; 4] =
    [".safetensors.index.json", ".bin.index.json", "model.safetensors", "pytorch_model.bin"];

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Opens the files of an index, which lie beside it.
pub(super) fn open(file: &RandomAccess) -> Result<StateDict, CheckpointError> {
    let fault = |message| CheckpointError::content(file.path(), Problem::Format { message });
    let index = Index::read(file)?;
    let folder = file.path().parent().unwrap_or_else(|| Path::new(""));
    let mut dict = StateDict::new(file, "sharded");
    let shards = index.shards();
    let files = shards.len();
    for (shard, tensors) in shards {
        let part = StateDict::open_one_of(&folder.join(shard), files)?;
        let unread: BTreeSet<&str> = part.unread().iter().map(Unread::name).collect();
        let lacks = |tensor: &&&str| part.position(tensor).is_none() && !unread.contains(**tensor);
        if let Some(lacking) = tensors.iter().find(lacks) {
            return Err(fault(format!(
                "it says that '{shard}' holds '{lacking}', but it does not"
            )));
        }
        dict.append(part, |name| tensors.binary_search(&name).is_ok())?;
    }
    Ok(dict)
}

impl SafetensorsFile {
    /// Opens every file of a checkpoint: the file itself, the files of an index, or what is in a folder: the files of its index,
    /// or the only one, or those that `torch.distributed.checkpoint` reads, `shard-*.safetensors`, or those of all ranks in
    /// folders `tp-00-of-08`, ....
    ///
    /// Together the files hold the tensors that the index names, each where the index says, and no other.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) of each file; an index that is none, or is not what its files hold.
    ///
    /// ```
    /// # use weight_init::checkpoint::{SafetensorsFile, SafetensorsWriter, Sink, TensorInfo};
    /// # use weight_init_core::DType;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # for (file, tensor) in [("1.safetensors", "a"), ("2.safetensors", "b")] {
    /// #     let info = TensorInfo { name: tensor.into(), dtype: DType::U8, shape: vec![1] };
    /// #     let mut writer = SafetensorsWriter::create(folder.join(file), &[("", ""); 0], &[info])?;
    /// #     writer.write(&[0])?;
    /// #     writer.finish()?;
    /// # }
    /// let index = r#"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"#;
    /// std::fs::write(folder.join("model.safetensors.index.json"), index)?;
    /// assert_eq!(SafetensorsFile::open_all(folder)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_all(path: impl AsRef<Path>) -> Result<Vec<Self>, CheckpointError> {
        let path = path.as_ref();
        let ranks = ranks_in(path)?;
        if ranks.is_empty() { Self::open_folder(path, 1) } else { open_ranks(path, &ranks) }
    }

    /// The same of one of so many folders, which is none of ranks.
    fn open_folder(path: &Path, folders: usize) -> Result<Vec<Self>, CheckpointError> {
        let found = index_in(path)?;
        if found.is_none() {
            let parts = parts_in(path)?;
            if !parts.is_empty() {
                return parts.iter().map(|path| Self::open_one_of(path, parts.len())).collect();
            }
        }
        let path = found.as_deref().unwrap_or(path);
        if path.extension().is_none_or(|end| end != "json") {
            return Ok(vec![Self::open_one_of(path, folders)?]);
        }
        let fault = |message| CheckpointError::content(path, Problem::Format { message });
        let index = Index::read(&RandomAccess::open(path)?)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let shards = index.shards();
        let files = shards.len().saturating_mul(folders);
        let open = |(shard, tensors): (&str, Vec<&str>)| {
            let file = Self::open_one_of(&folder.join(shard), files)?;
            if let Some(lacking) = tensors.iter().find(|name| file.tensor(name).is_none()) {
                let message = format!("it says that '{shard}' holds '{lacking}', but it does not");
                return Err(fault(message));
            }
            let named = |name: &str| tensors.binary_search(&name).is_ok();
            match file.tensors().iter().find(|tensor| !named(&tensor.name)) {
                None => Ok(file),
                Some(more) => {
                    let name = &more.name;
                    let message = format!("'{shard}' holds '{name}', which it does not say");
                    Err(fault(message))
                }
            }
        };
        shards.into_iter().map(open).collect()
    }
}

/// The name of the file that says what is in a folder that this program writes.
pub(crate) const MANIFEST: &str = "weight_init.manifest.json";

#[derive(Deserialize)]
struct Manifest {
    shards: Vec<ManifestShard>,
}

#[derive(Deserialize)]
struct ManifestShard {
    name: String,
}

/// Refuses a folder that lacks a file which its manifest names: of tensors that are cut, nothing else tells that the last rows are
/// missing. A folder may have no manifest.
fn check_manifest(folder: &Path, parts: &[PathBuf]) -> Result<(), CheckpointError> {
    let path = folder.join(MANIFEST);
    if !path.is_file() {
        return Ok(());
    }
    let file = RandomAccess::open(&path)?;
    let fault = |message: String| CheckpointError::content(folder, Problem::Format { message });
    let mut text = vec![0; usize::try_from(file.len().min(LONGEST_INDEX)).unwrap_or(0)];
    file.read_exact_at(0, &mut text)?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|_| fault(format!("its {MANIFEST} is none that this program writes")))?;
    let there: BTreeSet<_> = parts.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    match manifest.shards.iter().find(|shard| !there.contains(shard.name.as_str())) {
        None => Ok(()),
        Some(shard) => Err(fault(format!("its manifest names '{}', which is missing", shard.name))),
    }
}

/// Opens the files in a folder whose tensors may be cut between rows: each tensor is that of all its pieces, in their order.
pub(super) fn open_parts(folder: &Path, parts: &[PathBuf]) -> Result<StateDict, CheckpointError> {
    check_manifest(folder, parts)?;
    let mut tensors: IndexMap<String, Vec<Part>> = IndexMap::new();
    let (mut bytes, mut metadata) = (0_u64, Vec::new());
    for (number, path) in parts.iter().enumerate() {
        let file = SafetensorsFile::open_one_of(path, parts.len())?;
        let held = HeldParts::of(&file)?;
        bytes = bytes.saturating_add(file.file_bytes());
        if number == 0 {
            let is_of_whole = |(key, _): &&(String, String)| !key.starts_with("DCP_");
            metadata = file.metadata().iter().filter(is_of_whole).cloned().collect();
        }
        for entry in file.tensors() {
            let offsets = held.offsets(&entry.name);
            if offsets.iter().skip(1).any(|offset| *offset != 0) {
                let message = format!(
                    "it is a part from {offsets:?} on; of tensors in parts, whole rows alone are read"
                );
                let problem = Problem::Tensor { tensor: entry.name.clone(), message };
                return Err(CheckpointError::content(path, problem));
            }
            let first = offsets.first().copied().unwrap_or(0);
            let file = file.file().clone();
            let piece = Piece { file, begin: entry.offset, len: entry.len };
            let part = Part { first, dtype: entry.dtype, shape: entry.shape.clone(), piece };
            tensors.entry(entry.name.clone()).or_default().push(part);
        }
    }
    let mut dict =
        StateDict::of_folder(folder, "safetensors, cut by rows", bytes).with_metadata(metadata);
    for (name, mut parts) in tensors {
        parts.sort_by_key(|part| (part.first, part.shape.first().copied()));
        let fault = |message: String| {
            let problem = Problem::Tensor { tensor: name.clone(), message };
            CheckpointError::content(folder, problem)
        };
        let Some(Part { dtype, mut shape, .. }) = parts.first().cloned() else { continue };
        let mut end = 0;
        for part in &parts {
            let is_alike = part.dtype == dtype
                && part.shape.len() == shape.len()
                && part.shape.iter().skip(1).eq(shape.iter().skip(1));
            if !is_alike {
                return Err(fault("its parts are of different types or shapes".to_owned()));
            }
            if part.first != end || parts.len() > 1 && part.shape.first().is_none_or(|n| *n == 0) {
                let side = if part.first > end { "no file has" } else { "two files have" };
                return Err(fault(format!("{side} its row {}", part.first.min(end))));
            }
            end = part.first.saturating_add(part.shape.first().copied().unwrap_or(0));
        }
        if let Some(rows) = shape.first_mut() {
            *rows = end;
        }
        let Some(source) = Source::joined(parts.into_iter().map(|part| part.piece)) else {
            continue;
        };
        let source = dict.add_source(source);
        let signs = Signs::default();
        let place = Place { source, offset: 0, strides: None, big_endian: false, signs };
        dict.add(name, dtype, shape, place)?;
    }
    Ok(dict)
}

/// Rows of a tensor in a file.
#[derive(Clone)]
struct Part {
    /// The first row.
    first: u64,
    dtype: StoredType,
    shape: Vec<u64>,
    piece: Piece,
}

impl Index {
    fn read(file: &RandomAccess) -> Result<Self, CheckpointError> {
        let fault = |message| CheckpointError::content(file.path(), Problem::Format { message });
        if file.len() > LONGEST_INDEX {
            return Err(fault(format!("an index has at most {LONGEST_INDEX} bytes")));
        }
        let mut text = vec![0; file.len() as usize];
        file.read_exact_at(0, &mut text)?;
        parse(&text).map_err(fault)
    }

    /// Each file with the names of its tensors, in order.
    fn shards(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut shards: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tensor, shard) in &self.weight_map {
            shards.entry(shard).or_default().push(tensor);
        }
        shards
    }
}

/// The checkpoint in a folder: the only index of safetensors files, else the only one of PyTorch's files, else the file
/// that such an index would stand for. `None` if the path is no folder, or holds none of these.
pub(super) fn index_in(path: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    let names = names_in(path, |name| CHECKPOINTS.iter().any(|end| name.ends_with(end)))?;
    for end in CHECKPOINTS {
        let mut found = names.iter().filter(|name| name.ends_with(end));
        match (found.next(), found.next()) {
            (Some(name), None) => return Ok(Some(path.join(name))),
            (None, _) => {}
            (Some(_), Some(_)) => return Ok(None),
        }
    }
    Ok(None)
}

/// The files in a folder whose tensors may be cut, in order.
pub(super) fn parts_in(path: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let is_part = |name: &str| name.starts_with("shard-") && name.ends_with(".safetensors");
    let mut names = names_in(path, is_part)?;
    if names.len() > MOST_FILES {
        let message = format!("it has {} files; at most {MOST_FILES} are read", names.len());
        return Err(CheckpointError::content(path, Problem::Format { message }));
    }
    names.sort_unstable();
    Ok(names.iter().map(|name| path.join(name)).collect())
}

/// The folders of ranks in a folder, in order.
fn ranks_in(path: &Path) -> Result<Vec<String>, CheckpointError> {
    let mut names = names_in(path, |name| ranks_of(name).is_some() && path.join(name).is_dir())?;
    if names.len() > MOST_FILES {
        let message =
            format!("it has folders of {} ranks; at most {MOST_FILES} are read", names.len());
        return Err(CheckpointError::content(path, Problem::Format { message }));
    }
    names.sort_unstable();
    Ok(names)
}

/// How many ranks there are, as the name of the folder of one says: `tp-03-of-08-pp-00-of-02` is one of 16.
fn ranks_of(name: &str) -> Option<usize> {
    let of = |text: &str| -> Option<usize> {
        let (number, count) = text.split_once("-of-")?;
        let (number, count): (usize, usize) = (number.parse().ok()?, count.parse().ok()?);
        (number < count).then_some(count)
    };
    match name.strip_prefix("tp-")?.split_once("-pp-") {
        Some((tp, pp)) => of(tp)?.checked_mul(of(pp)?),
        None => of(name.strip_prefix("tp-")?),
    }
}

/// Opens the files of all ranks; each says which it is of.
fn open_ranks(path: &Path, names: &[String]) -> Result<Vec<SafetensorsFile>, CheckpointError> {
    let count = names.first().and_then(|name| ranks_of(name)).unwrap_or_default();
    if names.iter().any(|name| ranks_of(name) != Some(count)) || names.len() != count {
        let message = format!(
            "it has folders of {} ranks, and '{}' says that there are {count}",
            names.len(),
            names.first().map_or("", String::as_str)
        );
        return Err(CheckpointError::content(path, Problem::Folder { message }));
    }
    let mut all = Vec::new();
    for name in names {
        for file in SafetensorsFile::open_folder(&path.join(name), count)? {
            let rank = file.metadata().iter().find(|(key, _)| key == RANK);
            if rank.is_none_or(|(_, rank)| rank != name) {
                let message = "it does not say that it is a file of this rank".to_owned();
                return Err(CheckpointError::content(file.path(), Problem::Folder { message }));
            }
            all.push(file);
        }
        if all.len() > MOST_FILES {
            let message = format!("it has more than {MOST_FILES} files; no more are read");
            return Err(CheckpointError::content(path, Problem::Format { message }));
        }
    }
    Ok(all)
}

/// Names in a folder; none if the path is no folder.
fn names_in(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, CheckpointError> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error| CheckpointError::io("list", path, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.to_str().filter(|name| wanted(name)).map(str::to_owned));
    }
    Ok(names)
}

/// The names of the files that an index holds.
#[cfg(feature = "fetch")]
pub(crate) fn shard_names(text: &[u8]) -> Result<BTreeSet<String>, String> {
    Ok(parse(text)?.weight_map.into_values().collect())
}

/// Reads an index whose files lie beside it.
fn parse(text: &[u8]) -> Result<Index, String> {
    let index: Index = serde_json::from_slice(text).map_err(|error| {
        // The parser's own words would show what the file holds, which may be any file.
        format!(
            "it is no index of a checkpoint, an object whose 'weight_map' gives each tensor a file (line {})",
            error.line()
        )
    })?;
    let shards: BTreeSet<&String> = index.weight_map.values().collect();
    if shards.len() > MOST_FILES {
        return Err(format!("it names {} files; at most {MOST_FILES} are read", shards.len()));
    }
    for shard in shards {
        let fault = plain_name::fault(shard)
            .or_else(|| shard.to_ascii_lowercase().ends_with(".json").then_some("it is an index"));
        if let Some(fault) = fault {
            let message = "its files lie beside it under plain names";
            return Err(format!("it names the file '{shard}', but {fault}; {message}"));
        }
    }
    Ok(index)
}
