//! An inspection for programs.

use std::path::Path;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::checkpoint::NestedDict;
use crate::inspect::{BINS, Inspection, Statistics, TensorReport};

impl Inspection {
    /// One JSON object on one line, without an end of line.
    ///
    /// ```json
    /// {"file": PATH, "format": "safetensors", "file_bytes": N, "key": KEY, "metadata": {KEY: TEXT, …},
    ///  "tensors": [{"name": …, "dtype": "F32", "shape": […], "elements": N, "bytes": N, "mean": …, "std": …,
    ///               "min": …, "max": …, "zeros": N, "nan": N, "inf": N, "histogram": [16 counts]}, …],
    ///  "unread": [{"name": …, "what": …}, …], "state_dicts": [{"key": …, "tensors": N}, …],
    ///  "total": {"tensors": N, "elements": N, "bytes": N}}
    /// ```
    ///
    /// `key` leads to the tensors in a PyTorch file and is `null` elsewhere, `unread` is what is no tensor that is read, and
    /// `state_dicts` those of a PyTorch file that has several. Metadata and tensors stand in the file's order. A figure that there is not (no finite element, an element
    /// type without figures) is `null`. Counts are whole numbers; numbers read back to the same `f64`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let document = Document {
            file: self.path.to_string_lossy().into_owned(),
            format: self.format,
            file_bytes: self.file_bytes,
            key: self.key.as_deref(),
            metadata: Pairs(&self.metadata),
            tensors: self.tensors.iter().map(Tensor::of).collect(),
            unread: self
                .unread
                .iter()
                .map(|unread| Other { name: unread.name(), what: unread.what() })
                .collect(),
            state_dicts: state_dicts(&self.state_dicts),
            total: Total {
                tensors: self.tensors.len(),
                elements: self.elements(),
                bytes: self.data_bytes(),
            },
        };
        // Into memory, with texts for keys, there is nothing that could fail.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    file: String,
    format: &'static str,
    file_bytes: u64,
    key: Option<&'a str>,
    metadata: Pairs<'a>,
    tensors: Vec<Tensor<'a>>,
    unread: Vec<Other<'a>>,
    state_dicts: Vec<Dict<'a>>,
    total: Total,
}

#[derive(serde::Serialize)]
struct Other<'a> {
    name: &'a str,
    what: &'a str,
}

#[derive(serde::Serialize)]
struct Dict<'a> {
    key: &'a str,
    tensors: usize,
}

fn state_dicts(dicts: &[NestedDict]) -> Vec<Dict<'_>> {
    dicts.iter().map(|dict| Dict { key: dict.key(), tensors: dict.tensors() }).collect()
}

/// The state dicts of a file that does not say which is meant, as [`Inspection::to_json`] has them.
#[must_use]
pub fn state_dicts_to_json(path: &Path, found: &[NestedDict]) -> String {
    #[derive(serde::Serialize)]
    struct Listing<'a> {
        file: String,
        state_dicts: Vec<Dict<'a>>,
    }
    let file = path.to_string_lossy().into_owned();
    serde_json::to_string(&Listing { file, state_dicts: state_dicts(found) }).unwrap_or_default()
}

/// A tensor and its figures.
#[derive(serde::Serialize)]
pub(crate) struct Tensor<'a> {
    name: &'a str,
    dtype: String,
    shape: &'a [u64],
    elements: u64,
    bytes: u64,
    mean: Option<f64>,
    std: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    zeros: Option<u64>,
    nan: Option<u64>,
    inf: Option<u64>,
    histogram: Option<[u64; BINS]>,
}

#[derive(serde::Serialize)]
struct Total {
    tensors: usize,
    elements: u64,
    bytes: u64,
}

impl<'a> Tensor<'a> {
    pub(crate) fn of(report: &'a TensorReport) -> Self {
        let figures = report.statistics.as_ref();
        // serde_json itself writes null for what is not finite, so an overflowing deviation needs no care here.
        let number = |figure: fn(&Statistics) -> f64| figures.map(figure);
        let count = |figure: fn(&Statistics) -> u64| figures.map(figure);
        Self {
            name: report.tensor.name(),
            dtype: report.tensor.dtype().to_string(),
            shape: report.tensor.shape(),
            elements: report.tensor.elements(),
            bytes: report.tensor.bytes(),
            mean: number(|f| f.mean),
            std: number(|f| f.std),
            min: number(|f| f.min),
            max: number(|f| f.max),
            zeros: count(|f| f.zeros),
            nan: count(|f| f.nan),
            inf: count(|f| f.infinite),
            histogram: figures.map(|f| f.histogram.counts()),
        }
    }
}

/// An object whose keys keep their order.
pub(crate) struct Pairs<'a>(pub(crate) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, text) in self.0 {
            map.serialize_entry(key, text)?;
        }
        map.end()
    }
}
