//! Two checkpoints beside each other, for programs.

use serde::Serialize;

use super::super::{Row, Values};
use super::SideBySide;
use crate::inspect::Inspection;
use crate::inspect::json::{Pairs, Tensor};

impl SideBySide<'_> {
    /// One JSON object on one line, without an end of line.
    ///
    /// ```json
    /// {"a": {"file": PATH, "format": "safetensors", "file_bytes": N, "key": KEY, "metadata": {KEY: TEXT, …}}, "b": {…}, "equal": N,
    ///  "tensors": [{"differs": ["values"], "a": TENSOR, "b": TENSOR, "values": {"elements": N, "largest": …}}, …]}
    /// ```
    ///
    /// A tensor is as [`Inspection::to_json`] has it, or `null` where the file has none; `differs` has the names of
    /// [`Kind`](crate::diff::Kind), none of which say that all is the same; `values` is `null` where they are the same or not compared.
    #[must_use]
    pub fn to_json(&self) -> String {
        let document = Document {
            a: File::of(self.a),
            b: File::of(self.b),
            equal: self.diff.equal(),
            tensors: self.diff.rows().iter().map(|row| self.pair(row)).collect(),
        };
        // Into memory, with texts for keys, there is nothing that could fail.
        serde_json::to_string(&document).unwrap_or_default()
    }

    fn pair(&self, row: &Row<'_>) -> Pair<'_> {
        let [a, b] = self.reports(row).map(|report| report.map(Tensor::of));
        let values = match row.values {
            Some(Values::Different { elements, largest }) => {
                Some(Differences { elements, largest })
            }
            _ => None,
        };
        let differs = row.changes().iter().map(|change| change.kind.name()).collect();
        Pair { differs, a, b, values }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    a: File<'a>,
    b: File<'a>,
    equal: usize,
    tensors: Vec<Pair<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    file: String,
    format: &'static str,
    file_bytes: u64,
    key: Option<&'a str>,
    metadata: Pairs<'a>,
}

impl<'a> File<'a> {
    fn of(inspection: &'a Inspection) -> Self {
        Self {
            file: inspection.path.to_string_lossy().into_owned(),
            format: inspection.format,
            file_bytes: inspection.file_bytes,
            key: inspection.key.as_deref(),
            metadata: Pairs(&inspection.metadata),
        }
    }
}

#[derive(Serialize)]
struct Pair<'a> {
    differs: Vec<&'static str>,
    a: Option<Tensor<'a>>,
    b: Option<Tensor<'a>>,
    values: Option<Differences>,
}

#[derive(Serialize)]
struct Differences {
    elements: u64,
    largest: Option<f64>,
}
