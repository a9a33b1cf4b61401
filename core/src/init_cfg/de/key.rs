use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use crate::init_cfg::TypeName;
use crate::nearest;

/// The keys of rules and overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Type,
    Name,
    Layer,
    Params,
    Override,
    Val,
    Gain,
    Distribution,
    Mean,
    Std,
    A,
    B,
    Mode,
    Nonlinearity,
    Bias,
    BiasProb,
    Checkpoint,
    Prefix,
    MapLocation,
    Scope,
}

impl Key {
    pub(super) const ALL: [Self; 20] = [
        Self::Type,
        Self::Name,
        Self::Layer,
        Self::Params,
        Self::Override,
        Self::Val,
        Self::Gain,
        Self::Distribution,
        Self::Mean,
        Self::Std,
        Self::A,
        Self::B,
        Self::Mode,
        Self::Nonlinearity,
        Self::Bias,
        Self::BiasProb,
        Self::Checkpoint,
        Self::Prefix,
        Self::MapLocation,
        Self::Scope,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Name => "name",
            Self::Layer => "layer",
            Self::Params => "params",
            Self::Override => "override",
            Self::Val => "val",
            Self::Gain => "gain",
            Self::Distribution => "distribution",
            Self::Mean => "mean",
            Self::Std => "std",
            Self::A => "a",
            Self::B => "b",
            Self::Mode => "mode",
            Self::Nonlinearity => "nonlinearity",
            Self::Bias => "bias",
            Self::BiasProb => "bias_prob",
            Self::Checkpoint => "checkpoint",
            Self::Prefix => "prefix",
            Self::MapLocation => "map_location",
            Self::Scope => "_scope_",
        }
    }

    /// This key's place in a set of keys.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

/// What holds the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Rule,
    Override,
}

impl Holder {
    const fn keys(self, type_name: Option<TypeName>) -> &'static [&'static str] {
        match (self, type_name) {
            (Self::Rule, Some(TypeName::Pretrained)) => &["type", "override"],
            (Self::Rule, _) => &["type", "layer", "params", "override"],
            (Self::Override, Some(TypeName::Pretrained)) => &["name", "type"],
            (Self::Override, _) => &["name", "type", "layer"],
        }
    }

    /// The keys that are allowed; before the type is known, the arguments of every type are.
    fn allowed(self, type_name: Option<TypeName>) -> impl Iterator<Item = &'static str> + Clone {
        let arguments = TypeName::ALL
            .into_iter()
            .filter(move |t| type_name.is_none_or(|known| known == *t))
            .flat_map(|t| t.arguments().iter().copied());
        self.keys(type_name).iter().copied().chain(arguments)
    }

    /// Whether the key is allowed.
    pub(super) fn check<E: Error>(self, key: Key, type_name: Option<TypeName>) -> Result<(), E> {
        // Every dict that a registry of mmengine builds may have it. It says where the type is looked up, and people do not
        // write it.
        if key == Key::Scope || self.allowed(type_name).any(|name| name == key.name()) {
            return Ok(());
        }
        Err(E::custom(UnknownKey { name: key.name(), holder: self, type_name }))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rule => "rule",
            Self::Override => "override",
        })
    }
}

/// Reads a key that is allowed in `holder`.
pub(super) struct KeySeed {
    pub(super) holder: Holder,
    pub(super) type_name: Option<TypeName>,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key of a {}", self.holder)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        let Self { holder, type_name } = self;
        let Some(key) = Key::from_name(name) else {
            return Err(E::custom(UnknownKey { name, holder, type_name }));
        };
        holder.check(key, type_name)?;
        Ok(key)
    }
}

struct UnknownKey<'n> {
    name: &'n str,
    holder: Holder,
    type_name: Option<TypeName>,
}

impl fmt::Display for UnknownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, holder, type_name } = self;
        write!(f, "unknown key '{name}' of ")?;
        match type_name {
            Some(t) => write!(f, "a {} {holder}; allowed are ", t.name())?,
            None => write!(
                f,
                "a{} {holder}; allowed are ",
                if *holder == Holder::Override { "n" } else { "" }
            )?,
        }
        list(f, holder.allowed(*type_name))?;
        match nearest(name, holder.allowed(*type_name)) {
            Some(near) => write!(f, "; did you mean '{near}'?"),
            None => Ok(()),
        }
    }
}

/// A rule or override without `type`.
pub(super) struct MissingType(pub(super) Holder);

impl fmt::Display for MissingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Holder::Rule => f.write_str("a rule needs the key 'type', one of ")?,
            Holder::Override => {
                f.write_str("an override with more keys than 'name' needs the key 'type', one of ")?
            }
        }
        list(f, TypeName::ALL.into_iter().map(TypeName::name))
    }
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
