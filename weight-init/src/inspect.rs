//! What a safetensors file holds: `weight-init inspect` as a library.
//!
//! [`inspect`] streams every tensor through a small buffer and keeps its figures: mean, standard deviation,
//! range, zeros, NaN, infinities and a histogram. [`Inspection::to_table`] is for people,
//! [`Inspection::to_json`] for programs.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::checkpoint::{CheckpointError, SafetensorsFile, TensorEntry};

mod decode;
mod histogram;
mod json;
mod statistics;
mod table;

pub use histogram::{BINS, Histogram};
pub use statistics::Statistics;

use decode::Decoder;
use statistics::Moments;

/// Bytes of a tensor that are in memory at a time, for each thread. A multiple of every element's size.
const CHUNK_BYTES: usize = 1 << 20;

/// Elements that go through the sums at a time, as `f64`: they stay in the first-level cache.
const BLOCK: usize = 2048;

/// A file and the figures of its tensors.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The path the file was opened by.
    pub path: PathBuf,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The file's own texts, in its order: seed, stream version, … of a file that this project wrote.
    pub metadata: Vec<(String, String)>,
    /// The tensors in the order of their data.
    pub tensors: Vec<TensorReport>,
}

/// One tensor and its figures.
#[derive(Clone, Debug)]
pub struct TensorReport {
    /// Name, element type, shape and place.
    pub entry: TensorEntry,
    /// `None` for element types without an order (`C64`) or smaller than a byte (`F4`, `F6_…`), and for the
    /// rarer 8-bit floats (`F8_E8M0`, `F8_…FNUZ`).
    pub statistics: Option<Statistics>,
}

/// Reads the file once or twice and reports its tensors.
///
/// Tensors are shared among rayon's threads; each needs a buffer of 1 MiB. A tensor larger than that is read
/// twice, because a histogram needs the range first. The figures do not depend on the number of threads.
///
/// # Errors
///
/// As [`SafetensorsFile::open`] and [`SafetensorsFile::read_at`].
///
/// # Examples
///
/// ```
/// use weight_init::checkpoint::{SafetensorsWriter, Sink, TensorInfo};
/// use weight_init_core::DType;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.safetensors");
/// let info = TensorInfo { name: "fc.weight".into(), dtype: DType::F32, shape: vec![2, 2] };
/// let mut writer = SafetensorsWriter::create(&path, &[("seed", "42")], &[info])?;
/// for value in [0f32, 1.0, 2.0, 3.0] {
///     writer.write(&value.to_le_bytes())?;
/// }
/// writer.finish()?;
///
/// let inspection = weight_init::inspect::inspect(&path)?;
/// let figures = inspection.tensors[0].statistics.as_ref().ok_or("no figures")?;
/// assert_eq!((figures.mean, figures.std, figures.zeros), (1.5, 1.25f64.sqrt(), 1));
/// assert!(inspection.to_table(None).contains("fc.weight  [2, 2]  F32"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspection, CheckpointError> {
    let file = SafetensorsFile::open(path)?;
    let report = |window: &mut Window, entry: &TensorEntry| {
        let statistics =
            Decoder::of(entry.dtype).map(|decoder| figures(&file, entry, decoder, window));
        Ok(TensorReport { entry: entry.clone(), statistics: statistics.transpose()? })
    };
    let tensors: Result<_, CheckpointError> =
        file.tensors().par_iter().map_init(Window::default, report).collect();
    Ok(Inspection {
        path: file.path().to_owned(),
        file_bytes: file.file_bytes(),
        metadata: file.metadata().to_vec(),
        tensors: tensors?,
    })
}

impl Inspection {
    /// Elements of all tensors.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.entry.elements()).fold(0, u64::saturating_add)
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn data_bytes(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.entry.len).fold(0, u64::saturating_add)
    }
}

fn figures(
    file: &SafetensorsFile,
    entry: &TensorEntry,
    decoder: Decoder,
    window: &mut Window,
) -> Result<Statistics, CheckpointError> {
    let mut moments = Moments::default();
    window.each_block(file, entry, decoder, |block| moments.add(block))?;
    let mut histogram = Histogram::between(moments.min, moments.max);
    if moments.finite > 0 {
        window.each_block(file, entry, decoder, |block| {
            histogram.add(statistics::finite(block).values)
        })?;
    }
    Ok(moments.statistics(histogram))
}

/// The part of the file that is in memory.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    /// Where in the file they are from.
    begin: u64,
}

impl Window {
    /// Gives `take` the elements of a tensor in order, [`BLOCK`] at a time; it may reorder them.
    fn each_block(
        &mut self,
        file: &SafetensorsFile,
        entry: &TensorEntry,
        decoder: Decoder,
        mut take: impl FnMut(&mut [f64]),
    ) -> Result<(), CheckpointError> {
        let mut values = [0f64; BLOCK];
        let mut offset = 0;
        while offset < entry.len {
            let len = usize::try_from(entry.len - offset)
                .map_or(CHUNK_BYTES, |rest| rest.min(CHUNK_BYTES));
            let begin = entry.offset.saturating_add(offset);
            if (self.begin, self.bytes.len()) != (begin, len) {
                // Should the reading fail, nothing of this may be taken for the file's.
                self.begin = u64::MAX;
                self.bytes.resize(len, 0);
                file.read_at(entry, offset, &mut self.bytes)?;
                self.begin = begin;
            }
            for bytes in self.bytes.chunks(BLOCK * decoder.element_bytes) {
                let block = &mut values[..(bytes.len() / decoder.element_bytes).min(BLOCK)];
                (decoder.decode)(bytes, block);
                take(block);
            }
            offset += len as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
