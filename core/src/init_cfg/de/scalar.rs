use core::fmt;
use core::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Unexpected, Visitor,
};

use super::key::{list, shown};
use crate::init_cfg::{ArgError, List, RuleType, Types};
use crate::initializer::{ArgumentKind, Axes, Check, Value};
use crate::nearest;

/// Reads a number and checks it at its place.
pub(super) struct Number(pub(super) fn(f64) -> Result<(), ArgError>);

impl<'de> DeserializeSeed<'de> for Number {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    /// Python's `True` and `False` are the numbers 1 and 0; `bias=False` is common.
    fn visit_bool<E: Error>(self, x: bool) -> Result<f64, E> {
        self.visit_f64(f64::from(u8::from(x)))
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<f64, E> {
        (self.0)(x).map_err(E::custom)?;
        Ok(x)
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<f64, E> {
        self.visit_f64(x as f64)
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<f64, E> {
        self.visit_f64(x as f64)
    }
}

/// Reads a number or null.
pub(super) struct Nullable(pub(super) Number);

impl<'de> DeserializeSeed<'de> for Nullable {
    type Value = Option<f64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<f64>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Nullable {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or null")
    }

    fn visit_none<E: Error>(self) -> Result<Option<f64>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<f64>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<f64>, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

/// Reads the name of a type, which may carry a scope.
pub(super) struct TypeSeed<'t>(pub(super) Types<'t>);

impl<'de> DeserializeSeed<'de> for TypeSeed<'_> {
    type Value = RuleType;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RuleType, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TypeSeed<'_> {
    type Value = RuleType;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an initializer: one of ")?;
        list(f, shown(self.0))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<RuleType, E> {
        RuleType::named(name, self.0).ok_or_else(|| {
            let near = nearest(name, RuleType::all(self.0).map(RuleType::name));
            E::custom(Unknown { name, what: "an initializer", names: shown(self.0), near })
        })
    }
}

/// Reads the value of an argument, and checks it at its place.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed {
    /// Name of the argument.
    pub(super) name: &'static str,
    pub(super) kind: ArgumentKind,
    pub(super) check: Check,
}

impl ValueSeed {
    fn number<E: Error>(self, x: f64) -> Result<Value, E> {
        self.check.argument(self.name, x).map_err(E::custom)?;
        Ok(Value::Number(x))
    }

    fn axes<E: Error>(self, axes: &[i64], found: Unexpected<'_>) -> Result<Value, E> {
        Axes::of(axes).map(Value::Axes).ok_or_else(|| E::invalid_value(found, &self))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.kind {
            ArgumentKind::Choice { .. } => deserializer.deserialize_str(self),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ArgumentKind::Number => f.write_str("a number"),
            ArgumentKind::Count if self.check == Check::Positive => {
                f.write_str("a whole number from 1")
            }
            ArgumentKind::Count => f.write_str("a whole number from 0"),
            ArgumentKind::Flag => f.write_str("true or false"),
            ArgumentKind::Axes => {
                write!(f, "a dimension or a list of at most {} dimensions", Axes::MOST)
            }
            ArgumentKind::Choice { what, names, .. } => {
                write!(f, "{what}: one of ")?;
                list(f, names.iter().copied())
            }
        }
    }

    /// Python's `True` and `False` are the numbers 1 and 0.
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        match self.kind {
            ArgumentKind::Number => self.number(f64::from(u8::from(flag))),
            ArgumentKind::Flag => Ok(Value::Flag(flag)),
            _ => Err(E::invalid_type(Unexpected::Bool(flag), &self)),
        }
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<Value, E> {
        match self.kind {
            ArgumentKind::Number => self.number(x),
            _ => Err(E::invalid_type(Unexpected::Float(x), &self)),
        }
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<Value, E> {
        match (self.kind, u64::try_from(x)) {
            (ArgumentKind::Number, _) => self.number(x as f64),
            (ArgumentKind::Axes, _) => self.axes(&[x], Unexpected::Signed(x)),
            (_, Ok(x)) => self.visit_u64(x),
            (_, Err(_)) => Err(E::invalid_value(Unexpected::Signed(x), &self)),
        }
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<Value, E> {
        match self.kind {
            ArgumentKind::Number => self.number(x as f64),
            ArgumentKind::Count => {
                self.check.argument(self.name, x as f64).map_err(E::custom)?;
                Ok(Value::Count(x))
            }
            ArgumentKind::Axes => {
                let axis = i64::try_from(x).unwrap_or(i64::MAX);
                self.axes(&[axis], Unexpected::Unsigned(x))
            }
            _ => Err(E::invalid_type(Unexpected::Unsigned(x), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        if self.kind != ArgumentKind::Axes {
            return Err(Error::invalid_type(Unexpected::Seq, &self));
        }
        let (mut axes, mut count) = ([0; Axes::MOST], 0);
        while let Some(axis) = seq.next_element()? {
            let Some(slot) = axes.get_mut(count) else {
                return Err(Error::invalid_length(count + 1, &self));
            };
            *slot = axis;
            count += 1;
        }
        self.axes(axes.get(..count).unwrap_or_default(), Unexpected::Seq)
    }

    /// A name, or an infinite number in formats that have no such numbers.
    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        match (self.kind, text) {
            (ArgumentKind::Choice { what, names, any_case }, _) => {
                let is = |own: &&str| *own == text || any_case && own.eq_ignore_ascii_case(text);
                let place = names.iter().position(is).and_then(|place| u8::try_from(place).ok());
                place.map(Value::Choice).ok_or_else(|| {
                    let (names, near) =
                        (names.iter().copied(), nearest(text, names.iter().copied()));
                    E::custom(Unknown { name: text, what, names, near })
                })
            }
            (ArgumentKind::Number, "inf") => self.number(f64::INFINITY),
            (ArgumentKind::Number, "-inf") => self.number(f64::NEG_INFINITY),
            _ => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }
}

/// A value whose argument is not known yet.
pub(super) enum Raw<T> {
    Float(f64),
    Signed(i64),
    Unsigned(u64),
    Flag(bool),
    Text(T),
}

impl<T: AsRef<str>> Raw<T> {
    /// The value of the argument that the seed reads.
    pub(super) fn value<E: Error>(&self, seed: ValueSeed) -> Result<Value, E> {
        match self {
            Self::Float(x) => seed.visit_f64(*x),
            Self::Signed(x) => seed.visit_i64(*x),
            Self::Unsigned(x) => seed.visit_u64(*x),
            Self::Flag(flag) => seed.visit_bool(*flag),
            Self::Text(text) => seed.visit_str(text.as_ref()),
        }
    }
}

/// Reads a [`Raw`] value.
pub(super) struct RawSeed<T>(PhantomData<T>);

impl<T> RawSeed<T> {
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RawSeed<T> {
    type Value = Raw<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RawSeed<T> {
    type Value = Raw<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a string or a truth value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Raw<T>, E> {
        Ok(Raw::Flag(flag))
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<Raw<T>, E> {
        Ok(Raw::Float(x))
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<Raw<T>, E> {
        Ok(Raw::Signed(x))
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<Raw<T>, E> {
        Ok(Raw::Unsigned(x))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Raw<T>, E> {
        T::deserialize(StrDeserializer::new(text)).map(Raw::Text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Raw<T>, E> {
        T::deserialize(BorrowedStrDeserializer::new(text)).map(Raw::Text)
    }
}

/// A name that is not in a closed set.
struct Unknown<'n, N> {
    name: &'n str,
    /// What the names of the set are, with an article.
    what: &'static str,
    names: N,
    /// The nearest of the set.
    near: Option<&'n str>,
}

impl<'s, N: Iterator<Item = &'s str> + Clone> fmt::Display for Unknown<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, what, names, near } = self;
        write!(f, "'{name}' is not {what}; allowed are ")?;
        list(f, names.clone())?;
        match near {
            Some(near) => write!(f, "; did you mean '{near}'?"),
            None => Ok(()),
        }
    }
}

/// A list that checks what it is given and keeps nothing.
#[derive(Default)]
pub(super) struct Ignored;

impl<T> List<T> for Ignored {
    fn push(&mut self, _: T) -> Result<(), T> {
        Ok(())
    }
}
