use std::fmt;

use weight_init_core::resolve::Part;

use crate::diagnostic::escape;

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Path of the module; empty for the root.
    pub module: String,
    /// Number of the rule in its init_cfg.
    pub rule: usize,
    /// The part of the rule that matched.
    pub part: Part,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rule_name(&self.module, self.rule))?;
        match self.part {
            Part::Layer => Ok(()),
            Part::Params(index) => write!(f, ", params {index}"),
            Part::Override(index) => write!(f, ", override {index}"),
        }
    }
}

/// A rule in words.
pub(crate) fn rule_name(module: &str, rule: usize) -> String {
    let module = if module.is_empty() { "(model)".to_owned() } else { escape(module) };
    format!("{module}, rule {rule}")
}

/// A module in a sentence: the root has no name.
pub(crate) fn module_name(module: &str) -> String {
    if module.is_empty() { "the model itself".to_owned() } else { escape(module) }
}
