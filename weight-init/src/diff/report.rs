//! A comparison for people and programs.

use std::fmt;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Change, Diff, Kind, Values};
use crate::pattern;
use crate::report::columns::{self, Align, Column, Narrow};
use crate::report::writer_of_pattern;

/// How the table becomes narrower: the change is what it is for.
const NARROW: [Narrow; 3] =
    [Narrow::Middle("parameter", 20), Narrow::End("from", 12), Narrow::End("to", 12)];

/// A comparison as columns for people.
#[derive(Clone, Copy, Debug)]
pub struct DiffTable<'d> {
    diff: &'d Diff<'d>,
    width: Option<usize>,
    all: bool,
}

impl<'i> Diff<'i> {
    /// The comparison as columns for people: changes by kind, those that are alike in one row by a pattern of names that
    /// matches them and no other parameter; `all`: a row for each. `width` is that of the terminal.
    #[must_use]
    pub const fn table(&'i self, width: Option<usize>, all: bool) -> DiffTable<'i> {
        DiffTable { diff: self, width, all }
    }

    /// Parameters that are the same in every respect that is compared.
    #[must_use]
    pub fn equal(&self) -> usize {
        self.rows().iter().filter(|row| row.changes().is_empty()).count()
    }

    /// The number of changes of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.changes().filter(|change| change.kind == kind).count()
    }
}

impl fmt::Display for DiffTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(self.diff, self.all);
        if !rows.is_empty() {
            columns::write(f, columns(&rows), &NARROW, self.width)?;
            writeln!(f)?;
        }
        let count = |kind: Kind| match self.diff.count(kind) {
            0 => None,
            count => Some(format!("{kind} {count}")),
        };
        let mut counts: Vec<String> = Kind::ALL.into_iter().filter_map(count).collect();
        counts.push(format!("equal {}", self.diff.equal()));
        writeln!(f, "{}", counts.join(", "))
    }
}

/// Changes that are alike.
struct Row {
    kind: Kind,
    pattern: String,
    count: usize,
    from: String,
    to: String,
}

fn rows(diff: &Diff<'_>, all: bool) -> Vec<Row> {
    let names: Vec<&str> = diff.rows().iter().map(super::Row::name).collect();
    let changes: Vec<Vec<Change<'_>>> = diff.rows().iter().map(super::Row::changes).collect();
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let change = |at: &usize| changes.get(*at)?.iter().find(|change| change.kind == kind);
        let of_change = |members: &[usize], pattern: String| {
            let changes = || members.iter().filter_map(change);
            let from = pattern::common(changes().map(|change| change.from.as_str()));
            let to = pattern::common(changes().map(|change| change.to.as_str()));
            Row { kind, pattern, count: members.len(), from, to }
        };
        if all {
            let of_kind = (0..names.len()).filter(|at| change(at).is_some());
            rows.extend(
                of_kind.map(|at| {
                    of_change(&[at], names.get(at).copied().unwrap_or_default().to_owned())
                }),
            );
            continue;
        }
        let key = |at: usize| {
            let change = change(&at)?;
            Some([&change.from, &change.to].map(|text| likeness(kind, text, change.name)))
        };
        let groups = pattern::groups(&names, key);
        rows.extend(groups.into_iter().map(|group| of_change(&group.members, group.pattern)));
    }
    rows
}

/// What must be equal in one row: numbers of shapes, names and counts may differ, those of arguments may not.
fn likeness(kind: Kind, text: &str, name: &str) -> String {
    match kind {
        Kind::Added | Kind::Removed => match text.split_once(']') {
            Some((shape, rest)) => pattern::template(shape) + "]" + rest,
            None => text.to_owned(),
        },
        Kind::Renamed | Kind::Shape | Kind::Scale => pattern::template(text),
        Kind::Values => String::new(),
        Kind::Dtype | Kind::Initializer => text.to_owned(),
        Kind::Rule => writer_of_pattern(text, name).into_owned(),
    }
}

fn columns(rows: &[Row]) -> Vec<Column<'_>> {
    let column = |title, cell: fn(&Row, &mut String)| Column::new(title, Align::Left, rows, cell);
    vec![
        column("change", |row, out| out.push_str(row.kind.name())),
        column("parameter", |row, out| {
            out.push_str(&row.pattern);
            if row.count > 1 {
                out.push_str(&format!(" ×{}", row.count));
            }
        }),
        column("from", |row, out| out.push_str(&row.from)),
        column("to", |row, out| out.push_str(&row.to)),
    ]
}

/// `{"equal": N, "changes": [{"change": KIND, "name": NAME, "from": TEXT or null, "to": TEXT or null}, …]}`; changes of values
/// have `elements` and `largest` beside that.
impl Serialize for Diff<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("equal", &self.equal())?;
        let changes = self.rows().iter().flat_map(|row| {
            row.changes().into_iter().map(|change| OneChange { change, values: row.values })
        });
        map.serialize_entry("changes", &changes.collect::<Vec<_>>())?;
        map.end()
    }
}

struct OneChange<'i> {
    change: Change<'i>,
    values: Option<Values>,
}

impl Serialize for OneChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { change: Change { kind, name, from, to }, values } = self;
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("change", kind.name())?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("from", &text(from))?;
        map.serialize_entry("to", &text(to))?;
        if let (Kind::Values, Some(Values::Different { elements, largest })) = (kind, values) {
            map.serialize_entry("elements", elements)?;
            map.serialize_entry("largest", largest)?;
        }
        map.end()
    }
}
