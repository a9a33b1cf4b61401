//! Where the elements of each tensor stand in the files of a checkpoint.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;

use super::Difference;
use crate::checkpoint::{CheckpointError, Problem, SafetensorsFile, StoredType, TensorEntry};
use crate::plan::Tensor;

/// Consecutive elements of a tensor in a file: all of them, or some of its rows.
pub(super) struct Piece<'f> {
    /// Place of the tensor in the list.
    pub(super) tensor: usize,
    pub(super) file: &'f SafetensorsFile,
    pub(super) entry: &'f TensorEntry,
    /// The numbers of its elements in the tensor.
    pub(super) elements: Range<u64>,
}

/// The place of a file's tensor in the whole, as `torch.distributed.checkpoint` says it in `DCP_SHARDING_INFO`.
#[derive(Deserialize)]
struct Saved {
    saved_offsets: Vec<u64>,
}

/// The pieces of all tensors, in their order, or the first thing in which the files hold other tensors.
pub(super) fn pieces<'f>(
    tensors: &[Tensor<'_>],
    files: &'f [SafetensorsFile],
) -> Result<Result<Vec<Piece<'f>>, Difference>, CheckpointError> {
    let places: HashMap<&str, usize> =
        tensors.iter().enumerate().map(|(place, tensor)| (tensor.name, place)).collect();
    let mut pieces = Vec::new();
    let mut unexpected = None;
    let mut other_kinds = Vec::new();
    for file in files {
        let saved = saved_offsets(file)?;
        for entry in file.tensors() {
            let place = places.get(entry.name.as_str()).copied();
            let Some((place, tensor)) = place.and_then(|it| Some((it, tensors.get(it)?))) else {
                unexpected.get_or_insert(&entry.name);
                continue;
            };
            let saved = saved.as_ref().and_then(|saved| saved.get(&entry.name));
            match elements(tensor, entry, saved) {
                Some(elements) => pieces.push(Piece { tensor: place, file, entry, elements }),
                None => other_kinds.push((place, other_kind(tensor, entry, saved))),
            }
        }
    }
    pieces.sort_by_key(|piece| (piece.tensor, piece.elements.start, piece.elements.end));
    // What is told is what comes first in the model.
    let other_kind = other_kinds.into_iter().min_by_key(|(place, _)| *place);
    let gap = first_gap(tensors, &pieces);
    let first = [other_kind, gap].into_iter().flatten().min_by_key(|(place, _)| *place);
    Ok(match (first, unexpected) {
        (Some((_, difference)), _) => Err(difference),
        (None, Some(name)) => Err(Difference::Unexpected { name: name.clone() }),
        (None, None) => Ok(pieces),
    })
}

fn saved_offsets(
    file: &SafetensorsFile,
) -> Result<Option<HashMap<String, Saved>>, CheckpointError> {
    let Some((_, text)) = file.metadata().iter().find(|(key, _)| key == "DCP_SHARDING_INFO") else {
        return Ok(None);
    };
    serde_json::from_str(text).map(Some).map_err(|_| {
        let message =
            "its DCP_SHARDING_INFO is no object that gives each tensor 'saved_offsets'".to_owned();
        CheckpointError::content(file.path(), Problem::Header { message })
    })
}

/// The numbers of the elements of a file's tensor in the whole; `None`: it is of another kind than the whole, or is not whole rows
/// of it.
fn elements(tensor: &Tensor<'_>, entry: &TensorEntry, saved: Option<&Saved>) -> Option<Range<u64>> {
    if StoredType::of(tensor.dtype) != Some(entry.dtype) || tensor.shape.len() != entry.shape.len()
    {
        return None;
    }
    let offsets = saved.map_or(&[][..], |saved| saved.saved_offsets.as_slice());
    let extents = || tensor.shape.iter().map(|extent| *extent as u64);
    let all = tensor.elements();
    if offsets.iter().all(|offset| *offset == 0) && entry.shape.iter().copied().eq(extents()) {
        return Some(0..all);
    }
    let (first, others) = offsets.split_first()?;
    let (rows, all_rows) = (*entry.shape.first()?, extents().next()?);
    let end = first.checked_add(rows).filter(|end| *end <= all_rows)?;
    let are_rows = offsets.len() == entry.shape.len()
        && others.iter().all(|offset| *offset == 0)
        && entry.shape.iter().copied().skip(1).eq(extents().skip(1));
    let row = all / all_rows.max(1);
    are_rows.then_some(first * row..end * row)
}

/// The first tensor of which an element stands in no file, or in two.
fn first_gap(tensors: &[Tensor<'_>], pieces: &[Piece<'_>]) -> Option<(usize, Difference)> {
    let mut pieces = pieces.iter().peekable();
    for (place, tensor) in tensors.iter().enumerate() {
        let name = || tensor.name.to_owned();
        let differs = |found: String| {
            let expected = "each of its rows once".to_owned();
            Some((place, Difference::Kind { name: name(), expected, found }))
        };
        let mut held = None;
        while let Some(piece) = pieces.next_if(|piece| piece.tensor == place) {
            let (begin, end) = (piece.elements.start, held.unwrap_or(0));
            if begin > end {
                return differs(format!("its element {end} in no file"));
            }
            if begin < end || held.is_some() && piece.elements.is_empty() {
                return differs(format!("its element {begin} in two files"));
            }
            held = Some(piece.elements.end);
        }
        match held {
            None => return Some((place, Difference::Missing { name: name() })),
            Some(end) if end < tensor.elements() => {
                return differs(format!("its element {end} in no file"));
            }
            Some(_) => {}
        }
    }
    None
}

fn other_kind(tensor: &Tensor<'_>, entry: &TensorEntry, saved: Option<&Saved>) -> Difference {
    let found = match entry.dtype.dtype() {
        Some(dtype) => format!("{} {:?}", dtype.name(), entry.shape),
        None => format!("{} {:?}", entry.dtype, entry.shape),
    };
    Difference::Kind {
        name: tensor.name.to_owned(),
        expected: format!("{} {:?}", tensor.dtype.name(), tensor.shape),
        found: match saved {
            Some(saved) if saved.saved_offsets.iter().any(|offset| *offset != 0) => {
                format!("{found} from {:?} on", saved.saved_offsets)
            }
            _ => found,
        },
    }
}
