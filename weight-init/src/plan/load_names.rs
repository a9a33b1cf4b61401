//! The names of a checkpoint as a Pretrained rule sees them.

use std::collections::HashMap;

use weight_init_core::init_cfg::Pretrained;
use weight_init_core::nearest;

use super::load_report::Advice;
use crate::address::shown;
use crate::checkpoint::StateDict;

/// Beginnings of a name that are looked at in search of a prefix.
const MOST_PIECES: usize = 16;

/// The longest name that is looked at in search of a prefix.
const LONGEST_NAME: usize = 1000;

/// What a rule does to names.
pub(super) struct Cut {
    of_classifier: bool,
    prefix: Option<String>,
}

impl Cut {
    pub(super) fn of(pretrained: &Pretrained<String>) -> Self {
        // Of the classifiers of this zoo mmengine takes the backbone alone.
        let zoo = ["mmcls://", "mmpretrain://"];
        let of_classifier = zoo.iter().any(|scheme| pretrained.checkpoint.starts_with(scheme));
        let dotted = |prefix: &String| format!("{}.", prefix.strip_suffix('.').unwrap_or(prefix));
        Self { of_classifier, prefix: pretrained.prefix.as_ref().map(dotted) }
    }

    /// The name that the module has for it; `None` if the rule does not load it.
    pub(super) fn name<'n>(&self, name: &'n str) -> Option<&'n str> {
        let name = self.of_the_zoo(name)?;
        match &self.prefix {
            Some(prefix) => name.strip_prefix(prefix.as_str()),
            None => Some(name.strip_prefix("module.").unwrap_or(name)),
        }
    }

    fn of_the_zoo<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.of_classifier { name.strip_prefix("backbone.") } else { Some(name) }
    }

    /// The numbers of the tensors of a checkpoint by the names that the rule's module has for them; an error if a prefix
    /// leaves none.
    pub(super) fn names(
        &self,
        checkpoint: &StateDict,
        pretrained: &Pretrained<String>,
    ) -> Result<HashMap<String, usize>, String> {
        let tensors = checkpoint.tensors().iter().enumerate();
        let names: HashMap<_, _> = tensors
            .filter_map(|(index, tensor)| Some((self.name(tensor.name())?.to_owned(), index)))
            .collect();
        match &pretrained.prefix {
            Some(prefix) if names.is_empty() => Err(no_such_prefix(checkpoint, pretrained, prefix)),
            _ => Ok(names),
        }
    }

    /// What would make tensors of the checkpoint fit the parameters below `module` that it does not hold, where it holds
    /// none of them. `wanted` has their shapes by the names that the module has for them.
    pub(super) fn advice(
        &self,
        checkpoint: &StateDict,
        module: &str,
        wanted: &HashMap<String, Vec<u64>>,
    ) -> Option<Advice> {
        let stored = checkpoint
            .tensors()
            .iter()
            .filter_map(|tensor| Some((self.of_the_zoo(tensor.name())?, tensor.shape())));
        let stored: Vec<(&str, &[u64])> = stored.collect();
        let wanted: HashMap<&str, &[u64]> =
            wanted.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let by_name = stored
            .iter()
            .map(|(name, shape)| (name.strip_prefix("module.").unwrap_or(name), *shape));
        let by_name: HashMap<&str, &[u64]> = by_name.collect();
        let prefix = beginning(stored.iter().copied(), &wanted);
        let module_below = beginning(wanted.iter().map(|(name, shape)| (*name, *shape)), &by_name);
        match (prefix, module_below) {
            (Some((prefix, tensors)), below) if below.is_none_or(|(_, more)| more <= tensors) => {
                Some(Advice::Prefix { prefix: prefix.to_owned(), tensors })
            }
            (_, Some((below, tensors))) => {
                let below = below.trim_end_matches('.');
                let path =
                    if module.is_empty() { below.to_owned() } else { format!("{module}.{below}") };
                Some(Advice::Module { path, tensors })
            }
            _ => None,
        }
    }
}

/// The beginning without which most of the names are found, and how many. The shortest, if there are several.
fn beginning<'n>(
    names: impl Iterator<Item = (&'n str, &'n [u64])>,
    known: &HashMap<&str, &[u64]>,
) -> Option<(&'n str, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (name, shape) in names.filter(|(name, _)| name.len() <= LONGEST_NAME) {
        for (dot, _) in name.match_indices('.').take(MOST_PIECES) {
            let (begin, rest) = name.split_at(dot + 1);
            if known.get(rest).is_some_and(|known| *known == shape) {
                *counts.entry(begin).or_default() += 1;
            }
        }
    }
    counts.into_iter().min_by_key(|(begin, count)| (usize::MAX - count, begin.len(), *begin))
}

fn no_such_prefix(checkpoint: &StateDict, pretrained: &Pretrained<String>, prefix: &str) -> String {
    let mut starts: Vec<&str> = checkpoint
        .tensors()
        .iter()
        .filter_map(|tensor| tensor.name().split_once('.').map(|(start, _)| start))
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let near = nearest(prefix, starts.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
    let begin: Vec<_> = starts.iter().take(8).map(|start| format!("'{start}'")).collect();
    format!(
        "no name in the checkpoint '{}' begins with the prefix '{prefix}'; they begin with {}{near}",
        shown(&pretrained.checkpoint),
        begin.join(", ")
    )
}
