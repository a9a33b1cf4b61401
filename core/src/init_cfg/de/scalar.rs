use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::key::list;
use crate::init_cfg::{ArgError, List};
use crate::nearest;

/// Reads a number and checks it at its place.
pub(super) struct Number(pub(super) fn(f64) -> Result<(), ArgError>);

impl<'de> DeserializeSeed<'de> for Number {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_f64(self)
    }
}

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
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

/// Reads a name out of a closed set.
pub(super) struct Name<T: 'static> {
    /// What the set is called, with its article.
    pub(super) what: &'static str,
    pub(super) all: &'static [T],
    pub(super) name: fn(T) -> &'static str,
    pub(super) from_name: fn(&str) -> Option<T>,
}

impl<'de, T: Copy> DeserializeSeed<'de> for Name<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T: Copy> Visitor<'_> for Name<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: one of ", self.what)?;
        list(f, self.all.iter().map(|t| (self.name)(*t)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        (self.from_name)(name).ok_or_else(|| E::custom(Unknown { name, set: &self }))
    }
}

struct Unknown<'n, T: 'static> {
    name: &'n str,
    set: &'n Name<T>,
}

impl<T: Copy> fmt::Display for Unknown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, set } = self;
        write!(f, "'{name}' is not {}; allowed are ", set.what)?;
        let names = set.all.iter().map(|t| (set.name)(*t));
        list(f, names.clone())?;
        match nearest(name, names) {
            Some(near) => write!(f, "; did you mean '{near}'?"),
            None => Ok(()),
        }
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

/// A list that checks what it is given and keeps nothing.
#[derive(Default)]
pub(super) struct Ignored;

impl<T> List<T> for Ignored {
    fn push(&mut self, _: T) -> Result<(), T> {
        Ok(())
    }
}
