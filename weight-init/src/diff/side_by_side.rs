//! Two checkpoints with the figures of their tensors beside each other.

mod json;

use super::{Diff, Kind, Row, Values};
use crate::inspect::plot::{self, Cell, Plot};
use crate::inspect::{Inspection, TensorReport, table};
use crate::report::columns::{self, Align, Column, Narrow};

/// Two inspections and what differs between them.
///
/// ```
/// use weight_init::checkpoint::{SafetensorsWriter, Sink, StateDict, TensorInfo};
/// use weight_init::diff::{Diff, SideBySide, items_of_checkpoint};
/// use weight_init::inspect::inspect;
/// use weight_init_core::DType;
///
/// let folder = tempfile::tempdir()?;
/// let paths = ["a.safetensors", "b.safetensors"].map(|name| folder.path().join(name));
/// for (path, shape) in paths.iter().zip([2, 3]) {
///     let info = TensorInfo { name: "fc.bias".into(), dtype: DType::F32, shape: vec![shape] };
///     let mut writer = SafetensorsWriter::create(path, &[("seed", "42")], &[info])?;
///     writer.write(&vec![0; 4 * shape])?;
///     writer.finish()?;
/// }
/// let [a, b] = [inspect(&paths[0])?, inspect(&paths[1])?];
/// let items_a = items_of_checkpoint(&StateDict::open(&paths[0])?);
/// let items_b = items_of_checkpoint(&StateDict::open(&paths[1])?);
/// let diff = Diff::new(&items_a, &items_b);
/// assert!(SideBySide::new(&a, &b, &diff).to_table(None).contains("fc.bias  shape    A   [2]    F32"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SideBySide<'i> {
    a: &'i Inspection,
    b: &'i Inspection,
    diff: &'i Diff<'i>,
}

impl<'i> SideBySide<'i> {
    /// The comparison is that of the [items](super::items_of_checkpoint) of the two, with values or without.
    #[must_use]
    pub const fn new(a: &'i Inspection, b: &'i Inspection, diff: &'i Diff<'i>) -> Self {
        Self { a, b, diff }
    }

    /// As the first has a tensor, and as the second.
    fn reports(&self, row: &Row<'_>) -> [Option<&'i TensorReport>; 2] {
        let of = |inspection: &'i Inspection, place: Option<usize>| inspection.tensors.get(place?);
        [of(self.a, row.a.map(|(at, _)| at)), of(self.b, row.b.map(|(at, _)| at))]
    }

    /// A line for each tensor of each file, one for a tensor that is the same in both; what differs in the files' own texts;
    /// and a count of each difference. `width` is that of the terminal, as of [`Inspection::to_table`].
    #[must_use]
    pub fn to_table(&self, width: Option<usize>) -> String {
        let mut out = String::new();
        for (side, inspection) in [("A", self.a), ("B", self.b)] {
            out.push_str(&format!("{side}  {}\n", table::file(inspection)));
        }
        out.push('\n');
        let texts = self.texts();
        // A string takes everything.
        if !texts.is_empty() {
            let cut =
                [Narrow::Middle("A", 16), Narrow::Middle("B", 16), Narrow::Middle("metadata", 16)];
            let column = |title, cell: fn(&[String; 3]) -> &String| {
                Column::new(title, Align::Left, &texts, move |row, out| out.push_str(cell(row)))
            };
            let columns = vec![
                column("metadata", |row| &row[0]),
                column("A", |row| &row[1]),
                column("B", |row| &row[2]),
            ];
            let _ = columns::write(&mut out, columns, &cut, width);
            out.push('\n');
        }
        let lines = self.lines();
        let leave = ["nan/inf", "zeros", "histogram", "max", "min", "shape"].map(Narrow::Leave);
        let steps: Vec<_> = [Narrow::Middle("name", 16), Narrow::End("differs", 12)]
            .into_iter()
            .chain(leave)
            .collect();
        let _ = columns::write(&mut out, columns(&lines), &steps, width);
        let count = |kind: Kind| (kind, self.diff.count(kind));
        let counts = Kind::ALL.into_iter().map(count).filter(|(_, count)| *count > 0);
        let counts: Vec<_> =
            counts.map(|(kind, count)| format!("{} {count}", in_words(kind))).collect();
        let equal = format!("equal {}", self.diff.equal());
        out.push_str(&format!(
            "\n{}\n",
            counts.into_iter().chain([equal]).collect::<Vec<_>>().join(", ")
        ));
        out
    }

    /// The histograms of both in one picture; of many tensors, those that differ come first.
    #[must_use]
    pub fn plot(&self) -> Plot {
        let cells = self.diff.rows().iter();
        let cells =
            cells.map(|row| Cell { sides: self.reports(row), differs: !row.changes().is_empty() });
        let files = [self.a, self.b].map(|inspection| inspection.path.to_string_lossy());
        plot::plot(&files.each_ref().map(|file| &**file), &cells.collect::<Vec<_>>())
    }

    /// Texts of the files that differ: key, as the first has it, as the second.
    fn texts(&self) -> Vec<[String; 3]> {
        let of = |inspection: &Inspection, key: &str| {
            let found = inspection.metadata.iter().find(|(known, _)| known == key);
            found.map_or_else(|| "-".to_owned(), |(_, text)| text.clone())
        };
        let known = |key: &str| self.a.metadata.iter().any(|(known, _)| known == key);
        let keys =
            self.a.metadata.iter().chain(self.b.metadata.iter().filter(|(key, _)| !known(key)));
        let texts = keys.map(|(key, _)| [key.clone(), of(self.a, key), of(self.b, key)]);
        texts.filter(|[_, a, b]| a != b).collect()
    }

    fn lines(&self) -> Vec<Line<'i>> {
        self.diff.rows().iter().flat_map(|row| self.lines_of(row)).collect()
    }

    fn lines_of(&self, row: &Row<'_>) -> Vec<Line<'i>> {
        let changes = row.changes();
        let [a, b] = self.reports(row);
        let line = |side, report: &'i TensorReport| Line {
            name: report.tensor.name(),
            differs: String::new(),
            side,
            report,
        };
        if changes.is_empty() {
            return b.map(|report| line("A=B", report)).into_iter().collect();
        }
        let differs = changes.iter().map(|change| match (change.kind, row.values) {
            (Kind::Values, Some(Values::Different { largest: Some(_), .. })) => change.to.clone(),
            (kind, _) => in_words(kind).to_owned(),
        });
        let differs = differs.collect::<Vec<_>>().join("; ");
        let mut lines: Vec<_> =
            [a.map(|report| line("A", report)), b.map(|report| line("B", report))]
                .into_iter()
                .flatten()
                .collect();
        // A name that both have stands once.
        if let [first, second] = lines.as_mut_slice()
            && first.name == second.name
        {
            second.name = "";
        }
        if let Some(first) = lines.first_mut() {
            first.differs = differs;
        }
        lines
    }
}

/// A line of the table: a tensor of one file, or one that is the same in both.
struct Line<'i> {
    name: &'i str,
    differs: String,
    side: &'static str,
    report: &'i TensorReport,
}

fn columns<'l>(lines: &'l [Line<'_>]) -> Vec<Column<'l>> {
    let mut columns = vec![
        Column::new("name", Align::Left, lines, |line, out| out.push_str(line.name)),
        Column::new("differs", Align::Left, lines, |line, out| out.push_str(&line.differs)),
        Column::new("in", Align::Left, lines, |line, out| out.push_str(line.side)),
    ];
    columns.extend(table::figures(lines, |line| line.report));
    columns
}

/// What differs, of files.
const fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "B only",
        Kind::Removed => "A only",
        kind => kind.name(),
    }
}
