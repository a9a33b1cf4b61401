//! A cache of deflated storages.
//!
//! Deflated bytes can be read from their beginning alone, while tensors are read anywhere and in any order. So a storage is
//! streamed once for all tensors in it that will be read, and no more of it is kept, in a temporary file, than their
//! elements: a storage may be a thousand times larger than the file that it is deflated in.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use super::gather::{Run, runs, span};
use super::source::Source;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::random_access::RandomAccess;

/// How many times its elements the span of a tensor may be that is kept as it is, gaps and all.
const DENSE: u64 = 2;

/// A tensor of a deflated storage.
#[derive(Debug)]
pub(super) struct Wanted<'t> {
    pub(super) tensor: usize,
    /// Bytes of an element.
    pub(super) size: u64,
    pub(super) shape: &'t [u64],
    pub(super) strides: Option<&'t [u64]>,
    /// Bytes from the start of the storage to the first element.
    pub(super) offset: u64,
}

/// Where the elements of a tensor are now.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) file: RandomAccess,
    pub(super) begin: u64,
    /// Whether they have the strides that they have in the storage; otherwise they lie row by row.
    pub(super) strided: bool,
}

/// Streams a storage and keeps the elements of these tensors.
pub(super) fn keep(
    source: &Source,
    wanted: &[Wanted<'_>],
) -> Result<Vec<(usize, Kept)>, CheckpointError> {
    let (mut pieces, mut places, mut len) = (Vec::new(), Vec::new(), 0_u64);
    for tensor in wanted {
        let Wanted { size, shape, strides, offset, .. } = *tensor;
        let elements = crate::checkpoint::elements(shape);
        let bytes = elements.saturating_mul(size);
        let reach = span(shape, strides).unwrap_or(0).saturating_mul(size);
        let sparse = strides.filter(|_| reach > bytes.saturating_mul(DENSE));
        places.push((tensor.tensor, len, strides.is_some() && sparse.is_none()));
        if elements == 0 {
            continue;
        }
        match sparse {
            Some(strides) => {
                let runs = runs(size, shape, strides, 0);
                pieces.extend(runs.map(|run| Run {
                    from: offset + run.from,
                    to: len + run.to,
                    ..run
                }));
                len += bytes;
            }
            None => {
                pieces.push(Run { from: offset, to: len, len: reach });
                len += reach;
            }
        }
    }
    pieces.sort_unstable();
    let failed = |error| CheckpointError::io("inflate into a temporary file", source.path(), error);
    let mut out = Output::new(tempfile::tempfile().map_err(failed)?);
    let mut rest = pieces.as_slice();
    let mut begun: Vec<Run> = Vec::new();
    source.inflate(|at, bytes| {
        let end = at + bytes.len() as u64;
        let here = rest.partition_point(|run| run.from < end);
        begun.extend(rest.get(..here).unwrap_or_default());
        rest = rest.get(here..).unwrap_or_default();
        for run in &begun {
            let (from, to) = (run.from.max(at), run.end().min(end));
            let found = bytes.get((from - at) as usize..(to - at) as usize).unwrap_or_default();
            out.write(run.to + (from - run.from), found).map_err(failed)?;
        }
        begun.retain(|run| run.end() > end);
        Ok(())
    })?;
    let file = RandomAccess::of(source.path(), out.finish().map_err(failed)?)?;
    let kept = |(tensor, begin, strided)| (tensor, Kept { file: file.clone(), begin, strided });
    Ok(places.into_iter().map(kept).collect())
}

/// A file that is written at places which mostly follow each other.
struct Output {
    file: BufWriter<File>,
    at: u64,
}

impl Output {
    fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(1 << 18, file), at: 0 }
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        if at != self.at {
            self.file.seek(SeekFrom::Start(at))?;
        }
        self.at = at + bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn finish(self) -> std::io::Result<File> {
        Ok(self.file.into_inner()?)
    }
}
