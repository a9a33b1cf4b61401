//! What changed between two models, plans or checkpoints, parameter by parameter: `weight-init diff` as a library.
//!
//! ```text
//! Plan, saved plan, StateDict ─► items ─► Diff ─► table, JSON
//!                           Inspections ─► SideBySide ─► table, JSON, picture
//! ```

mod items;
mod pair;
mod report;
mod saved;
mod side_by_side;
mod values;

use std::fmt;

pub use self::items::{items_of_buffers, items_of_checkpoint, items_of_plan};
pub use self::report::DiffTable;
pub use self::saved::items_of_saved_plan;
pub use self::side_by_side::SideBySide;
pub use self::values::{Values, compare_values};

/// A parameter or tensor as far as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Full dotted name.
    pub name: String,
    /// Dimensions.
    pub shape: Vec<u64>,
    /// Element type: `float32`.
    pub dtype: String,
    /// What writes it; `None` of a tensor of a checkpoint.
    pub writer: Option<ItemWriter>,
    /// Standard deviation of its values, of a random initializer whose scale is known.
    pub std: Option<f64>,
}

/// What writes a parameter, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemWriter {
    /// The initializer and its arguments: `normal(mean=0, std=0.01)`.
    pub initializer: String,
    /// The rule, or whose code it is: `backbone, rule 0`, `constructor`.
    pub by: String,
}

/// The comparison of two lists of parameters.
///
/// ```
/// use weight_init::diff::{Diff, Item, Kind};
///
/// let item = |name: &str, shape: &[u64]| Item {
///     name: name.into(), shape: shape.into(), dtype: "float32".into(), writer: None, std: None,
/// };
/// let a = [item("conv.weight", &[8, 3, 3, 3]), item("fc.weight", &[10, 8])];
/// let b = [item("conv1.weight", &[8, 3, 3, 3]), item("fc.weight", &[12, 8])];
/// let diff = Diff::new(&a, &b);
/// let kinds: Vec<_> = diff.changes().map(|change| change.kind).collect();
/// assert_eq!(kinds, [Kind::Renamed, Kind::Shape]);
/// ```
#[derive(Clone, Debug)]
pub struct Diff<'i> {
    rows: Vec<Row<'i>>,
}

/// A parameter of either side, or of both.
#[derive(Clone, Debug)]
pub struct Row<'i> {
    /// As the first has it, and its place there; `None`: added.
    pub a: Option<(usize, &'i Item)>,
    /// As the second has it, and its place there; `None`: removed.
    pub b: Option<(usize, &'i Item)>,
    /// How the values differ, of two checkpoints.
    pub values: Option<Values>,
}

/// In which respect a parameter differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The second has it alone.
    Added,
    /// The first has it alone.
    Removed,
    /// Of another name, at the same place with the same shape and element type.
    Renamed,
    /// Another shape.
    Shape,
    /// Another element type.
    Dtype,
    /// Another initializer, or other arguments.
    Initializer,
    /// The same initializer, by another rule.
    Rule,
    /// The same initializer with another standard deviation, as of another fan.
    Scale,
    /// Other values.
    Values,
}

impl Kind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Added,
        Self::Removed,
        Self::Renamed,
        Self::Shape,
        Self::Dtype,
        Self::Initializer,
        Self::Rule,
        Self::Scale,
        Self::Values,
    ];

    /// One word: `initializer`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Shape => "shape",
            Self::Dtype => "dtype",
            Self::Initializer => "initializer",
            Self::Rule => "rule",
            Self::Scale => "scale",
            Self::Values => "values",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One respect in which one parameter differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'i> {
    /// The respect.
    pub kind: Kind,
    /// The name in the second, or in the first if it was removed.
    pub name: &'i str,
    /// What the first has; empty if it has nothing.
    pub from: String,
    /// What the second has; empty if it has nothing.
    pub to: String,
}

impl<'i> Diff<'i> {
    /// Compares two lists of parameters, each in the order of its model.
    ///
    /// Parameters of one name are the same. Of the others, those are taken for renamed that stand between the same
    /// neighbours and have the same shape and element type as exactly one of the other side, or all of them in the same
    /// order. Writers are compared where both sides have them.
    #[must_use]
    pub fn new(a: &'i [Item], b: &'i [Item]) -> Self {
        Self { rows: pair::rows(a, b) }
    }

    /// Every parameter in the order of the second; what the first has alone stands where it stood.
    #[must_use]
    pub fn rows(&self) -> &[Row<'i>] {
        &self.rows
    }

    /// The same, to put into it how values differ.
    pub fn rows_mut(&mut self) -> &mut [Row<'i>] {
        &mut self.rows
    }

    /// Every change, parameter by parameter.
    pub fn changes(&self) -> impl Iterator<Item = Change<'i>> {
        self.rows.iter().flat_map(Row::changes)
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.changes().next().is_none()
    }
}

impl<'i> Row<'i> {
    /// The name in the second, or in the first if it was removed.
    #[must_use]
    pub fn name(&self) -> &'i str {
        self.b.or(self.a).map_or("", |(_, item)| &item.name)
    }

    /// In what respects it differs.
    #[must_use]
    pub fn changes(&self) -> Vec<Change<'i>> {
        let name = self.name();
        let change = |kind, from: String, to: String| Change { kind, name, from, to };
        let (a, b) = match (self.a, self.b) {
            (Some((_, a)), Some((_, b))) => (a, b),
            (Some((_, a)), None) => {
                return vec![change(Kind::Removed, a.to_string(), String::new())];
            }
            (None, Some((_, b))) => return vec![change(Kind::Added, String::new(), b.to_string())],
            (None, None) => return Vec::new(),
        };
        let mut changes = Vec::new();
        if a.name != b.name {
            changes.push(change(Kind::Renamed, a.name.clone(), b.name.clone()));
        }
        if a.shape != b.shape {
            changes.push(change(Kind::Shape, format!("{:?}", a.shape), format!("{:?}", b.shape)));
        }
        if a.dtype != b.dtype {
            changes.push(change(Kind::Dtype, a.dtype.clone(), b.dtype.clone()));
        }
        if let (Some(of_a), Some(of_b)) = (&a.writer, &b.writer) {
            if of_a.initializer != of_b.initializer {
                let [from, to] = [of_a, of_b].map(|writer| writer.initializer.clone());
                changes.push(change(Kind::Initializer, from, to));
            } else if of_a.by != of_b.by {
                changes.push(change(Kind::Rule, of_a.by.clone(), of_b.by.clone()));
            }
            if let (Some(from), Some(to)) = (a.std, b.std)
                && of_a.initializer == of_b.initializer
                && from.to_bits() != to.to_bits()
            {
                changes.push(change(Kind::Scale, scale(from), scale(to)));
            }
        }
        if let Some(Values::Different { elements, largest }) = self.values {
            let all = b.shape.iter().fold(1, |n: u64, extent| n.saturating_mul(*extent));
            let to = match largest {
                Some(largest) => format!("{elements} of {all}, by up to {largest:.3e}"),
                None => "other bits".to_owned(),
            };
            changes.push(change(Kind::Values, String::new(), to));
        }
        changes
    }
}

fn scale(std: f64) -> String {
    format!("std {std:.4e}")
}

/// Shape, element type and what writes it: `[8] float32, constant(val=1)`.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.shape, self.dtype)?;
        match &self.writer {
            Some(writer) => write!(f, ", {}", writer.initializer),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
