//! Lists, dicts and enum variants as serde walks them.
//!
//! Each keeps in mind what it handed out last: that is the place of an error which the visitor
//! raises on its own.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::ValueError;
use crate::value::{Entry, Kind, Value};

/// The elements of a list.
pub(super) struct List<'de> {
    values: &'de [Value],
    /// How many were handed out.
    taken: usize,
    /// Whether the visitor was told that there are no more.
    ended: bool,
}

impl<'de> List<'de> {
    pub(super) const fn new(values: &'de [Value]) -> Self {
        Self { values, taken: 0, ended: false }
    }

    /// Has `visitor` read the list, all of it.
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, ValueError> {
        match visitor.visit_seq(&mut self) {
            Ok(_) if self.taken < self.values.len() => Err(ValueError::invalid_length(
                self.values.len(),
                &format!("{} at most", self.taken).as_str(),
            )),
            Err(error) if error.span.is_none() && !self.ended => Err(self.at_last(error)),
            result => result,
        }
    }

    fn at_last(&self, error: ValueError) -> ValueError {
        match self.taken.checked_sub(1).and_then(|i| Some((i, self.values.get(i)?))) {
            Some((i, value)) => error.with_span(value.span).inside(i),
            None => error,
        }
    }
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        let Some(value) = self.values.get(self.taken) else {
            self.ended = true;
            return Ok(None);
        };
        let i = self.taken;
        self.taken += 1;
        match seed.deserialize(value) {
            Ok(element) => Ok(Some(element)),
            Err(error) => Err(error.or_span(value.span).inside(i)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len() - self.taken)
    }
}

/// The entries of a dict.
pub(super) struct Dict<'de> {
    entries: &'de [Entry],
    /// How many keys were handed out.
    taken: usize,
    last: Last,
}

/// What a [`Dict`] handed out last.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Key,
    Value,
    End,
}

impl<'de> Dict<'de> {
    pub(super) const fn new(entries: &'de [Entry]) -> Self {
        Self { entries, taken: 0, last: Last::Nothing }
    }

    /// Has `visitor` read the dict, all of it.
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, ValueError> {
        match visitor.visit_map(&mut self) {
            Ok(_) if self.taken < self.entries.len() => Err(ValueError::invalid_length(
                self.entries.len(),
                &format!("{} at most", self.taken).as_str(),
            )),
            Err(error) if error.span.is_none() => Err(self.place(error)),
            result => result,
        }
    }

    /// Gives the visitor's own error a place.
    fn place(&self, error: ValueError) -> ValueError {
        let last = self.taken.checked_sub(1).and_then(|i| self.entries.get(i));
        match (self.last, last) {
            (Last::Key, Some(entry)) => at_key(error, entry),
            (Last::Value, Some(entry)) => error.with_span(entry.value.span).inside(&*entry.key),
            (Last::End, _) => match self.entries.iter().find(|e| error.is_about(&e.key)) {
                Some(entry) => at_key(error, entry),
                None => error,
            },
            _ => error,
        }
    }
}

fn at_key(error: ValueError, entry: &Entry) -> ValueError {
    error.with_span(entry.key_span).inside(&*entry.key)
}

impl<'de> MapAccess<'de> for Dict<'de> {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ValueError> {
        let Some(entry) = self.entries.get(self.taken) else {
            self.last = Last::End;
            return Ok(None);
        };
        self.taken += 1;
        self.last = Last::Key;
        seed.deserialize(Key(&entry.key)).map(Some).map_err(|error| at_key(error, entry))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, ValueError> {
        let last = self.taken.checked_sub(1).and_then(|i| self.entries.get(i));
        let Some(entry) = last.filter(|_| self.last == Last::Key) else {
            return Err(ValueError::new("a value was asked for before its key"));
        };
        self.last = Last::Value;
        let value = &entry.value;
        seed.deserialize(value).map_err(|error| error.or_span(value.span).inside(&*entry.key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len() - self.taken)
    }
}

/// A key: a string, also as the name of a variant.
struct Key<'de>(&'de str);

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum variant with content: a dict of one key.
pub(super) struct Variant<'de>(&'de Entry);

impl<'de> Variant<'de> {
    pub(super) const fn new(entry: &'de Entry) -> Self {
        Self(entry)
    }

    fn value(&self) -> &'de Value {
        &self.0.value
    }

    fn place(&self, error: ValueError) -> ValueError {
        error.or_span(self.0.value.span).inside(&*self.0.key)
    }

    fn found(&self, expected: &str) -> ValueError {
        self.place(ValueError::new(format!(
            "found {}, expected {expected}",
            self.value().kind_name()
        )))
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ValueError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), ValueError> {
        match seed.deserialize(Key(&self.0.key)) {
            Ok(variant) => Ok((variant, self)),
            Err(error) => Err(at_key(error, self.0)),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = ValueError;

    fn unit_variant(self) -> Result<(), ValueError> {
        match self.value().kind {
            Kind::Null => Ok(()),
            _ => Err(self.found("null")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, ValueError> {
        seed.deserialize(self.value()).map_err(|error| self.place(error))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.value().kind {
            Kind::List(_) => {
                self.value().deserialize_any(visitor).map_err(|error| self.place(error))
            }
            _ => Err(self.found("a list")),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.value().kind {
            Kind::Dict(_) => {
                self.value().deserialize_any(visitor).map_err(|error| self.place(error))
            }
            _ => Err(self.found("a dict")),
        }
    }
}
