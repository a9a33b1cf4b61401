//! Columns of text for people: whole, or as wide as a terminal.

use std::borrow::Cow;
use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::diagnostic::{escape, is_plain};

/// Blanks between two columns.
const GAP: usize = 2;

/// The widest that a column is padded to. A longer cell pushes the rest of its own row to the right, so that one cell
/// of a megabyte does not add a megabyte of blanks to every row.
const WIDEST: usize = 256;

/// A column: its title and a cell for each row. The cells are made twice, to be measured and to be written, and never kept:
/// those of a million rows would take more memory than what they tell of.
pub(crate) struct Column<'c> {
    title: &'static str,
    rows: usize,
    /// Writes the cell of a row.
    cell: Cell<'c>,
    align: Align,
    cut: Cut,
    /// The width of the widest cell.
    whole: usize,
    /// The width that a cell may have.
    room: usize,
}

/// Writes the cell of a row.
type Cell<'c> = Box<dyn Fn(usize, &mut String) + 'c>;

/// On which side of a column its cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The part of a cell that is left out where it is too wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Middle,
    End,
}

/// A step that makes a table narrower. The steps of a table are taken one after the other until it fits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Narrow {
    /// The column of this title is left out.
    Leave(&'static str),
    /// Its cells keep their beginning and their end, at least so many columns of the terminal together.
    Middle(&'static str, usize),
    /// Its cells keep their beginning, at least so many columns of the terminal.
    End(&'static str, usize),
    /// Its cells stand on a line of their own below the rest of their row.
    Below(&'static str),
}

impl<'c> Column<'c> {
    /// A cell for each item, which `cell` writes. Characters that a terminal acts on or does not show are escaped.
    pub(crate) fn new<T>(
        title: &'static str,
        align: Align,
        items: &'c [T],
        cell: impl Fn(&'c T, &mut String) + 'c,
    ) -> Self {
        let cell = move |row: usize, out: &mut String| {
            if let Some(item) = items.get(row) {
                cell(item, out);
            }
        };
        let (rows, cell, cut) = (items.len(), Box::new(cell), Cut::End);
        let mut column = Self { title, rows, cell, align, cut, whole: 0, room: 0 };
        let mut cell = String::new();
        column.whole = (0..rows).fold(width(title), |widest, row| {
            column.make(Some(row), &mut cell);
            widest.max(width(&cell))
        });
        column.room = column.whole;
        column
    }

    /// Makes the cell of a row, or the title.
    fn make(&self, row: Option<usize>, cell: &mut String) {
        cell.clear();
        match row {
            Some(row) => (self.cell)(row, cell),
            None => cell.push_str(self.title),
        }
        if !is_plain(cell) {
            *cell = escape(cell);
        }
    }

    fn write(&self, out: &mut String, cell: &str) {
        let cell = shortened(cell, self.room, self.cut);
        let blanks = self.room.min(WIDEST).saturating_sub(width(&cell));
        if self.align == Align::Right {
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        out.push_str(&cell);
        if self.align == Align::Left {
            out.extend(std::iter::repeat_n(' ', blanks));
        }
    }
}

/// Writes the titles and a line for each row; the first `width` that the `steps` reach is kept to.
///
/// Without a width every cell is there in full.
pub(crate) fn write(
    out: &mut dyn fmt::Write,
    mut columns: Vec<Column<'_>>,
    steps: &[Narrow],
    width: Option<usize>,
) -> fmt::Result {
    let below = width.and_then(|width| fit(&mut columns, steps, width));
    let rows = columns.iter().map(|column| column.rows).max().unwrap_or(0);
    let (mut line, mut cell) = (String::new(), String::new());
    std::iter::once(None).chain((0..rows).map(Some)).try_for_each(|row| {
        line.clear();
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                line.extend([' '; GAP]);
            }
            column.make(row, &mut cell);
            column.write(&mut line, &cell);
        }
        writeln!(out, "{}", line.trim_end())?;
        below.iter().try_for_each(|column| {
            column.make(row, &mut cell);
            writeln!(out, "{:GAP$}{cell}", "")
        })
    })
}

/// Takes the steps until the columns fit, then gives what is left over back to the cells that were shortened. Returns the
/// column that stands below the others, if it has come to that.
fn fit<'c>(columns: &mut Vec<Column<'c>>, steps: &[Narrow], width: usize) -> Option<Column<'c>> {
    let total = |columns: &[Column<'_>]| {
        let cells: usize = columns.iter().map(|column| column.room).sum();
        cells + GAP * columns.len().saturating_sub(1)
    };
    let mut below = None;
    let mut shortened = Vec::new();
    for step in steps {
        if total(columns) <= width {
            break;
        }
        let (Narrow::Leave(title)
        | Narrow::Middle(title, _)
        | Narrow::End(title, _)
        | Narrow::Below(title)) = *step;
        let Some(index) = columns.iter().position(|column| column.title == title) else {
            continue;
        };
        match *step {
            Narrow::Leave(_) => drop(columns.remove(index)),
            Narrow::Below(_) => below = Some(columns.remove(index)),
            Narrow::Middle(_, least) | Narrow::End(_, least) => {
                let end = matches!(step, Narrow::End(..));
                if let Some(column) = columns.get_mut(index) {
                    column.cut = if end { Cut::End } else { Cut::Middle };
                    column.room = column.whole.min(least.max(title.width()));
                    shortened.push(title);
                }
            }
        }
    }
    let mut left = width.saturating_sub(total(columns));
    for title in shortened.into_iter().rev() {
        if let Some(column) = columns.iter_mut().find(|column| column.title == title) {
            let given = left.min(column.whole - column.room);
            column.room += given;
            left -= given;
        }
    }
    below
}

/// The text, or its beginning and its end around a `…`, in at most `room` columns of the terminal.
pub(crate) fn shortened_in_the_middle(text: &str, room: usize) -> String {
    shortened(text, room, Cut::Middle).into_owned()
}

fn shortened(text: &str, room: usize, cut: Cut) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let kept = room.saturating_sub(1);
    // The end of a name tells more: `….conv2.weight`.
    let head = if cut == Cut::Middle { kept / 2 } else { kept };
    let mut out = taken(text.chars(), head);
    out.push('…');
    if cut == Cut::Middle {
        out.extend(taken(text.chars().rev(), kept - head).chars().rev());
    }
    Cow::Owned(out)
}

/// The columns of the terminal that a text takes.
fn width(text: &str) -> usize {
    if is_plain(text) { text.len() } else { text.width() }
}

/// The longest prefix that `room` columns of the terminal hold.
fn taken(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|&c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn column<'c>(title: &'static str, cells: &'c [&str]) -> Column<'c> {
        Column::new(title, Align::Left, cells, |cell, out| out.push_str(cell))
    }

    fn table(columns: Vec<Column<'_>>, steps: &[Narrow], width: Option<usize>) -> String {
        let mut out = String::new();
        write(&mut out, columns, steps, width).unwrap();
        out
    }

    #[test]
    fn steps_are_taken_until_it_fits() {
        let columns = || {
            vec![
                column("name", &["backbone.layer1.0.conv3.weight", "b"]),
                column("kind", &["kaiming_normal", "c"]),
                column("by", &["backbone, rule 0", "(model)"]),
            ]
        };
        let steps = [
            Narrow::End("kind", 8),
            Narrow::Middle("name", 12),
            Narrow::Leave("kind"),
            Narrow::Below("by"),
        ];
        let at = |width| table(columns(), &steps, width);
        assert_eq!(
            at(None),
            "name                            kind            by\n\
             backbone.layer1.0.conv3.weight  kaiming_normal  backbone, rule 0\n\
             b                               c               (model)\n"
        );
        assert_eq!(at(None), at(Some(64)));
        assert_eq!(
            at(Some(60)),
            "name                            kind        by\n\
             backbone.layer1.0.conv3.weight  kaiming_n…  backbone, rule 0\n\
             b                               c           (model)\n"
        );
        assert_eq!(
            at(Some(40)),
            "name          kind      by\n\
             backb…weight  kaiming…  backbone, rule 0\n\
             b             c         (model)\n"
        );
        assert_eq!(
            at(Some(31)),
            "name           by\n\
             backbo…weight  backbone, rule 0\n\
             b              (model)\n"
        );
        assert_eq!(
            at(Some(20)),
            "name\n  by\n\
             backbone.…nv3.weight\n  backbone, rule 0\n\
             b\n  (model)\n"
        );
    }

    #[test]
    fn one_long_cell_does_not_widen_every_row() {
        let long = "x".repeat(1 << 20);
        let mut cells = vec!["y"; 1000];
        cells.push(&long);
        let others = vec!["z"; 1001];
        let columns = vec![column("a", &cells), column("b", &others)];
        let out = table(columns, &[], None);
        assert!(out.len() < (1 << 20) + 1010 * (WIDEST + 4), "{}", out.len());
        assert!(out.ends_with(&format!("{long}  z\n")));
    }

    #[test]
    fn widths_are_those_of_the_terminal() {
        let columns = vec![column("a", &["層層層", "x"]), column("b", &["1", "2"])];
        assert_eq!(table(columns, &[], None), "a       b\n層層層  1\nx       2\n");
        assert_eq!(shortened_in_the_middle("層層層層", 5), "層…層");
        assert_eq!(shortened_in_the_middle("層層", 0), "…");
    }

    #[test]
    fn a_cell_stays_on_its_line() {
        let columns = vec![column("a", &["x\ny\u{202e}\u{200b}\u{9b}"])];
        assert_eq!(table(columns, &[], None), "a\nx\\ny\\u{202e}\\u{200b}\\u{9b}\n");
    }
}
