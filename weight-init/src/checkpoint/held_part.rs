//! Which part of a tensor a safetensors file holds, as the texts of the file say it.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;

use super::{CheckpointError, Problem, SafetensorsFile, TensorEntry};
use crate::window::Cut;

/// What the texts of a file say about its tensors.
#[derive(Debug, Default)]
pub(crate) struct HeldParts {
    /// As `torch.distributed.checkpoint` says it.
    offsets: Option<HashMap<String, Saved>>,
    /// As a folder of a rank says it: of the tensors that are cut.
    cuts: Option<HashMap<String, SavedCut>>,
}

/// The place of a file's tensor in the whole, in `DCP_SHARDING_INFO`.
#[derive(Debug, Deserialize)]
struct Saved {
    saved_offsets: Vec<u64>,
}

/// Indices along a dimension of a tensor of the shape `of`.
#[derive(Debug, Deserialize)]
struct SavedCut {
    of: Vec<u64>,
    dim: usize,
    ranges: Vec<[usize; 2]>,
}

/// The part that a file has of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeldPart {
    /// All of it, or rows from this one on.
    Rows(u64),
    /// Indices along a dimension.
    Cut(Cut),
}

const DCP: &str = "DCP_SHARDING_INFO";

/// The key of the parts of a rank's tensors in a file's texts.
pub(crate) const SLICES: &str = "weight_init.slices";

/// The key of the rank's name.
pub(crate) const RANK: &str = "weight_init.rank";

impl HeldParts {
    /// Reads the texts of a file.
    pub(crate) fn of(file: &SafetensorsFile) -> Result<Self, CheckpointError> {
        Ok(Self {
            offsets: read(file, DCP, "no object that gives each tensor 'saved_offsets'")?,
            cuts: read(file, SLICES, "no object that gives tensors 'of', 'dim' and 'ranges'")?,
        })
    }

    /// Whether the file is that of a rank.
    pub(crate) const fn is_of_rank(&self) -> bool {
        self.cuts.is_some()
    }

    /// The offset of a tensor in each dimension, where `torch.distributed.checkpoint` says it.
    pub(crate) fn offsets(&self, name: &str) -> &[u64] {
        let saved = self.offsets.as_ref().and_then(|offsets| offsets.get(name));
        saved.map_or(&[], |saved| &saved.saved_offsets)
    }

    /// Which part of a tensor of this shape an entry is; `None`: none of these.
    pub(crate) fn part(&self, entry: &TensorEntry, shape: &[u64]) -> Option<HeldPart> {
        if let Some(SavedCut { of, dim, ranges }) =
            self.cuts.as_ref().and_then(|cuts| cuts.get(&entry.name))
        {
            let ranges: Vec<Range<usize>> = ranges.iter().map(|[from, to]| *from..*to).collect();
            let extent = *shape.get(*dim)?;
            let mut end = 0;
            for range in &ranges {
                let is_in_order = range.start >= end && range.start < range.end;
                end = Some(range.end).filter(|end| is_in_order && *end as u64 <= extent)?;
            }
            let cut = Cut { dim: *dim, ranges };
            let mut own = shape.to_vec();
            *own.get_mut(*dim)? = cut.extent() as u64;
            return (of == shape && own == entry.shape).then_some(HeldPart::Cut(cut));
        }
        let offsets = self.offsets(&entry.name);
        if offsets.iter().all(|offset| *offset == 0) && entry.shape == shape {
            return Some(HeldPart::Rows(0));
        }
        let (first, others) = offsets.split_first()?;
        let (rows, all_rows) = (*entry.shape.first()?, *shape.first()?);
        let are_rows = offsets.len() == entry.shape.len()
            && entry.shape.len() == shape.len()
            && others.iter().all(|offset| *offset == 0)
            && entry.shape.iter().skip(1).eq(shape.iter().skip(1));
        let fits = first.checked_add(rows).is_some_and(|end| end <= all_rows);
        (are_rows && fits).then_some(HeldPart::Rows(*first))
    }
}

fn read<T: for<'t> Deserialize<'t>>(
    file: &SafetensorsFile,
    key: &str,
    fault: &str,
) -> Result<Option<T>, CheckpointError> {
    let Some((_, text)) = file.metadata().iter().find(|(known, _)| known == key) else {
        return Ok(None);
    };
    serde_json::from_str(text).map(Some).map_err(|_| {
        let message = format!("its {key} is {fault}");
        CheckpointError::content(file.path(), Problem::Header { message })
    })
}
