//! A [`Value`] as a serde data format: from a value to any type that implements `Deserialize`,
//! with errors that know their place.
//!
//! `&Value` implements [`Deserializer`]. An error that comes up while a value is read gets the span
//! of the innermost value that was being read, and the path to it. More precisely, in a dict:
//!
//! - an error while a key is read, and one raised after a key and before its value: the key;
//! - an error while its value is read, and one raised after it and before the next key: the value;
//! - an error after the last entry: the key of [`unknown_field`](serde::de::Error::unknown_field),
//!   or else a key of this dict that the message is about (it says `key 'layr'` or begins with
//!   `'layr'`), or else the dict. So a reader that has to collect all entries before it can judge
//!   them still points at the right one.
//!
//! In a list: an error after an element and before the next one is at that element.
//!
//! Integers arrive as `i64` if they fit, else as `u64`; [`Kind::Null`] is `None` and `()`; an enum
//! is a string or a dict of one key; strings are lent, not copied.

mod access;
mod error;

use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use self::access::{Dict, List, Variant};
pub use self::error::ValueError;
use crate::value::{Kind, Value};

/// Reads a `T` out of a value.
///
/// # Errors
///
/// The errors of `T`'s own deserialization, with their place.
///
/// # Examples
///
/// ```
/// use serde::Deserialize;
/// use weight_init::config::{de, json};
/// use weight_init::diagnostic::Source;
///
/// #[derive(Debug, Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Normal<'a> {
///     #[serde(borrow)]
///     layer: Vec<&'a str>,
///     std: f32,
/// }
///
/// let source = Source::new("cfg.json", r#"[{"layer": ["Conv2d"], "std": 0.01}, {"sdt": 1}]"#);
/// let value = json::parse(&source)?;
/// let rules = value.as_list().ok_or("no list")?;
/// let rule: Normal = de::from_value(&rules[0])?;
/// assert_eq!((rule.layer, rule.std), (vec!["Conv2d"], 0.01));
///
/// let error = de::from_value::<Vec<Normal>>(&value).unwrap_err();
/// assert_eq!(
///     error.into_diagnostic(&source, "init_cfg").to_string(),
///     "cfg.json:1:39: at init_cfg[1].sdt: unknown key 'sdt'; allowed are 'layer', 'std'"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, ValueError> {
    T::deserialize(value)
}

impl<'de> Deserializer<'de> for &'de Value {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let result = match &self.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(bool) => visitor.visit_bool(*bool),
            Kind::Int(int) => match (i64::try_from(*int), u64::try_from(*int)) {
                (Ok(int), _) => visitor.visit_i64(int),
                (_, Ok(int)) => visitor.visit_u64(int),
                _ => visitor.visit_i128(*int),
            },
            Kind::Float(float) => visitor.visit_f64(*float),
            Kind::Str(string) => visitor.visit_borrowed_str(string),
            Kind::List(list) => List::new(list).visit(visitor),
            Kind::Dict(entries) => Dict::new(entries).visit(visitor),
        };
        result.map_err(|error| error.or_span(self.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let result = if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) };
        result.map_err(|error| error.or_span(self.span))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self).map_err(|error| error.or_span(self.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let result = match &self.kind {
            Kind::Str(string) => visitor.visit_enum((&**string).into_deserializer()),
            Kind::Dict(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Variant::new(entry)),
                _ => Err(ValueError::new(format!(
                    "found a dict of {} keys, expected a string or a dict of one key",
                    entries.len()
                ))),
            },
            _ => Err(ValueError::new(format!(
                "found {}, expected a string or a dict of one key",
                self.kind_name()
            ))),
        };
        result.map_err(|error| error.or_span(self.span))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
