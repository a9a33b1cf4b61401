use core::fmt;
use core::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Seed, push};
use crate::init_cfg::List;

/// What a list is read of: names or dicts.
pub(super) trait Item<'de>: DeserializeSeed<'de> + Copy {
    const DICTS: bool;
}

/// Reads a name.
pub(super) struct Name<T>(PhantomData<T>);

impl<T> Name<T> {
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<T> Clone for Name<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Name<T> {}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Name<T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

impl<'de, T: Deserialize<'de>> Item<'de> for Name<T> {
    const DICTS: bool = false;
}

impl<'de, T> Item<'de> for Seed<'_, T>
where
    Self: DeserializeSeed<'de>,
{
    const DICTS: bool = true;
}

/// Reads one item, or a list of them, or null for none.
pub(super) struct OneOrMany<L, I> {
    key: &'static str,
    item: I,
    list: PhantomData<L>,
}

impl<L, I> OneOrMany<L, I> {
    pub(super) const fn new(key: &'static str, item: I) -> Self {
        Self { key, item, list: PhantomData }
    }
}

impl<'de, L: List<I::Value>, I: Item<'de>> OneOrMany<L, I> {
    fn one<D: Deserializer<'de>>(&self, item: D) -> Result<L, D::Error> {
        let mut list = L::default();
        push(&mut list, self.item.deserialize(item)?, self.key)?;
        Ok(list)
    }
}

impl<'de, L: List<I::Value>, I: Item<'de>> DeserializeSeed<'de> for OneOrMany<L, I> {
    type Value = L;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<L, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, L: List<I::Value>, I: Item<'de>> Visitor<'de> for OneOrMany<L, I> {
    type Value = L;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = if I::DICTS { "dict" } else { "string" };
        write!(f, "a {item} or a list of {item}s for '{}'", self.key)
    }

    fn visit_unit<E: Error>(self) -> Result<L, E> {
        Ok(L::default())
    }

    fn visit_none<E: Error>(self) -> Result<L, E> {
        Ok(L::default())
    }

    fn visit_str<E: Error>(self, item: &str) -> Result<L, E> {
        if I::DICTS {
            return Err(E::invalid_type(serde::de::Unexpected::Str(item), &self));
        }
        self.one(StrDeserializer::new(item))
    }

    fn visit_borrowed_str<E: Error>(self, item: &'de str) -> Result<L, E> {
        if I::DICTS {
            return self.visit_str(item);
        }
        self.one(BorrowedStrDeserializer::new(item))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<L, A::Error> {
        if !I::DICTS {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        self.one(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<L, A::Error> {
        let mut list = L::default();
        while let Some(item) = seq.next_element_seed(self.item)? {
            push(&mut list, item, self.key)?;
        }
        Ok(list)
    }
}
