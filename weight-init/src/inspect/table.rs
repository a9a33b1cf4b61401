//! An inspection for people.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::checkpoint::printable;
use crate::inspect::{Inspection, Statistics, TensorReport};

/// Blanks between two columns.
const GAP: usize = 2;

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
        self.totals(&mut out);
        out
    }

    fn heading(&self, out: &mut String, width: Option<usize>) {
        let size = format!("{} ({})", self.path.to_string_lossy(), bytes(self.file_bytes));
        let first = ("file", size.as_str());
        let rest = self.metadata.iter().map(|(key, text)| (key.as_str(), text.as_str()));
        let lines: Vec<_> =
            std::iter::once(first).chain(rest).map(|(k, t)| (escaped(k), escaped(t))).collect();
        let keys = lines.iter().map(|(key, _)| key.width()).max().unwrap_or(0).min(32);
        for (key, text) in lines {
            let room = width.map(|width| width.saturating_sub(keys + GAP).max(SHORTEST_NAME));
            let key = padded(&key, keys, false);
            line(out, &format!("{key}{:GAP$}{}", "", shortened(&text, room)));
        }
    }

    fn rows(&self, out: &mut String, width: Option<usize>) {
        let mut columns = columns(&self.tensors);
        let names: Vec<_> = self.tensors.iter().map(|tensor| escaped(&tensor.entry.name)).collect();
        let longest = names.iter().map(|name| name.width()).max().unwrap_or(0).max("name".len());
        let mut room = longest;
        if let Some(width) = width {
            let others = |columns: &[Column]| {
                columns.iter().map(|column| column.width() + GAP).sum::<usize>()
            };
            while others(&columns) + longest.min(SHORTEST_NAME) > width {
                let Some(least) = columns
                    .iter()
                    .enumerate()
                    .filter(|(_, c)| c.rank > 0)
                    .max_by_key(|(_, c)| c.rank)
                else {
                    break;
                };
                columns.remove(least.0);
            }
            room =
                width.saturating_sub(others(&columns)).clamp(longest.min(SHORTEST_NAME), longest);
        }
        let widths: Vec<_> = columns.iter().map(Column::width).collect();
        let row = |name: &str, cell: &dyn Fn(&Column) -> String| {
            let mut row = padded(&shortened(name, Some(room)), room, false);
            for (column, &width) in columns.iter().zip(&widths) {
                let _ = write!(row, "{:GAP$}{}", "", padded(&cell(column), width, column.right));
            }
            row
        };
        line(out, &row("name", &|column| column.title.to_owned()));
        for (i, name) in names.iter().enumerate() {
            line(out, &row(name, &|column| column.cells.get(i).cloned().unwrap_or_default()));
        }
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

struct Column {
    title: &'static str,
    right: bool,
    /// Columns of a higher rank are left out earlier; those of rank 0 never.
    rank: u8,
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.width()).fold(self.title.len(), usize::max)
    }
}

/// All columns but the name.
fn columns(tensors: &[TensorReport]) -> Vec<Column> {
    let column = |title, right, rank, cell: &dyn Fn(&TensorReport) -> String| Column {
        title,
        right,
        rank,
        cells: tensors.iter().map(cell).collect(),
    };
    let figure = |title, right, rank, cell: fn(&Statistics) -> String| {
        column(title, right, rank, &|tensor| {
            tensor.statistics.as_ref().map_or_else(|| "-".into(), cell)
        })
    };
    let odd = |f: &Statistics| f.nan + f.infinite > 0;
    let any_odd = tensors.iter().filter_map(|tensor| tensor.statistics.as_ref()).any(odd);
    vec![
        column("shape", false, 1, &|tensor| format!("{:?}", tensor.entry.shape)),
        column("dtype", false, 0, &|tensor| tensor.entry.dtype.to_string()),
        figure("mean", true, 0, |f| number(f.mean)),
        figure("std", true, 0, |f| number(f.std)),
        figure("min", true, 2, |f| number(f.min)),
        figure("max", true, 3, |f| number(f.max)),
        figure("zeros", true, 5, |f| f.zeros.to_string()),
        figure("nan/inf", true, if any_odd { 0 } else { 6 }, |f| match (f.nan, f.infinite) {
            (0, 0) => "0".into(),
            (nan, infinite) => format!("{nan}/{infinite}"),
        }),
        figure("histogram", false, 4, |f| f.histogram.draw()),
    ]
}

/// Four significant digits, whole numbers in full.
fn number(x: f64) -> String {
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

/// Without characters that a terminal acts on.
fn escaped(text: &str) -> String {
    text.chars().map(|c| printable(c).to_string()).collect()
}

/// The text, or its beginning and its end in at most `room` columns.
fn shortened(text: &str, room: Option<usize>) -> String {
    let Some(room) = room.filter(|&room| text.width() > room) else { return text.to_owned() };
    let taken = |chars: &mut dyn Iterator<Item = char>, most: usize| -> String {
        let mut used = 0;
        chars
            .take_while(|&c| {
                used += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
                used <= most
            })
            .collect()
    };
    // The end tells more: `….conv2.weight`.
    let head = room.saturating_sub(1) / 2;
    let tail = taken(&mut text.chars().rev(), room.saturating_sub(1) - head);
    format!("{}…{}", taken(&mut text.chars(), head), tail.chars().rev().collect::<String>())
}

fn padded(text: &str, width: usize, right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if right { blanks + text } else { text.to_owned() + &blanks }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
