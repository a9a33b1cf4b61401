//! Where the elements of each tensor stand in the files of a checkpoint.

use std::collections::HashMap;
use std::ops::Range;

use super::Difference;
use crate::checkpoint::held_part::{HeldPart, HeldParts};
use crate::checkpoint::{CheckpointError, SafetensorsFile, StoredType, TensorEntry};
use crate::plan::Tensor;
use crate::window::{Cut, Window};

/// A part of a tensor in a file.
pub(super) struct Piece<'f> {
    /// Place of the tensor in the list.
    pub(super) tensor: usize,
    pub(super) file: &'f SafetensorsFile,
    pub(super) entry: &'f TensorEntry,
    /// Its elements in the tensor.
    pub(super) window: Window,
    held: Held,
}

/// How a part lies in its tensor.
enum Held {
    /// Consecutive elements.
    Rows(Range<u64>),
    /// Indices along a dimension, with one rank of several.
    Cut(Cut),
    /// All of it, with one rank of several.
    Whole,
}

/// The pieces of all tensors, in their order, or the first thing in which the files hold other tensors. `ties` are other names of
/// tensors, under which files of ranks may hold them.
pub(super) fn pieces<'f>(
    tensors: &[Tensor<'_>],
    ties: &[(String, String)],
    files: &'f [SafetensorsFile],
) -> Result<Result<Vec<Piece<'f>>, Difference>, CheckpointError> {
    let mut places: HashMap<&str, usize> =
        tensors.iter().enumerate().map(|(place, tensor)| (tensor.name, place)).collect();
    let mut pieces = Vec::new();
    let mut unexpected = None;
    let mut other_kinds = Vec::new();
    for file in files {
        let parts = HeldParts::of(file)?;
        if parts.is_of_rank() {
            for (name, first) in ties {
                if let Some(place) = places.get(first.as_str()).copied() {
                    places.insert(name, place);
                }
            }
        }
        for entry in file.tensors() {
            let place = places.get(entry.name.as_str()).copied();
            let Some((place, tensor)) = place.and_then(|it| Some((it, tensors.get(it)?))) else {
                unexpected.get_or_insert(&entry.name);
                continue;
            };
            match piece(tensor, entry, &parts) {
                Some((window, held)) => {
                    pieces.push(Piece { tensor: place, file, entry, window, held })
                }
                None => {
                    let offsets = parts.offsets(&entry.name);
                    other_kinds.push((place, other_kind(tensor, entry, offsets)));
                }
            }
        }
    }
    pieces.sort_by_key(|piece| (piece.tensor, piece.first(), piece.end()));
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

impl Piece<'_> {
    /// Where it begins: an element, or an index along the dimension in which it is cut.
    fn first(&self) -> u64 {
        match &self.held {
            Held::Rows(elements) => elements.start,
            Held::Cut(cut) => cut.ranges.first().map_or(0, |range| range.start as u64),
            Held::Whole => 0,
        }
    }

    fn end(&self) -> u64 {
        match &self.held {
            Held::Rows(elements) => elements.end,
            Held::Cut(cut) => cut.ranges.last().map_or(0, |range| range.end as u64),
            Held::Whole => u64::MAX,
        }
    }
}

/// The part of a tensor that a file's is; `None`: it is of another kind than the whole, or is no part that is written.
fn piece(tensor: &Tensor<'_>, entry: &TensorEntry, parts: &HeldParts) -> Option<(Window, Held)> {
    if StoredType::of(tensor.dtype) != Some(entry.dtype) {
        return None;
    }
    let shape: Vec<u64> = tensor.shape.iter().map(|extent| *extent as u64).collect();
    match parts.part(entry, &shape)? {
        HeldPart::Cut(cut) => Some((cut.window(tensor.shape), Held::Cut(cut))),
        HeldPart::Rows(_) if parts.is_of_rank() => Some((Window::whole(tensor.shape), Held::Whole)),
        HeldPart::Rows(first) => {
            let Some(rows) = entry.shape.first() else {
                return Some((Window::whole(tensor.shape), Held::Rows(0..tensor.elements())));
            };
            let index = |row: u64| usize::try_from(row).ok();
            let window = Cut::rows(index(first)?..index(first + rows)?).window(tensor.shape);
            let row = tensor.elements() / shape.first().copied().unwrap_or(1).max(1);
            Some((window, Held::Rows(first * row..(first + rows) * row)))
        }
    }
}

/// The first tensor of which an element stands in no file, or, but for files of ranks, in two.
fn first_gap(tensors: &[Tensor<'_>], pieces: &[Piece<'_>]) -> Option<(usize, Difference)> {
    let mut rest = pieces;
    for (place, tensor) in tensors.iter().enumerate() {
        let name = || tensor.name.to_owned();
        let count = rest.iter().take_while(|piece| piece.tensor == place).count();
        let (own, behind) = rest.split_at(count);
        rest = behind;
        if own.is_empty() {
            return Some((place, Difference::Missing { name: name() }));
        }
        let found = if own.iter().any(|piece| !matches!(piece.held, Held::Rows(_))) {
            gap_of_ranks(tensor, own)
        } else {
            gap_of_rows(tensor, own)
        };
        if let Some(found) = found {
            let expected = "each of its rows once".to_owned();
            return Some((place, Difference::Kind { name: name(), expected, found }));
        }
    }
    None
}

fn gap_of_rows(tensor: &Tensor<'_>, own: &[Piece<'_>]) -> Option<String> {
    let mut held = None;
    for piece in own {
        let (begin, end) = (piece.first(), held.unwrap_or(0));
        if begin > end {
            return Some(format!("its element {end} in no file"));
        }
        if begin < end || held.is_some() && begin == piece.end() {
            return Some(format!("its element {begin} in two files"));
        }
        held = Some(piece.end());
    }
    let end = held.unwrap_or(0);
    (end < tensor.elements()).then(|| format!("its element {end} in no file"))
}

/// Several ranks may have the same part, but all together have all of it.
fn gap_of_ranks(tensor: &Tensor<'_>, own: &[Piece<'_>]) -> Option<String> {
    if own.iter().any(|piece| matches!(piece.held, Held::Whole)) {
        return None;
    }
    let cuts = own.iter().filter_map(|piece| match &piece.held {
        Held::Cut(cut) => Some(cut),
        Held::Rows(_) | Held::Whole => None,
    });
    let dim = cuts.clone().map(|cut| cut.dim).next()?;
    let mut ranges: Vec<_> =
        cuts.filter(|cut| cut.dim == dim).flat_map(|cut| &cut.ranges).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let end = ranges.iter().try_fold(0, |end, range| {
        if range.start > end { Err(end) } else { Ok(range.end.max(end)) }
    });
    let missing = match end {
        Ok(end) => Some(end).filter(|end| tensor.shape.get(dim).is_some_and(|all| end < all)),
        Err(end) => Some(end),
    };
    missing.map(|index| format!("index {index} of dimension {dim} with no rank"))
}

fn other_kind(tensor: &Tensor<'_>, entry: &TensorEntry, offsets: &[u64]) -> Difference {
    let found = match entry.dtype.dtype() {
        Some(dtype) => format!("{} {:?}", dtype.name(), entry.shape),
        None => format!("{} {:?}", entry.dtype, entry.shape),
    };
    Difference::Kind {
        name: tensor.name.to_owned(),
        expected: format!("{} {:?}", tensor.dtype.name(), tensor.shape),
        found: match offsets.iter().any(|offset| *offset != 0) {
            true => format!("{found} from {offsets:?} on"),
            false => found,
        },
    }
}
