//! The content of a checkpoint: `weight-init inspect` as a library.
//!
//! [`inspect`] streams every tensor through a small buffer and keeps its figures: mean, standard deviation,
//! range, zeros, NaN, infinities and a histogram. [`Inspection::to_table`] is for people,
//! [`Inspection::to_json`] for programs, [`Inspection::plot`] draws the histograms.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::checkpoint::{CheckpointError, NestedDict, StateDict, StoredTensor, Unread};

pub(crate) mod decode;
mod histogram;
pub(crate) mod json;
pub(crate) mod plot;
mod statistics;
pub(crate) mod table;

pub use histogram::{BINS, Histogram};
pub use json::state_dicts_to_json;
pub use plot::{MOST_DRAWN, Plot};
pub use statistics::Statistics;
pub use table::state_dicts_to_table;

use decode::Decoder;
use statistics::Moments;

/// Bytes of a tensor that are in memory at a time, for each thread. A multiple of every element's size.
const CHUNK_BYTES: usize = 1 << 20;

/// Elements that go through the sums at a time, as `f64`: they stay in the first-level cache.
const BLOCK: usize = 2048;

/// A checkpoint and the figures of its tensors.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The path the file was opened by.
    pub path: PathBuf,
    /// The kind of file: `safetensors`, `PyTorch zip`, …
    pub format: &'static str,
    /// Bytes of the file, or of all files together.
    pub file_bytes: u64,
    /// The file's own texts, in its order: seed, stream version, … of a file that this project wrote.
    pub metadata: Vec<(String, String)>,
    /// The keys that lead to the tensors in a PyTorch file; `None` if they are the file's own.
    pub key: Option<String>,
    /// The state dicts of a PyTorch file that has several, this one too.
    pub state_dicts: Vec<NestedDict>,
    /// The tensors in the order of the file.
    pub tensors: Vec<TensorReport>,
    /// Entries that are no tensors, and tensors that are not read.
    pub unread: Vec<Unread>,
}

/// One tensor and its figures.
#[derive(Clone, Debug)]
pub struct TensorReport {
    /// Name, element type and shape.
    pub tensor: StoredTensor,
    /// `None` for element types without an order (`C64`) or smaller than a byte (`F4`, `F6_…`), and for the
    /// rarer 8-bit floats (`F8_E8M0`, `F8_…FNUZ`).
    pub statistics: Option<Statistics>,
}

/// Opens a checkpoint of any format, reads it once or twice and reports its tensors, as [`inspect_state_dict`] does.
///
/// # Errors
///
/// As [`StateDict::open`] and [`StateDict::read_at`].
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
    inspect_state_dict(&StateDict::open(path)?)
}

/// Reads an open checkpoint once or twice and reports its tensors.
///
/// Tensors are shared among rayon's threads; each needs a buffer of 1 MiB. A tensor larger than that is read
/// twice, because a histogram needs the range first. The figures do not depend on the number of threads.
///
/// # Errors
///
/// As [`StateDict::read_at`].
pub fn inspect_state_dict(checkpoint: &StateDict) -> Result<Inspection, CheckpointError> {
    let has_figures = |tensor: &StoredTensor| Decoder::of(tensor.dtype());
    for (number, tensor) in checkpoint.tensors().iter().enumerate() {
        if has_figures(tensor).is_some() {
            checkpoint.announce(number);
        }
    }
    let report = |window: &mut Window, (number, tensor): (usize, &StoredTensor)| {
        let statistics = has_figures(tensor).map(|decoder| {
            let elements = tensor.elements();
            figures(&Elements { checkpoint, number, elements }, decoder, window)
        });
        Ok(TensorReport { tensor: tensor.clone(), statistics: statistics.transpose()? })
    };
    let tensors = checkpoint.tensors().par_iter().enumerate();
    let tensors: Result<_, CheckpointError> = tensors.map_init(Window::default, report).collect();
    Ok(Inspection {
        path: checkpoint.path().to_owned(),
        format: checkpoint.format(),
        file_bytes: checkpoint.file_bytes(),
        metadata: checkpoint.metadata().to_vec(),
        key: checkpoint.key().map(str::to_owned),
        state_dicts: checkpoint.state_dicts().to_vec(),
        tensors: tensors?,
        unread: checkpoint.unread().to_vec(),
    })
}

impl Inspection {
    /// Elements of all tensors.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.tensors.iter().map(|report| report.tensor.elements()).fold(0, u64::saturating_add)
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn data_bytes(&self) -> u64 {
        self.tensors.iter().map(|report| report.tensor.bytes()).fold(0, u64::saturating_add)
    }
}

fn figures(
    elements: &Elements<'_>,
    decoder: Decoder,
    window: &mut Window,
) -> Result<Statistics, CheckpointError> {
    let mut moments = Moments::default();
    window.each_block(elements, decoder, |block| moments.add(block))?;
    let mut histogram = Histogram::between(moments.min, moments.max);
    if moments.finite > 0 {
        window.each_block(elements, decoder, |block| {
            histogram.add(statistics::finite(block).values)
        })?;
    }
    Ok(moments.statistics(histogram))
}

/// The elements of a tensor.
struct Elements<'c> {
    checkpoint: &'c StateDict,
    /// Number of the tensor.
    number: usize,
    elements: u64,
}

/// The part of a tensor that is in memory.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    /// Their tensor, and the number of the first element.
    begin: Option<(usize, u64)>,
}

impl Window {
    /// Gives `take` the elements of a tensor in order, [`BLOCK`] at a time; it may reorder them.
    fn each_block(
        &mut self,
        elements: &Elements<'_>,
        decoder: Decoder,
        mut take: impl FnMut(&mut [f64]),
    ) -> Result<(), CheckpointError> {
        let &Elements { checkpoint, number, elements } = elements;
        let mut values = [0f64; BLOCK];
        let most = CHUNK_BYTES / decoder.element_bytes;
        let mut first = 0;
        while first < elements {
            let count = usize::try_from(elements - first).map_or(most, |rest| rest.min(most));
            let len = count * decoder.element_bytes;
            let begin = Some((number, first));
            if (self.begin, self.bytes.len()) != (begin, len) {
                // Should the reading fail, nothing of this may be taken for the tensor's.
                self.begin = None;
                self.bytes.resize(len, 0);
                checkpoint.read_at(number, first, &mut self.bytes)?;
                self.begin = begin;
            }
            for bytes in self.bytes.chunks(BLOCK * decoder.element_bytes) {
                let block = &mut values[..(bytes.len() / decoder.element_bytes).min(BLOCK)];
                (decoder.decode)(bytes, block);
                take(block);
            }
            first += count as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
