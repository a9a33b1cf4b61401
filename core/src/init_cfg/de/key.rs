use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use crate::init_cfg::{RuleType, Types};
use crate::nearest;

/// A key of a rule or override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Type,
    Name,
    Layer,
    Params,
    Override,
    Bias,
    BiasProb,
    Checkpoint,
    Prefix,
    MapLocation,
    Scope,
    /// An argument of an initializer.
    Argument(&'static str),
}

/// The keys that are no arguments of an initializer.
pub(super) const FIXED: [(&str, Key); 11] = [
    ("type", Key::Type),
    ("name", Key::Name),
    ("layer", Key::Layer),
    ("params", Key::Params),
    ("override", Key::Override),
    ("bias", Key::Bias),
    ("bias_prob", Key::BiasProb),
    ("checkpoint", Key::Checkpoint),
    ("prefix", Key::Prefix),
    ("map_location", Key::MapLocation),
    ("_scope_", Key::Scope),
];

impl Key {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Argument(name) => name,
            fixed => FIXED.iter().find(|(_, key)| *key == fixed).map_or("", |(name, _)| *name),
        }
    }

    /// The place in a set of fixed keys; none of an argument.
    pub(super) fn bit(self) -> u16 {
        FIXED.iter().position(|(_, key)| *key == self).map_or(0, |place| 1 << place)
    }
}

/// What holds the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Rule,
    Override,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rule => "rule",
            Self::Override => "override",
        })
    }
}

/// The keys that are allowed in a holder of a type; before the type is known, the arguments of every type are.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'t> {
    pub(super) holder: Holder,
    pub(super) types: Types<'t>,
    pub(super) of: Option<RuleType>,
}

impl<'t> Allowed<'t> {
    fn names(self) -> impl Iterator<Item = &'static str> + Clone + use<'t> {
        let is_pretrained = self.of.is_some_and(RuleType::is_pretrained);
        let own: &[&str] = match (self.holder, is_pretrained) {
            (Holder::Rule, true) => &["type", "override"],
            (Holder::Rule, false) => &["type", "layer", "params", "override"],
            (Holder::Override, true) => &["name", "type"],
            (Holder::Override, false) => &["name", "type", "layer"],
        };
        let all = RuleType::all(self.types).filter(move |_| self.of.is_none());
        own.iter().copied().chain(self.of.into_iter().chain(all).flat_map(RuleType::arguments))
    }

    /// The key of this name, if it is allowed.
    pub(super) fn check<E: Error>(self, name: &str) -> Result<Key, E> {
        // Every dict that a registry of mmengine builds may have `_scope_`. It says where the type is looked up, and people
        // do not write it.
        let fixed = FIXED.iter().find(|(fixed, _)| *fixed == name).map(|(_, key)| *key);
        if fixed == Some(Key::Scope) {
            return Ok(Key::Scope);
        }
        let Some(allowed) = self.names().find(|allowed| *allowed == name) else {
            return Err(E::custom(UnknownKey { name, allowed: self }));
        };
        Ok(fixed.unwrap_or(Key::Argument(allowed)))
    }
}

impl<'de> DeserializeSeed<'de> for Allowed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Allowed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key of a {}", self.holder)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        self.check(name)
    }
}

struct UnknownKey<'n, 't> {
    name: &'n str,
    allowed: Allowed<'t>,
}

impl fmt::Display for UnknownKey<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, allowed } = self;
        let holder = allowed.holder;
        write!(f, "unknown key '{name}' of ")?;
        match allowed.of {
            Some(of) => write!(f, "a {} {holder}; allowed are ", of.name())?,
            None => write!(
                f,
                "a{} {holder}; allowed are ",
                if holder == Holder::Override { "n" } else { "" }
            )?,
        }
        list(f, allowed.names())?;
        match nearest(name, allowed.names()) {
            Some(near) => write!(f, "; did you mean '{near}'?"),
            None => Ok(()),
        }
    }
}

/// A rule or override without `type`.
pub(super) struct MissingType<'t>(pub(super) Holder, pub(super) Types<'t>);

impl fmt::Display for MissingType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Holder::Rule => f.write_str("a rule needs the key 'type', one of ")?,
            Holder::Override => {
                f.write_str("an override with more keys than 'name' needs the key 'type', one of ")?
            }
        }
        list(f, shown(self.1))
    }
}

/// The names of types in messages: other libraries' names for the same are left out.
pub(super) fn shown(types: Types<'_>) -> impl Iterator<Item = &'static str> + Clone + use<'_> {
    RuleType::all(types).filter(|of| !of.is_alias()).map(RuleType::name)
}

/// Writes names with commas between, each once.
pub(super) fn list<'n>(
    f: &mut fmt::Formatter<'_>,
    names: impl Iterator<Item = &'n str> + Clone,
) -> fmt::Result {
    for (index, name) in names.clone().enumerate() {
        if names.clone().take(index).any(|before| before == name) {
            continue;
        }
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "'{name}'")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initializer::KEYS_OF_RULES;

    #[test]
    fn no_argument_may_have_the_name_of_a_fixed_key() {
        assert!(FIXED.iter().all(|(name, _)| KEYS_OF_RULES.contains(name)));
    }
}
