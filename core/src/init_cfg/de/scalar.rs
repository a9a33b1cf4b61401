use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor};

use super::key::list;
use crate::init_cfg::check::finite;
use crate::init_cfg::{ArgError, List};
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

/// Reads a bound of an interval, which may be infinite: as a number where a format has such numbers, or as `"inf"` or
/// `"-inf"`. Whether the type takes it is known when all keys are.
pub(super) struct Bound(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for Bound {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Bound {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<f64, E> {
        if x.is_nan() {
            finite(self.0, x).map_err(E::custom)?;
        }
        Ok(x)
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<f64, E> {
        Ok(x as f64)
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<f64, E> {
        Ok(x as f64)
    }

    fn visit_bool<E: Error>(self, x: bool) -> Result<f64, E> {
        Ok(f64::from(u8::from(x)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        match text {
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            _ => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }
}

/// Reads a name out of a closed set.
pub(super) struct Name<N: 'static, T> {
    /// What the set is called, with its article.
    pub(super) what: &'static str,
    pub(super) all: &'static [N],
    pub(super) name: fn(N) -> &'static str,
    pub(super) from_name: fn(&str) -> Option<T>,
}

impl<'de, N: Copy, T> DeserializeSeed<'de> for Name<N, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<N: Copy, T> Visitor<'_> for Name<N, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: one of ", self.what)?;
        list(f, self.all.iter().map(|t| (self.name)(*t)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        (self.from_name)(name).ok_or_else(|| E::custom(Unknown { name, set: &self }))
    }
}

struct Unknown<'n, N: 'static, T> {
    name: &'n str,
    set: &'n Name<N, T>,
}

impl<N: Copy, T> fmt::Display for Unknown<'_, N, T> {
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
