//! Decoding with serde: mmengine's dict shape from human-readable formats, a compact tuple from binary ones.
//!
//! Everything is checked while it is read, so that a fault is reported at its place.

mod arguments;
mod key;
mod one_or_many;
mod scalar;

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use self::arguments::Arguments;
use self::key::{Holder, Key, KeySeed};
use self::one_or_many::OneOrMany;
use super::compact;
use super::{InitCfg, List, Override, Rule, Storage};

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
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(CfgVisitor(PhantomData))
        } else {
            compact::ReadList::deserialize(deserializer)
                .map(|rules| Self { rules: rules.into_inner() })
        }
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
            deserializer.deserialize_map(RuleVisitor(PhantomData))
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
            deserializer.deserialize_map(OverrideVisitor(PhantomData))
        } else {
            compact::read_override(deserializer)
        }
    }
}

struct CfgVisitor<S>(PhantomData<S>);

impl<'de, S> Visitor<'de> for CfgVisitor<S>
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
        if let Some(rule) = read_rule(map)? {
            push(&mut rules, rule, "rules")?;
        }
        Ok(InitCfg { rules })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rules = S::Rules::default();
        while let Some(rule) = seq.next_element()? {
            push(&mut rules, rule, "rules")?;
        }
        Ok(InitCfg { rules })
    }
}

struct RuleVisitor<S>(PhantomData<S>);

impl<'de, S> Visitor<'de> for RuleVisitor<S>
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
        read_rule(map)?.ok_or_else(|| A::Error::custom(key::MissingType(Holder::Rule)))
    }
}

/// A rule, or nothing of an empty dict.
fn read_rule<'de, S, A>(mut map: A) -> Result<Option<Rule<S>>, A::Error>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
    A: MapAccess<'de>,
{
    let mut arguments = Arguments::<S::Text>::new(Holder::Rule);
    let (mut layers, mut params, mut overrides) = <(S::Texts, S::Texts, S::Overrides)>::default();
    while let Some(key) =
        map.next_key_seed(KeySeed { holder: Holder::Rule, type_name: arguments.type_name() })?
    {
        arguments.see(key)?;
        match key {
            Key::Layer => layers = map.next_value_seed(OneOrMany::names("layer"))?,
            Key::Params => params = map.next_value_seed(OneOrMany::names("params"))?,
            Key::Override => overrides = map.next_value_seed(OneOrMany::dicts("override"))?,
            key => arguments.read(key, &mut map)?,
        }
    }
    if arguments.is_empty() {
        return Ok(None);
    }
    let (init, bias) = arguments.finish()?;
    Ok(Some(Rule { init, bias, layers, params, overrides }))
}

struct OverrideVisitor<S>(PhantomData<S>);

impl<'de, S> Visitor<'de> for OverrideVisitor<S>
where
    S: Storage,
    S::Text: Deserialize<'de>,
{
    type Value = Override<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an override: a dict with 'name'")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut arguments = Arguments::<S::Text>::new(Holder::Override);
        let mut name = None;
        while let Some(key) = map
            .next_key_seed(KeySeed { holder: Holder::Override, type_name: arguments.type_name() })?
        {
            arguments.see(key)?;
            match key {
                Key::Name => name = Some(map.next_value()?),
                // mmengine takes a `layer` here and ignores it: an override covers its whole sub-tree.
                Key::Layer => map
                    .next_value_seed(OneOrMany::<scalar::Ignored, S::Text>::names("layer"))
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
