//! A checkpoint in several files, with an index of which tensor is in which: `model.safetensors.index.json`, as
//! Hugging Face writes it (or `pytorch_model.bin.index.json`, of the same form).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::{CheckpointError, Problem, SafetensorsFile, StateDict, Unread, plain_name};

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
    for (shard, tensors) in index.shards() {
        let part = StateDict::open_file(&folder.join(shard), None)?;
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
    /// or the only one, or those that `torch.distributed.checkpoint` reads, `shard-*.safetensors`.
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
        let found = index_in(path)?;
        if found.is_none() {
            let parts = parts_in(path)?;
            if !parts.is_empty() {
                return parts.iter().map(Self::open).collect();
            }
        }
        let path = found.as_deref().unwrap_or(path);
        if path.extension().is_none_or(|end| end != "json") {
            return Ok(vec![Self::open(path)?]);
        }
        let fault = |message| CheckpointError::content(path, Problem::Format { message });
        let index = Index::read(&RandomAccess::open(path)?)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let open = |(shard, tensors): (&str, Vec<&str>)| {
            let file = Self::open(folder.join(shard))?;
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
        index.shards().into_iter().map(open).collect()
    }
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
fn parts_in(path: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let is_part = |name: &str| name.starts_with("shard-") && name.ends_with(".safetensors");
    let mut names = names_in(path, is_part)?;
    if names.len() > MOST_FILES {
        let message = format!("it has {} files; at most {MOST_FILES} are read", names.len());
        return Err(CheckpointError::content(path, Problem::Format { message }));
    }
    names.sort_unstable();
    Ok(names.iter().map(|name| path.join(name)).collect())
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
