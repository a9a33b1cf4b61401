use std::collections::BTreeSet;
use std::fmt;

use weight_init_core::nearest;

use super::{PlannedParam, PlannedRule};
use crate::diagnostic::escape;

/// Names that are compared with each other in search of a slip, at most: each with each takes its time.
const MOST_NAMES: usize = 100;

/// Something that is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What kind of thing.
    pub kind: WarningKind,
    /// Path of the module that it is about; empty for the root.
    pub module: String,
    /// The sentence for people.
    pub message: String,
}

/// The kinds of [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A rule matched no parameter.
    UnmatchedRule,
    /// An override wrote no parameter last.
    OverrideNeverWon,
    /// The init_cfg of a layer that no `init_weights` reaches.
    UnreachedInitCfg,
}

impl WarningKind {
    /// As a plan in JSON spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnmatchedRule => "unmatched_rule",
            Self::OverrideNeverWon => "override_never_won",
            Self::UnreachedInitCfg => "unreached_init_cfg",
        }
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A module in a sentence: the root has no name.
pub(super) fn module_name(module: &str) -> String {
    if module.is_empty() { "the model itself".to_owned() } else { escape(module) }
}

/// `bare`: only rules for the root were given.
pub(super) fn warnings(
    rules: &[PlannedRule],
    params: &[PlannedParam],
    bare: bool,
    skip_pretrained: bool,
) -> Vec<Warning> {
    let classes: BTreeSet<_> = params.iter().map(|param| param.class.as_str()).collect();
    let mut warnings_of_rules = 0;
    let mut warnings = Vec::new();
    for rule in rules {
        let (module, number) = (module_name(&rule.module), rule.rule);
        let mut warn =
            |kind, message| warnings.push(Warning { kind, module: rule.module.clone(), message });
        if !rule.reached {
            // One warning says it for the whole init_cfg; in a bare `initialize` it is meant so.
            if number == 0 && !bare {
                let message = format!(
                    "the init_cfg of {module} does nothing: no init_weights reaches it, because it or a layer above it \
                     is a plain layer"
                );
                warn(WarningKind::UnreachedInitCfg, message);
            }
            continue;
        }
        let skipped = skip_pretrained && rule.type_name == "Pretrained";
        if rule.matched == 0 && !skipped {
            let slip = if warnings_of_rules < MOST_NAMES {
                misspelt(&rule.layers, &classes)
            } else {
                None
            };
            warnings_of_rules += 1;
            let slip = slip.unwrap_or_default();
            let message = format!(
                "rule {number} ({}) of {module} matches no parameter{slip}",
                rule.type_name
            );
            warn(WarningKind::UnmatchedRule, message);
        }
        for (index, item) in
            rule.overrides.iter().enumerate().filter(|(_, item)| item.won == 0 && !skipped)
        {
            let message = format!(
                "override {index} ('{}') of rule {number} ({}) of {module} never wins: what it writes is overwritten, \
                 or there is nothing to write",
                escape(&item.name),
                rule.type_name
            );
            warn(WarningKind::OverrideNeverWon, message);
        }
    }
    warnings
}

/// The first name of a class that no layer has, if one has nearly that name.
fn misspelt(layers: &[String], classes: &BTreeSet<&str>) -> Option<String> {
    // Base classes, as `_BatchNorm`, are not among the classes of the layers.
    let names = layers.iter().take(MOST_NAMES).filter(|name| !name.starts_with('_'));
    names.filter(|name| !classes.contains(name.as_str())).find_map(|name| {
        let near = nearest(name, classes.iter().copied().take(MOST_NAMES))?;
        Some(format!(": no layer is a '{}'; did you mean '{}'?", escape(name), escape(near)))
    })
}
