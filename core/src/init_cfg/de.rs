//! Decoding with serde: mmengine's dict shape from human-readable formats, a compact tuple from binary ones.
//!
//! Everything is checked while it is read, so that a fault is reported at its place.

mod arguments;
mod key;
mod one_or_many;
mod scalar;

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use self::arguments::Arguments;
use self::key::{Holder, Key};
use self::one_or_many::{Name, OneOrMany};
use super::compact;
use super::{InitCfg, List, Override, Rule, Storage, Types};
use crate::initializer::ALL;

/// What a storage needs to be decoded into.
///
/// [`Fixed`](super::Fixed) borrows its strings from the input, so a format with escapes (JSON) suits it only as
/// far as no string needs them; a list longer than its capacity is an error.
impl<'de, S> Deserialize<'de> for InitCfg<S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
    S::Rules: List<Rule<S>>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize_with(ALL, deserializer)
    }
}

impl<S: Storage> InitCfg<S> {
    /// Reads an init_cfg whose types may be these, such as the built-in ones ([`ALL`]) and some of your own. The binary
    /// form knows the built-in ones alone.
    ///
    /// # Errors
    ///
    /// Those of the format, and what is wrong whatever the model.
    pub fn deserialize_with<'de, D>(types: Types<'_>, deserializer: D) -> Result<Self, D::Error>
    where
        S::Text: Deserialize<'de>,
        S::Texts: List<S::Text>,
        S::Overrides: List<Override<S>>,
        S::Rules: List<Rule<S>>,
        D: Deserializer<'de>,
    {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(CfgVisitor(types, PhantomData))
        } else {
            compact::ReadList::deserialize(deserializer)
                .map(|rules| Self { rules: rules.into_inner() })
        }
    }
}

/// Reads a rule or an override whose types may be these.
struct Seed<'t, T>(Types<'t>, PhantomData<T>);

impl<'t, T> Seed<'t, T> {
    const fn new(types: Types<'t>) -> Self {
        Self(types, PhantomData)
    }
}

impl<T> Clone for Seed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seed<'_, T> {}

impl<'de, S> DeserializeSeed<'de> for Seed<'_, Rule<S>>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
{
    type Value = Rule<S>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Rule<S>, D::Error> {
        deserializer.deserialize_map(RuleVisitor(self.0, PhantomData))
    }
}

impl<'de, S> DeserializeSeed<'de> for Seed<'_, Override<S>>
where
    S: Storage,
    S::Text: Deserialize<'de>,
{
    type Value = Override<S>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Override<S>, D::Error> {
        deserializer.deserialize_map(OverrideVisitor(self.0, PhantomData))
    }
}

impl<'de, S> Deserialize<'de> for Rule<S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_map(RuleVisitor(ALL, PhantomData))
        } else {
            compact::read_rule(deserializer)
        }
    }
}

impl<'de, S> Deserialize<'de> for Override<S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_map(OverrideVisitor(ALL, PhantomData))
        } else {
            compact::read_override(deserializer)
        }
    }
}

struct CfgVisitor<'t, S>(Types<'t>, PhantomData<S>);

impl<'de, S> Visitor<'de> for CfgVisitor<'_, S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
    S::Rules: List<Rule<S>>,
{
    type Value = InitCfg<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an init_cfg: a dict with 'type' or a list of such dicts")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(InitCfg { rules: S::Rules::default() })
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        self.visit_unit()
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut rules = S::Rules::default();
        // An empty dict is an init_cfg that does nothing.
        if let Some(rule) = read_rule(self.0, map)? {
            push(&mut rules, rule, "rules")?;
        }
        Ok(InitCfg { rules })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rules = S::Rules::default();
        while let Some(rule) = seq.next_element_seed(Seed::<Rule<S>>::new(self.0))? {
            push(&mut rules, rule, "rules")?;
        }
        Ok(InitCfg { rules })
    }
}

struct RuleVisitor<'t, S>(Types<'t>, PhantomData<S>);

impl<'de, S> Visitor<'de> for RuleVisitor<'_, S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
{
    type Value = Rule<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule: a dict with 'type'")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        read_rule(self.0, map)?
            .ok_or_else(|| A::Error::custom(key::MissingType(Holder::Rule, self.0)))
    }
}

/// A rule, or nothing of an empty dict.
fn read_rule<'de, S, A>(types: Types<'_>, mut map: A) -> Result<Option<Rule<S>>, A::Error>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
    A: MapAccess<'de>,
{
    let mut arguments = Arguments::<S::Text>::new(Holder::Rule, types);
    let (mut layers, mut params, mut overrides) = <(S::Texts, S::Texts, S::Overrides)>::default();
    while let Some(key) = map.next_key_seed(arguments.allowed())? {
        arguments.see(key)?;
        match key {
            Key::Layer => layers = map.next_value_seed(OneOrMany::new("layer", Name::NEW))?,
            Key::Params => params = map.next_value_seed(OneOrMany::new("params", Name::NEW))?,
            Key::Override => {
                overrides = map
                    .next_value_seed(OneOrMany::new("override", Seed::<Override<S>>::new(types)))?
            }
            key => arguments.read(key, &mut map)?,
        }
    }
    if arguments.is_empty() {
        return Ok(None);
    }
    let write = arguments.finish()?;
    Ok(Some(Rule { write, layers, params, overrides }))
}

struct OverrideVisitor<'t, S>(Types<'t>, PhantomData<S>);

impl<'de, S> Visitor<'de> for OverrideVisitor<'_, S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
{
    type Value = Override<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an override: a dict with 'name'")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut arguments = Arguments::<S::Text>::new(Holder::Override, self.0);
        let mut name = None;
        while let Some(key) = map.next_key_seed(arguments.allowed())? {
            arguments.see(key)?;
            match key {
                Key::Name => name = Some(map.next_value()?),
                // mmengine takes a `layer` here and ignores it: an override covers its whole sub-tree.
                Key::Layer => map
                    .next_value_seed(OneOrMany::<scalar::Ignored, Name<S::Text>>::new(
                        "layer",
                        Name::NEW,
                    ))
                    .map(drop)?,
                key => arguments.read(key, &mut map)?,
            }
        }
        let name = name.ok_or_else(|| {
            A::Error::custom("an override needs the key 'name': a child or alias of the module that holds the rule")
        })?;
        let write = if arguments.is_only(Key::Name) { None } else { Some(arguments.finish()?) };
        Ok(Override { name, write })
    }
}

/// Appends to a list that may be full.
pub(super) fn push<T, E: Error>(list: &mut impl List<T>, item: T, what: &str) -> Result<(), E> {
    list.push(item).map_err(|_| E::custom(format_args!("more {what} than there is room for")))
}
