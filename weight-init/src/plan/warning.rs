use std::collections::BTreeSet;
use std::fmt;

use weight_init_core::nearest;

use super::by::module_name;
use super::{ConstructorDefault, Plan, PlannedBuffer, PlannedParam, Writer};
use crate::diagnostic::escape;
use crate::model::classes::known_classes;

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
    /// An init_cfg, or a rule of one, that means something else than it seems to.
    Doubtful,
    /// Parameters that no rule writes, in layers whose constructor is not known.
    UnknownParams,
    /// Buffers whose content is not known.
    UnknownBuffers,
    /// Parameters that a class's own `__init__` or `init_weights` may write in a way that nobody describes.
    OwnCode,
}

impl WarningKind {
    /// As a plan in JSON spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnmatchedRule => "unmatched_rule",
            Self::OverrideNeverWon => "override_never_won",
            Self::UnreachedInitCfg => "unreached_init_cfg",
            Self::Doubtful => "doubtful",
            Self::UnknownParams => "unknown_params",
            Self::UnknownBuffers => "unknown_buffers",
            Self::OwnCode => "own_code",
        }
    }

    /// Whether a choice of [`Unknown`](super::Unknown) settles it.
    #[must_use]
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::UnknownParams | Self::UnknownBuffers)
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

impl Plan {
    /// What is to be warned of: rules in the order of the model, then what nobody knows.
    pub(super) fn warn(&self) -> Vec<Warning> {
        let mut warnings = self.warn_of_rules();
        warnings.extend(self.remarks.iter().cloned());
        let mut of_the_model = |kind, message: Option<String>| {
            let warning = message.map(|message| Warning { kind, module: String::new(), message });
            warnings.extend(warning);
        };
        let params = self.unknown_params().map(|param| (&*param.name, &*param.class));
        of_the_model(WarningKind::UnknownParams, unknown_params(params));
        let buffers = self.unknown_buffers().map(|buffer| (&*buffer.name, &*buffer.class));
        of_the_model(WarningKind::UnknownBuffers, unknown_buffers(buffers));
        of_the_model(WarningKind::UnknownParams, unknown_writes(self.unknown_writes()));
        of_the_model(WarningKind::OwnCode, self.own_code_message());
        warnings
    }

    /// The parameters of which nobody knows what is in them.
    pub(super) fn unknown_params(&self) -> impl Iterator<Item = &PlannedParam> {
        let unknown = |param: &&PlannedParam| {
            matches!(*param.writer, Writer::Untouched(ConstructorDefault::Unknown))
        };
        self.params.iter().filter(unknown)
    }

    /// The buffers of which nobody knows what is in them.
    pub(crate) fn unknown_buffers(&self) -> impl Iterator<Item = &PlannedBuffer> {
        // A live layer has its buffers, and keeps them.
        self.buffers.iter().filter(|buffer| !self.live && buffer.is_unknown())
    }

    /// The tensors into which the model's own code writes something that has no name here, with what it is.
    pub(super) fn unknown_writes(&self) -> impl Iterator<Item = (&str, &str)> {
        let params = self.params.iter().filter_map(|param| match &*param.writer {
            Writer::Untouched(ConstructorDefault::Recorded(recorded)) => {
                Some((&*param.name, recorded.unknown()?))
            }
            _ => None,
        });
        let kept = self.live;
        let buffers = self.buffers.iter().filter_map(move |buffer| {
            let is_own = !kept && buffer.stored.is_none() && !buffer.assumed;
            let recorded = buffer.constructor.as_deref().filter(|_| is_own)?;
            Some((&*buffer.name, recorded.unknown()?))
        });
        params.chain(buffers)
    }

    fn warn_of_rules(&self) -> Vec<Warning> {
        let classes: BTreeSet<_> = self.params.iter().map(|param| &*param.class).collect();
        let mut unmatched = 0;
        let mut warnings = Vec::new();
        for rule in &self.rules {
            let (module, number) = (module_name(&rule.module), rule.rule);
            let mut warn = |kind, message| {
                warnings.push(Warning { kind, module: rule.module.clone(), message });
            };
            if !rule.reached {
                // One warning says it for the whole init_cfg; in a bare `initialize` it is meant so.
                if number == 0 && !self.bare {
                    let message = format!(
                        "the init_cfg of {module} does nothing: no init_weights reaches it, because it or a layer above it \
                         is a plain layer"
                    );
                    warn(WarningKind::UnreachedInitCfg, message);
                }
                continue;
            }
            if rule.in_order && !self.bare {
                let message = format!(
                    "rule {number} of {module} loads its checkpoint in list order, before the children's init_cfg: mmengine \
                     defers only a 'type' that is the very text 'Pretrained'"
                );
                warn(WarningKind::Doubtful, message);
            }
            let skipped = self.skip_pretrained && rule.type_name == "Pretrained";
            if rule.matched == 0 && !skipped {
                let slip =
                    if unmatched < MOST_NAMES { misspelt(&rule.layers, &classes) } else { None };
                unmatched += 1;
                let message = format!(
                    "rule {number} ({}) of {module} matches no parameter{}",
                    rule.written_type(),
                    slip.unwrap_or_default()
                );
                warn(WarningKind::UnmatchedRule, message);
            }
            for (index, item) in
                rule.overrides.iter().enumerate().filter(|(_, item)| item.won == 0 && !skipped)
            {
                let why = match item.matched {
                    0 => "nothing that it could write has that name or stands below",
                    _ => "all that it writes is overwritten",
                };
                let message = format!(
                    "override {index} ('{}') of rule {number} ({}) of {module} never wins: {why}",
                    escape(&item.name),
                    rule.written_type()
                );
                warn(WarningKind::OverrideNeverWon, message);
            }
        }
        warnings
    }

    /// One sentence for the whole model, however many classes there are.
    fn own_code_message(&self) -> Option<String> {
        let [constructors, init_weights] = self.extents();
        let mut parts = Vec::new();
        if constructors.params > 0 {
            parts.push(format!(
                "the constructors of {} may change {} that no rule writes",
                listed(&constructors.classes, CLASSES, constructors.classes.len()),
                counted(constructors.params, "parameter")
            ));
        }
        if init_weights.params > 0 {
            parts.push(format!(
                "the init_weights of {} may change {} after all rules",
                listed(&init_weights.classes, CLASSES, init_weights.classes.len()),
                counted(init_weights.params, "parameter")
            ));
        }
        (!parts.is_empty()).then(|| {
            format!(
                "{}, which nothing here shows; describe what they write (a 'value', a rule), and say \"rewrites\": false of a \
                 layer whose class writes nothing else",
                parts.join(", and ")
            )
        })
    }
}

/// Names that a list of tensors, or of classes, shows at most.
const TENSORS: usize = 4;
const CLASSES: usize = 4;

/// The sentence about parameters of unknown constructors, given with their classes; `None` without any.
pub(super) fn unknown_params<'a>(
    params: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let (count, names) = with_classes(params)?;
    Some(format!(
        "no rule touches {} of classes whose constructor is not known: {names}; give them a rule (its 'params' can name \
         them), a 'value' in the description, or --unknown zeros|ones",
        counted(count, "parameter")
    ))
}

/// The sentence about buffers of unknown content, given with their classes; `None` without any.
pub(crate) fn unknown_buffers<'a>(
    buffers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let (count, names) = with_classes(buffers)?;
    Some(format!(
        "the content of {} is not known: {names}; give them a 'value' in the description, or --unknown zeros|ones",
        counted(count, "buffer")
    ))
}

/// The sentence about tensors that the model's own code writes, given with what it writes; `None` without any.
pub(super) fn unknown_writes<'a>(
    tensors: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let names: Vec<_> = tensors.map(|(name, what)| format!("{name} ({what})")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the model's own code writes something without a name here into {}: {}; give them a rule or a 'value' in the \
             description, or --unknown zeros|ones",
            counted(names.len(), "tensor"),
            listed(&names, TENSORS, names.len())
        )
    })
}

/// How many there are, and the first, each with its class and with the known class that differs from it in case alone.
fn with_classes<'a>(
    mut tensors: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<(usize, String)> {
    let with_class = |(name, class): (&str, &str)| {
        let is_meant = |known: &&str| known != &class && known.eq_ignore_ascii_case(class);
        let near = known_classes().find(is_meant);
        let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        format!("{name} ({class}{near})")
    };
    let shown: Vec<_> = tensors.by_ref().take(TENSORS).map(with_class).collect();
    let count = shown.len() + tensors.count();
    (count > 0).then(|| (count, listed(&shown, TENSORS, count)))
}

/// The first `most` of `count` items, and how many more there are.
fn listed(items: &[impl AsRef<str>], most: usize, count: usize) -> String {
    let shown: Vec<_> = items.iter().take(most).map(|item| escape(item.as_ref())).collect();
    match count.saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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
