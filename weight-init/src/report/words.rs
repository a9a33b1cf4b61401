use super::table;
use crate::plan::PlannedParam;

/// What writes a parameter, in the words of a plan's [`Table`](super::Table).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The initializer with its arguments: `normal(mean=0, std=0.01)`.
    pub initializer: String,
    /// The rule, or whose code it is: `backbone, rule 0`, `constructor`.
    pub by: String,
}

impl PlannedParam {
    /// What writes it, in words.
    #[must_use]
    pub fn words(&self) -> Words {
        let (initializer, by) = table::writer(self);
        Words { initializer, by }
    }
}
