use std::fmt;

use super::Split;
use crate::diagnostic::escape;

/// Why a model cannot be cut so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError(String);

impl SplitError {
    pub(super) const fn new(message: String) -> Self {
        Self(message)
    }

    /// No rule is about the model.
    pub(super) fn nothing_matches(split: &Split, names: &[&str]) -> Self {
        let few: Vec<_> = names.iter().take(3).map(|name| format!("'{}'", escape(name))).collect();
        let more = if names.len() > few.len() { ", ..." } else { "" };
        Self(format!(
            "no rule of {} matches a tensor of the model ({}{more}); a rules file with globs of these names cuts it",
            split.name,
            few.join(", ")
        ))
    }
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SplitError {}

/// A glob that matches no tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitWarning {
    /// The file that it stands in.
    pub file: String,
    /// Its rule, counted from 0.
    pub rule: usize,
    /// The glob.
    pub glob: String,
    /// The end of a name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for SplitWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, rule, glob, nearest } = self;
        write!(f, "{file}, rule {rule}: the glob '{}' matches no tensor", escape(glob))?;
        match nearest {
            Some(name) => write!(f, "; did you mean '{}'?", escape(name)),
            None => Ok(()),
        }
    }
}
