use serde::de::{Deserialize, Error, MapAccess};

use super::key::{Allowed, FIXED, Holder, Key, MissingType};
use super::scalar::{Nullable, Number, Raw, RawSeed, TypeSeed, ValueSeed};
use crate::init_cfg::{Bias, Pretrained, RuleType, Types, Write};
use crate::initializer::{Argument, BuildError, Check, MOST_ARGUMENTS, Value};

/// Arguments that may stand in front of the type. More than an initializer has are read, so that the wrong one among them
/// can be named.
const MOST_EARLY: usize = 2 * MOST_ARGUMENTS;

/// The type and arguments of a rule or override while they are read, in whatever order they come.
pub(super) struct Arguments<'t, T> {
    holder: Holder,
    types: Types<'t>,
    /// The keys that were seen, but for arguments of initializers.
    seen: u16,
    of: Option<RuleType>,
    /// In the order of the type's arguments.
    values: [Option<Value>; MOST_ARGUMENTS],
    /// Arguments in front of the type.
    early: [Option<(&'static str, Early<T>)>; MOST_EARLY],
    bias: Option<f64>,
    bias_prob: Option<f64>,
    checkpoint: Option<T>,
    prefix: Option<T>,
    map_location: Option<T>,
}

/// The value of an argument in front of the type.
enum Early<T> {
    /// It is the same for every type that has an argument of this name.
    Value(Value),
    /// The type decides what it means.
    Raw(Raw<T>),
}

impl<'t, T: AsRef<str>> Arguments<'t, T> {
    pub(super) fn new(holder: Holder, types: Types<'t>) -> Self {
        Self {
            holder,
            types,
            seen: 0,
            of: None,
            values: [None; MOST_ARGUMENTS],
            early: [const { None }; MOST_EARLY],
            bias: None,
            bias_prob: None,
            checkpoint: None,
            prefix: None,
            map_location: None,
        }
    }

    /// The keys that may come next.
    pub(super) const fn allowed(&self) -> Allowed<'t> {
        Allowed { holder: self.holder, types: self.types, of: self.of }
    }

    /// Whether no key was seen.
    pub(super) fn is_empty(&self) -> bool {
        self.seen == 0 && !self.has_arguments()
    }

    /// Whether this key was seen and no other.
    pub(super) fn is_only(&self, key: Key) -> bool {
        self.seen == key.bit() && !self.has_arguments()
    }

    fn has_arguments(&self) -> bool {
        self.values.iter().any(Option::is_some) || self.early.iter().any(Option::is_some)
    }

    /// Notes the key.
    pub(super) fn see<E: Error>(&mut self, key: Key) -> Result<(), E> {
        let is_second = match key {
            Key::Argument(name) => {
                let is_given = |(place, _)| {
                    self.values.get(place).is_some_and(|value: &Option<_>| value.is_some())
                };
                self.early.iter().flatten().any(|(early, _)| *early == name)
                    || self.argument(name).is_some_and(is_given)
            }
            key => self.seen & key.bit() != 0,
        };
        if is_second {
            return Err(E::custom(format_args!(
                "the key '{}' stands twice in a {}",
                key.name(),
                self.holder
            )));
        }
        self.seen |= key.bit();
        Ok(())
    }

    /// The argument of this name, and its place, if the type is known and has one.
    fn argument(&self, name: &str) -> Option<(usize, &'static Argument)> {
        let Some(RuleType::Initializer(of)) = self.of else { return None };
        of.arguments.iter().enumerate().find(|(_, argument)| argument.name == name)
    }

    /// Reads the value of the type or of an argument.
    pub(super) fn read<'de, A>(&mut self, key: Key, map: &mut A) -> Result<(), A::Error>
    where
        A: MapAccess<'de>,
        T: Deserialize<'de>,
    {
        match key {
            Key::Type => self.of = Some(map.next_value_seed(TypeSeed(self.types))?),
            Key::Bias => {
                self.bias = Some(map.next_value_seed(Number(|x| Bias::Value(x).check()))?);
            }
            Key::BiasProb => {
                self.bias_prob =
                    map.next_value_seed(Nullable(Number(|x| Bias::Prob(x).check())))?;
            }
            Key::Checkpoint => self.checkpoint = Some(map.next_value()?),
            Key::Prefix => self.prefix = map.next_value()?,
            Key::MapLocation => self.map_location = map.next_value()?,
            Key::Scope => map.next_value::<Option<T>>().map(drop)?,
            Key::Argument(name) => match self.argument(name) {
                Some((place, argument)) => {
                    let value = map.next_value_seed(ValueSeed::of(argument))?;
                    self.values.iter_mut().skip(place).take(1).for_each(|it| *it = Some(value));
                }
                None => self.read_early(name, map)?,
            },
            // Their values belong to the holder, which reads them itself.
            Key::Name | Key::Layer | Key::Params | Key::Override => {}
        }
        Ok(())
    }

    /// Reads an argument in front of the type.
    fn read_early<'de, A>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error>
    where
        A: MapAccess<'de>,
        T: Deserialize<'de>,
    {
        let Some(slot) = self.early.iter_mut().find(|slot| slot.is_none()) else {
            return Err(A::Error::custom(
                "more arguments than any type has stand in front of 'type'",
            ));
        };
        let arguments = self.types.iter().flat_map(|of| of.arguments);
        let mut arguments = arguments.filter(|argument| argument.name == name);
        let seed = arguments.next().map(ValueSeed::of);
        let seed = seed.and_then(|seed| arguments.try_fold(seed, ValueSeed::common));
        let value = match seed {
            Some(seed) => Early::Value(map.next_value_seed(seed)?),
            None => Early::Raw(map.next_value_seed(RawSeed::NEW)?),
        };
        *slot = Some((name, value));
        Ok(())
    }

    /// What is written, once every key was read.
    pub(super) fn finish<E: Error>(mut self) -> Result<Write<T>, E> {
        let of = self.of.ok_or_else(|| E::custom(MissingType(self.holder, self.types)))?;
        // Keys in front of the type could not be held against it.
        let allowed = self.allowed();
        let early = core::mem::replace(&mut self.early, [const { None }; MOST_EARLY]);
        for (name, early) in early.into_iter().flatten() {
            allowed.check::<E>(name)?;
            let Some((place, argument)) = self.argument(name) else { continue };
            let value = match early {
                Early::Value(value) => value,
                Early::Raw(raw) => raw
                    .value(ValueSeed::of(argument))
                    .map_err(|error: E| E::custom(format_args!("the key '{name}': {error}")))?,
            };
            self.values.iter_mut().skip(place).take(1).for_each(|it| *it = Some(value));
        }
        for (name, key) in FIXED {
            if self.seen & key.bit() != 0 {
                allowed.check::<E>(name)?;
            }
        }
        let of = match of {
            RuleType::Initializer(of) => of,
            RuleType::Pretrained(turn) => {
                let missing = || E::custom("Pretrained needs the argument 'checkpoint'");
                return Ok(Write::Pretrained(Pretrained {
                    checkpoint: self.checkpoint.ok_or_else(missing)?,
                    prefix: self.prefix,
                    map_location: self.map_location,
                    turn,
                }));
            }
        };
        let init = of.build(&self.values).map_err(|error| match error {
            BuildError::Missing(name) => {
                E::custom(format_args!("{} needs the argument '{name}'", of.name))
            }
            BuildError::Argument(error) => E::custom(error),
        })?;
        let bias = match (self.bias_prob, self.bias) {
            (Some(p), _) => Bias::Prob(p),
            (None, Some(x)) => Bias::Value(x),
            (None, None) => Bias::DEFAULT,
        };
        Ok(Write::Init(init, bias))
    }
}

impl ValueSeed {
    const fn of(argument: &'static Argument) -> Self {
        Self { name: argument.name, kind: argument.kind, check: argument.check }
    }

    /// What reads this argument and another one of the same name, if they are of one kind. Where the checks differ, the
    /// type decides later.
    fn common(self, argument: &'static Argument) -> Option<Self> {
        let check = if self.check == argument.check { self.check } else { Check::Any };
        (self.kind == argument.kind).then_some(Self { check, ..self })
    }
}
