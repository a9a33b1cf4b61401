use core::fmt;
use core::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::push;
use crate::init_cfg::List;

/// Reads one item, or a list of them, or null for none.
pub(super) struct OneOrMany<L, T> {
    key: &'static str,
    /// Whether an item is a dict, otherwise a string.
    dicts: bool,
    list: PhantomData<(L, T)>,
}

impl<L, T> OneOrMany<L, T> {
    pub(super) const fn names(key: &'static str) -> Self {
        Self { key, dicts: false, list: PhantomData }
    }

    pub(super) const fn dicts(key: &'static str) -> Self {
        Self { key, dicts: true, list: PhantomData }
    }
}

impl<'de, L: List<T>, T: Deserialize<'de>> OneOrMany<L, T> {
    fn one<D: Deserializer<'de>>(&self, item: D) -> Result<L, D::Error> {
        let mut list = L::default();
        push(&mut list, T::deserialize(item)?, self.key)?;
        Ok(list)
    }
}

impl<'de, L: List<T>, T: Deserialize<'de>> DeserializeSeed<'de> for OneOrMany<L, T> {
    type Value = L;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<L, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, L: List<T>, T: Deserialize<'de>> Visitor<'de> for OneOrMany<L, T> {
    type Value = L;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = if self.dicts { "dict" } else { "string" };
        write!(f, "a {item} or a list of {item}s for '{}'", self.key)
    }

    fn visit_unit<E: Error>(self) -> Result<L, E> {
        Ok(L::default())
    }

    fn visit_none<E: Error>(self) -> Result<L, E> {
        Ok(L::default())
    }

    fn visit_str<E: Error>(self, item: &str) -> Result<L, E> {
        if self.dicts {
            return Err(E::invalid_type(serde::de::Unexpected::Str(item), &self));
        }
        self.one(StrDeserializer::new(item))
    }

    fn visit_borrowed_str<E: Error>(self, item: &'de str) -> Result<L, E> {
        if self.dicts {
            return self.visit_str(item);
        }
        self.one(BorrowedStrDeserializer::new(item))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<L, A::Error> {
        if !self.dicts {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        self.one(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<L, A::Error> {
        let mut list = L::default();
        while let Some(item) = seq.next_element()? {
            push(&mut list, item, self.key)?;
        }
        Ok(list)
    }
}
