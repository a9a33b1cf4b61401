//! An inspection for people.

use std::path::Path;

use unicode_width::UnicodeWidthStr;

use crate::checkpoint::NestedDict;
use crate::diagnostic::escape;
use crate::inspect::{Inspection, Statistics, TensorReport};
use crate::report::columns::{self, Align, Column, Narrow, shortened_in_the_middle};

/// To how many columns a name may be shortened.
const SHORTEST_NAME: usize = 16;

impl Inspection {
    /// The file's metadata, a row for each tensor, and totals, as lines that end in a line feed.
    ///
    /// `width` is that of the terminal: long names are shortened in the middle to fit, and if that is not enough,
    /// columns are left out, first those that say the least. Without a width everything is there in full.
    /// Control characters in names and texts are shown escaped.
    #[must_use]
    pub fn to_table(&self, width: Option<usize>) -> String {
        let mut out = String::new();
        self.heading(&mut out, width);
        out.push('\n');
        self.rows(&mut out, width);
        out.push('\n');
        if !self.unread.is_empty() {
            out.push_str("not read:\n");
            for unread in &self.unread {
                line(&mut out, &format!("  {}  {}", escape(unread.name()), escape(unread.what())));
            }
            out.push('\n');
        }
        self.totals(&mut out);
        out
    }

    fn heading(&self, out: &mut String, width: Option<usize>) {
        let file = file(self);
        let key = self.key.as_deref().map(|key| ("key", key));
        let others = self.state_dicts.iter().filter(|dict| Some(dict.key()) != self.key.as_deref());
        let others: Vec<_> = others.map(in_words).collect();
        let others = (!others.is_empty()).then(|| others.join(", "));
        let others = others.as_deref().map(|others| ("other keys", others));
        let rest = self.metadata.iter().map(|(key, text)| (key.as_str(), text.as_str()));
        let lines: Vec<_> = std::iter::once(("file", file.as_str()))
            .chain(key)
            .chain(others)
            .chain(rest)
            .map(|(k, t)| (escape(k), escape(t)))
            .collect();
        let keys = lines.iter().map(|(key, _)| key.width()).max().unwrap_or(0).min(32);
        for (key, text) in lines {
            let blanks = " ".repeat(keys.saturating_sub(key.width()) + 2);
            let text = match width {
                Some(width) => {
                    let room = width.saturating_sub(keys + 2).max(SHORTEST_NAME);
                    shortened_in_the_middle(&text, room)
                }
                None => text,
            };
            line(out, &format!("{key}{blanks}{text}"));
        }
    }

    fn rows(&self, out: &mut String, width: Option<usize>) {
        let odd = |f: &Statistics| f.nan + f.infinite > 0;
        let odd = self.tensors.iter().filter_map(|tensor| tensor.statistics.as_ref()).any(odd);
        let name = [Narrow::Middle("name", SHORTEST_NAME)];
        // The least informative columns are left out first. A count of NaN and infinities above zero always stays.
        let leave = ["nan/inf", "zeros", "histogram", "max", "min", "shape"];
        let leave = leave.into_iter().skip(usize::from(odd)).map(Narrow::Leave);
        let steps: Vec<_> = name.into_iter().chain(leave).collect();
        // A string takes everything.
        let _ = columns::write(out, columns(&self.tensors), &steps, width);
    }

    fn totals(&self, out: &mut String) {
        let sum = |figure: fn(&Statistics) -> u64| {
            self.tensors
                .iter()
                .filter_map(|tensor| tensor.statistics.as_ref())
                .map(figure)
                .sum::<u64>()
        };
        let (nan, infinite) = (sum(|f| f.nan), sum(|f| f.infinite));
        let tensors = self.tensors.len();
        let s = if tensors == 1 { "" } else { "s" };
        let total = format!(
            "{tensors} tensor{s}, {} elements, {}",
            self.elements(),
            bytes(self.data_bytes())
        );
        let odd = if nan + infinite > 0 {
            format!(", {nan} NaN, {infinite} infinite")
        } else {
            String::new()
        };
        line(out, &format!("{total}{odd}"));
    }
}

/// The state dicts of a file that does not say which is meant, a line for each, and how to name one.
#[must_use]
pub fn state_dicts_to_table(path: &Path, found: &[NestedDict]) -> String {
    let mut out = String::new();
    line(&mut out, &format!("file  {}", escape(&path.to_string_lossy())));
    line(&mut out, "");
    line(&mut out, "several state dicts; --checkpoint-key KEY names one:");
    found.iter().for_each(|dict| line(&mut out, &format!("  {}", escape(&in_words(dict)))));
    out
}

/// Path, format and size of the file.
pub(crate) fn file(inspection: &Inspection) -> String {
    let (path, size) = (inspection.path.to_string_lossy(), bytes(inspection.file_bytes));
    match inspection.format {
        "safetensors" => format!("{path} ({size})"),
        format => format!("{path} ({format}, {size})"),
    }
}

fn in_words(dict: &NestedDict) -> String {
    let s = if dict.tensors() == 1 { "" } else { "s" };
    let key = if dict.key().is_empty() { "(the file itself)" } else { dict.key() };
    format!("{key} ({} tensor{s})", dict.tensors())
}

fn columns(tensors: &[TensorReport]) -> Vec<Column<'_>> {
    let mut columns = vec![Column::new("name", Align::Left, tensors, |report, out| {
        out.push_str(report.tensor.name())
    })];
    columns.extend(figures(tensors, |report| report));
    columns
}

/// The columns of a tensor's shape, type and figures, of rows that have a tensor each.
pub(crate) fn figures<'t, T>(
    rows: &'t [T],
    tensor: impl Fn(&'t T) -> &'t TensorReport + Copy + 't,
) -> [Column<'t>; 9] {
    let column = |title, align, cell: fn(&TensorReport) -> String| {
        Column::new(title, align, rows, move |row, out| out.push_str(&cell(tensor(row))))
    };
    let figure = |title, align, cell: fn(&Statistics) -> String| {
        Column::new(title, align, rows, move |row, out| match &tensor(row).statistics {
            Some(figures) => out.push_str(&cell(figures)),
            None => out.push('-'),
        })
    };
    [
        column("shape", Align::Left, |report| format!("{:?}", report.tensor.shape())),
        column("dtype", Align::Left, |report| report.tensor.dtype().to_string()),
        figure("mean", Align::Right, |f| number(f.mean)),
        figure("std", Align::Right, |f| number(f.std)),
        figure("min", Align::Right, |f| number(f.min)),
        figure("max", Align::Right, |f| number(f.max)),
        figure("zeros", Align::Right, |f| f.zeros.to_string()),
        figure("nan/inf", Align::Right, |f| match (f.nan, f.infinite) {
            (0, 0) => "0".into(),
            (nan, infinite) => format!("{nan}/{infinite}"),
        }),
        figure("histogram", Align::Left, |f| f.histogram.draw()),
    ]
}

/// Four significant digits, whole numbers in full.
pub(super) fn number(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() { "-".into() } else { x.to_string() };
    }
    if x == 0.0 {
        return "0".into();
    }
    let magnitude = x.abs();
    if magnitude < 1e7 && x.fract() == 0.0 {
        return x.to_string();
    }
    match magnitude {
        m if !(1e-3..1e5).contains(&m) => format!("{x:.3e}"),
        m if m < 1e-2 => format!("{x:.6}"),
        m if m < 1e-1 => format!("{x:.5}"),
        m if m < 1.0 => format!("{x:.4}"),
        m if m < 1e1 => format!("{x:.3}"),
        m if m < 1e2 => format!("{x:.2}"),
        _ => format!("{x:.1}"),
    }
}

/// A number of bytes in the unit that suits it, and exactly.
fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let (mut shown, mut unit) = (n as f64 / 1e3, 0);
    if n < 1000 {
        return format!("{n} bytes");
    }
    while shown >= 999.95 && unit + 1 < UNITS.len() {
        (shown, unit) = (shown / 1e3, unit + 1);
    }
    format!("{shown:.1} {} = {n} bytes", UNITS[unit])
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
