use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::rc::Rc;

use super::columns::{self, Align, Column};
use super::table::{NARROW_PARAMS, Table};
use super::words::{Said, Words};
use crate::pattern::{self, Group};
use crate::plan::{Plan, PlannedParam};

/// A plan as columns for people, a row for each group of parameters that are alike.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'p> {
    plan: &'p Plan,
    width: Option<usize>,
}

impl Plan {
    /// The plan as [`table`](Self::table), with parameters of one initializer, element type and rule, whose names differ in
    /// their numbers alone, as one row: `backbone.layer*.*.conv*.weight ×48`.
    ///
    /// The pattern is a glob, as `params` of a rule takes it, that matches these parameters and no others; where rules of
    /// many modules write them, each its own, their modules have the same numbers. An extent that differs is `*`.
    #[must_use]
    pub const fn glance(&self, width: Option<usize>) -> Glance<'_> {
        Glance { plan: self, width }
    }
}

impl fmt::Display for Glance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(self.plan.params());
        columns::write(f, columns(&rows), &NARROW_PARAMS, self.width)?;
        let grouped = rows.iter().any(|row| row.count > 1);
        if grouped {
            writeln!(
                f,
                "\n{} rows for {} parameters; --all shows each",
                rows.len(),
                self.plan.params().len()
            )?;
        }
        let table: Table<'_> = self.plan.table(self.width);
        fmt::Display::fmt(&Below(table), f)
    }
}

/// What a table has below its parameters.
struct Below<'p>(Table<'p>);

impl fmt::Display for Below<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.below_params(f)
    }
}

struct Row {
    pattern: String,
    count: usize,
    shape: String,
    dtype: &'static str,
    initializer: String,
    by: String,
}

fn rows(params: &[PlannedParam]) -> Vec<Row> {
    let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    let said = Said::default();
    let words: Vec<Rc<Words>> = params.iter().map(|param| said.of(param)).collect();
    let key = |at: usize| {
        let (param, words) = (params.get(at)?, words.get(at)?);
        let by = writer_of_pattern(&words.by, &param.name);
        Some((words.initializer.as_str(), param.dtype, by))
    };
    let row = |Group { pattern, members }: Group| {
        let params = || members.iter().filter_map(|at| params.get(*at));
        let first = members.first().copied()?;
        let by = pattern::common(members.iter().filter_map(|at| Some(words.get(*at)?.by.as_str())));
        Some(Row {
            pattern,
            count: members.len(),
            shape: common_shape(params().map(|param| &*param.shape)),
            dtype: params().next()?.dtype.name(),
            initializer: words.get(first)?.initializer.clone(),
            by,
        })
    };
    pattern::groups(&names, key).into_iter().filter_map(row).collect()
}

/// A writer with a `*` for each number of its module if that is above the parameter: the name says the numbers.
pub(crate) fn writer_of_pattern<'w>(by: &'w str, name: &str) -> Cow<'w, str> {
    let above = |module: &str| name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    match by.split_once(", rule ") {
        Some((module, rule)) if above(module) => {
            Cow::Owned(format!("{}, rule {rule}", pattern::template(module)))
        }
        _ => Cow::Borrowed(by),
    }
}

/// The shape that all have, with `*` for extents that differ, or `...` if the numbers of dimensions do.
fn common_shape<'s>(mut shapes: impl Iterator<Item = &'s [usize]>) -> String {
    let Some(first) = shapes.next() else { return String::new() };
    let mut common: Vec<Option<usize>> = first.iter().copied().map(Some).collect();
    for shape in shapes {
        if shape.len() != common.len() {
            return "[...]".to_owned();
        }
        for (kept, extent) in common.iter_mut().zip(shape) {
            *kept = kept.filter(|kept| kept == extent);
        }
    }
    let extent = |extent: &Option<usize>| extent.map_or_else(|| "*".to_owned(), |n| n.to_string());
    format!("[{}]", common.iter().map(extent).collect::<Vec<_>>().join(", "))
}

fn columns(rows: &[Row]) -> Vec<Column<'_>> {
    let column = |title, cell: fn(&Row, &mut String)| Column::new(title, Align::Left, rows, cell);
    vec![
        column("parameter", |row, out| {
            out.push_str(&row.pattern);
            if row.count > 1 {
                // A string takes everything.
                let _ = write!(out, " ×{}", row.count);
            }
        }),
        column("shape", |row, out| out.push_str(&row.shape)),
        column("dtype", |row, out| out.push_str(row.dtype)),
        column("initializer", |row, out| out.push_str(&row.initializer)),
        column("written by", |row, out| out.push_str(&row.by)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_that_differ_are_stars() {
        let shapes = |shapes: &[&[usize]]| common_shape(shapes.iter().copied());
        assert_eq!(shapes(&[&[64, 3, 7, 7], &[64, 64, 7, 7]]), "[64, *, 7, 7]");
        assert_eq!(shapes(&[&[64], &[64, 1]]), "[...]");
        assert_eq!(shapes(&[&[], &[]]), "[]");
    }

    #[test]
    fn the_module_of_a_rule_is_part_of_the_pattern() {
        let by = "backbone.layer1.0, rule 0, override 0";
        let expected = "backbone.layer*.*, rule 0, override 0";
        assert_eq!(writer_of_pattern(by, "backbone.layer1.0.bn3.weight"), expected);
        assert_eq!(writer_of_pattern(by, "backbone.layer1.01.weight"), by);
        assert_eq!(writer_of_pattern("constructor", "a.weight"), "constructor");
    }
}
