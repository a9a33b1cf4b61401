//! A checkpoint in several files, with an index of which tensor is in which: `model.safetensors.index.json`, as
//! Hugging Face writes it (or `pytorch_model.bin.index.json`, of the same form).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::{CheckpointError, Problem, StateDict, Unread, plain_name};

/// The longest index, in bytes.
pub(crate) const LONGEST_INDEX: u64 = 100_000_000;

/// More files than any checkpoint is split into.
const MOST_FILES: usize = 10_000;

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
    if file.len() > LONGEST_INDEX {
        return Err(fault(format!("an index has at most {LONGEST_INDEX} bytes")));
    }
    let mut text = vec![0; file.len() as usize];
    file.read_exact_at(0, &mut text)?;
    let index = parse(&text).map_err(fault)?;
    let mut shards: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (tensor, shard) in &index.weight_map {
        shards.entry(shard).or_default().push(tensor);
    }
    let folder = file.path().parent().unwrap_or_else(|| Path::new(""));
    let mut dict = StateDict::new(file, "sharded");
    for (shard, tensors) in shards {
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

/// The checkpoint in a folder: the only index of safetensors files, else the only one of PyTorch's files, else the file
/// that such an index would stand for. `None` if the path is no folder, or holds none of these.
pub(super) fn index_in(path: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    if !path.is_dir() {
        return Ok(None);
    }
    let failed = |error| CheckpointError::io("list", path, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(
            name.to_str()
                .filter(|name| CHECKPOINTS.iter().any(|end| name.ends_with(end)))
                .map(str::to_owned),
        );
    }
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
