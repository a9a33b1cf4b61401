//! One look at one part of a rule.

use std::fmt;

use weight_init_core::resolve::{Outcome, Part};

use crate::diagnostic::escape;
use crate::plan::by::module_name;

/// One look at one part of a rule, with what came of it. As text it is a line of an
/// [`Explanation`](super::Explanation), without its mark.
#[derive(Clone, Copy, Debug)]
pub struct Look<'e> {
    pub(super) line: &'e Line,
    /// Class of the parameter's layer.
    pub(super) class: &'e str,
}

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookResult {
    /// The part does not write the parameter.
    No,
    /// It writes, and something later writes again.
    Overwritten,
    /// Its values are those that stay.
    Wins,
}

impl<'e> Look<'e> {
    /// Path of the module that holds the rule; empty for the root.
    #[must_use]
    pub fn module(&self) -> &'e str {
        &self.line.module
    }

    /// Number of the rule in the module's init_cfg.
    #[must_use]
    pub const fn rule(&self) -> usize {
        self.line.rule
    }

    /// What came of it.
    #[must_use]
    pub const fn result(&self) -> LookResult {
        match (self.line.won, self.line.writes()) {
            (true, _) => LookResult::Wins,
            (false, true) => LookResult::Overwritten,
            (false, false) => LookResult::No,
        }
    }
}

impl fmt::Display for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, class } = self;
        write!(f, "{}, rule {}", module_name(&line.module), line.rule)?;
        match line.part {
            Part::Layer => {}
            Part::Params(index) => write!(f, ", params {index}")?,
            Part::Override(index) => write!(f, ", override {index}")?,
        }
        write!(f, ": {} — ", line.init)?;
        line.reason(&escape(class), f)?;
        match &line.path {
            Some(path) => write!(f, " (as {})", escape(path)),
            None => Ok(()),
        }
    }
}

/// What a look saw; many parameters have it in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    /// The name of the parameter by which it was met, if it is another one than its first.
    pub(super) path: Option<String>,
    pub(super) module: String,
    pub(super) rule: usize,
    pub(super) part: Part,
    /// What the part names: classes, a glob or an attribute.
    pub(super) names: String,
    pub(super) init: String,
    pub(super) outcome: Outcome,
    pub(super) won: bool,
    /// Why the checkpoint does not write it, of a Pretrained rule.
    pub(super) lacks: Option<String>,
}

impl Line {
    /// Whether the part writes, at least for a time.
    pub(super) const fn writes(&self) -> bool {
        matches!(self.outcome, Outcome::Writes) && self.lacks.is_none()
    }

    fn reason(&self, class: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = escape(&self.names);
        if let Some(lacks) = &self.lacks {
            return write!(f, "no: {}", escape(lacks));
        }
        match (self.outcome, self.part) {
            (Outcome::Writes, _) if self.won => f.write_str("wins"),
            (Outcome::Writes, _) => f.write_str("writes, but is overwritten"),
            (Outcome::NoLayer, _) => f.write_str("no: the rule names no layer"),
            (Outcome::OtherClass, _) => {
                write!(f, "no: layer {names} names neither {class} nor a direct base of it")
            }
            (Outcome::OtherAttribute, _) => {
                f.write_str("no: initializers touch only weight and bias")
            }
            (Outcome::OtherName, _) => write!(f, "no: {names} does not match the name"),
            (Outcome::OtherSubtree, _) => write!(f, "no: it covers {names} alone"),
            (Outcome::NotReached, _) => f.write_str("no: no init_weights reaches this module"),
        }
    }
}
