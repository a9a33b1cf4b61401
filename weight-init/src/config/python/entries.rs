//! The entries of dicts and the elements of sets, each at its price.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use indexmap::{Equivalent, IndexMap, IndexSet};

use super::object::Origin;
use super::slots::Slot;
use super::text::Str;
use crate::config::meter::{Charge, Meter, Outcome, STRIDE};
use crate::value::Span;

/// A hashable object as a key.
#[derive(Clone, Debug)]
pub(in crate::config) enum Key {
    None,
    Bool(bool),
    Int(i128),
    /// The bits of a float.
    Float(u64),
    Str(Str),
    Tuple(Rc<KeyTuple>),
    Opaque(Str, Origin),
}

/// Keys in a row, shared by the copies of the key.
#[derive(Debug)]
pub(in crate::config) struct KeyTuple {
    keys: Vec<Key>,
    weight: usize,
    _charge: Charge,
}

/// The value of a key, and where the key was written.
#[derive(Clone, Debug)]
pub(in crate::config) struct DictEntry {
    pub(in crate::config) key_span: Span,
    pub(in crate::config) slot: Slot,
}

/// Keys and their values, in order. A key costs its weight each time that it is looked for.
#[derive(Debug)]
pub(in crate::config) struct Entries {
    map: IndexMap<Key, DictEntry>,
    charge: Charge,
}

/// The elements of a set, at the same price.
#[derive(Debug)]
pub(in crate::config) struct Keys {
    set: IndexSet<Key>,
    charge: Charge,
}

/// Steps for a look into a hash table.
const HASH: usize = 3;

/// Steps more for a look into a table of more than [`CACHED`] entries, of which a cache holds few.
const MISS: usize = 3;

/// Entries of a table that is mostly in a cache.
const CACHED: usize = 4096;

/// Steps to move an entry to another place of a larger hash table.
const MOVE: usize = 2;

/// Memory of an entry of a dict, its share of the hash table included.
const ENTRY: usize = 8 + size_of::<Key>() + size_of::<DictEntry>() + 32;

/// Memory of an element of a set.
const ELEMENT: usize = 8 + size_of::<Key>() + 32;

/// Overhead of a table beside its entries.
const TABLE: usize = size_of::<Entries>() + 64;

impl Key {
    /// `count` keys in a row as one.
    pub(in crate::config) fn tuple(
        meter: &Rc<Meter>,
        count: usize,
        keys: impl Iterator<Item = Outcome<Self>>,
    ) -> Outcome<Self> {
        let mut charge = Charge::new(meter);
        charge.take(size_of::<KeyTuple>() + 32 + count.saturating_mul(size_of::<Self>()))?;
        let mut row = Vec::with_capacity(count);
        for key in keys.take(count) {
            row.push(key?);
        }
        let weight = row.iter().fold(1, |sum: usize, key| sum.saturating_add(key.weight()));
        Ok(Self::Tuple(Rc::new(KeyTuple { keys: row, weight, _charge: charge })))
    }

    /// How many steps it takes to hash it, or to compare it with an equal one.
    pub(in crate::config) fn weight(&self) -> usize {
        match self {
            Self::Str(text) | Self::Opaque(text, _) => HASH + text.len() / STRIDE,
            Self::Tuple(tuple) => tuple.weight,
            _ => HASH,
        }
    }

    /// Whether it is this name.
    pub(in crate::config) fn is(&self, name: &str) -> bool {
        Name(name).equivalent(self)
    }

    /// Whether it is a name of Python's own, like `__file__`.
    pub(in crate::config) fn is_private(&self) -> bool {
        matches!(self, Self::Str(name) if name.starts_with("__"))
    }
}

impl KeyTuple {
    pub(in crate::config) fn keys(&self) -> &[Key] {
        &self.keys
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Str(a), Self::Str(b))
            | (Self::Opaque(a, Origin::Eager), Self::Opaque(b, Origin::Eager)) => a == b,
            (Self::Opaque(a, _), Self::Opaque(b, _)) => a.is_same(b),
            (Self::Tuple(a), Self::Tuple(b)) => {
                Rc::ptr_eq(a, b) || a.weight == b.weight && a.keys == b.keys
            }
            _ => false,
        }
    }
}

impl Eq for Key {}

/// As [`Name`] hashes itself, too.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::None => state.write_u8(0),
            Self::Bool(bool) => (1_u8, bool).hash(state),
            Self::Int(int) => (2_u8, int).hash(state),
            Self::Float(bits) => (3_u8, bits).hash(state),
            Self::Str(text) => (STRING, text).hash(state),
            Self::Opaque(text, _) => (5_u8, text).hash(state),
            Self::Tuple(tuple) => (6_u8, &tuple.keys).hash(state),
        }
    }
}

const STRING: u8 = 4;

/// A name to be looked for, without a [`Str`] of its own.
struct Name<'n>(&'n str);

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (STRING, self.0).hash(state);
    }
}

impl Equivalent<Key> for Name<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        matches!(key, Key::Str(text) if text.is(self.0))
    }
}

/// Steps to look for a key of this weight in a table of so many.
const fn look(weight: usize, len: usize) -> usize {
    if len > CACHED { weight + MISS } else { weight }
}

impl Entries {
    pub(in crate::config) fn new(meter: &Rc<Meter>) -> Outcome<Self> {
        let mut charge = Charge::new(meter);
        charge.take(TABLE)?;
        Ok(Self { map: IndexMap::new(), charge })
    }

    /// Entries of its own.
    pub(in crate::config) fn copy(&self) -> Outcome<Self> {
        let mut charge = Charge::new(self.charge.meter());
        self.charge.meter().step(self.len())?;
        charge.take(TABLE + self.len().saturating_mul(ENTRY))?;
        Ok(Self { map: self.map.clone(), charge })
    }

    pub(in crate::config) fn len(&self) -> usize {
        self.map.len()
    }

    pub(in crate::config) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub(in crate::config) fn get(&self, key: &Key) -> Outcome<Option<&DictEntry>> {
        self.charge.meter().step(look(key.weight(), self.len()))?;
        Ok(self.map.get(key))
    }

    /// The entry of a name.
    pub(in crate::config) fn named(&self, name: &str) -> Outcome<Option<&DictEntry>> {
        self.charge.meter().step(look(HASH + name.len() / STRIDE, self.len()))?;
        Ok(self.map.get(&Name(name)))
    }

    /// The entry at a place in the order.
    pub(in crate::config) fn at(&self, index: usize) -> Outcome<Option<(&Key, &DictEntry)>> {
        self.charge.meter().step(1)?;
        Ok(self.map.get_index(index))
    }

    /// One entry after the other.
    pub(in crate::config) fn each(&self) -> impl Iterator<Item = Outcome<(&Key, &DictEntry)>> {
        self.map.iter().map(|entry| self.charge.meter().step(1).map(|()| entry))
    }

    /// Sets a key; one that is there keeps its place in the order.
    pub(in crate::config) fn insert(
        &mut self,
        key: Key,
        key_span: Span,
        slot: Slot,
    ) -> Outcome<Option<Slot>> {
        self.charge.meter().step(look(key.weight(), self.len()))?;
        if self.len() == self.map.capacity() {
            self.grow(1 + self.len() / 2)?;
        }
        Ok(self.map.insert(key, DictEntry { key_span, slot }).map(|old| old.slot))
    }

    /// Room for more entries, which is charged before it is there. Those that are there move to where their hashes lead now.
    fn grow(&mut self, more: usize) -> Outcome<()> {
        self.charge.meter().step(MOVE * self.len())?;
        self.charge.take(more.saturating_mul(ENTRY))?;
        self.map.reserve_exact(more);
        Ok(())
    }

    /// Takes a key out; the order of the others stays, those behind it move up.
    pub(in crate::config) fn remove(&mut self, key: &Key) -> Outcome<Option<Slot>> {
        self.charge.meter().step(look(key.weight(), self.len()))?;
        self.remove_at(self.map.get_index_of(key))
    }

    /// Takes a name out.
    pub(in crate::config) fn remove_name(&mut self, name: &str) -> Outcome<Option<Slot>> {
        self.charge.meter().step(look(HASH + name.len() / STRIDE, self.len()))?;
        self.remove_at(self.map.get_index_of(&Name(name)))
    }

    fn remove_at(&mut self, index: Option<usize>) -> Outcome<Option<Slot>> {
        let Some(index) = index else { return Ok(None) };
        self.charge.meter().step(self.len() - index)?;
        Ok(self.map.shift_remove_index(index).map(|(_, entry)| entry.slot))
    }

    /// Keeps what passes.
    pub(in crate::config) fn retain(
        &mut self,
        mut keep: impl FnMut(&Key, &DictEntry) -> Outcome<bool>,
    ) -> Outcome<()> {
        self.charge.meter().step(self.len())?;
        let mut result = Ok(());
        self.map.retain(|key, entry| match keep(key, entry) {
            Ok(kept) => kept,
            Err(fault) => {
                result = Err(fault);
                true
            }
        });
        result
    }

    pub(in crate::config) fn clear(&mut self) {
        self.map.clear();
    }
}

impl Keys {
    pub(in crate::config) fn new(meter: &Rc<Meter>) -> Outcome<Self> {
        let mut charge = Charge::new(meter);
        charge.take(TABLE)?;
        Ok(Self { set: IndexSet::new(), charge })
    }

    /// Elements of its own.
    pub(in crate::config) fn copy(&self) -> Outcome<Self> {
        let mut charge = Charge::new(self.charge.meter());
        self.charge.meter().step(self.len())?;
        charge.take(TABLE + self.len().saturating_mul(ELEMENT))?;
        Ok(Self { set: self.set.clone(), charge })
    }

    pub(in crate::config) fn len(&self) -> usize {
        self.set.len()
    }

    pub(in crate::config) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(in crate::config) fn contains(&self, key: &Key) -> Outcome<bool> {
        self.charge.meter().step(look(key.weight(), self.len()))?;
        Ok(self.set.contains(key))
    }

    /// The element at a place in the order.
    pub(in crate::config) fn at(&self, index: usize) -> Outcome<Option<&Key>> {
        self.charge.meter().step(1)?;
        Ok(self.set.get_index(index))
    }

    /// One element after the other.
    pub(in crate::config) fn each(&self) -> impl Iterator<Item = Outcome<&Key>> {
        self.set.iter().map(|key| self.charge.meter().step(1).map(|()| key))
    }

    pub(in crate::config) fn insert(&mut self, key: Key) -> Outcome<()> {
        self.charge.meter().step(look(key.weight(), self.len()))?;
        if self.len() == self.set.capacity() {
            let more = 1 + self.len() / 2;
            self.charge.meter().step(MOVE * self.len())?;
            self.charge.take(more.saturating_mul(ELEMENT))?;
            self.set.reserve_exact(more);
        }
        self.set.insert(key);
        Ok(())
    }
}

/// As JSON's keys are written; a tuple as Python prints it.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("null"),
            Self::Bool(bool) => write!(f, "{bool}"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Float(bits) => f.write_str(&super::show::float(f64::from_bits(*bits))),
            Self::Str(text) | Self::Opaque(text, _) => write!(f, "{text}"),
            Self::Tuple(tuple) => {
                f.write_str("(")?;
                for (index, key) in tuple.keys.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    super::show::Repr(key).fmt(f)?;
                }
                f.write_str(if tuple.keys.len() == 1 { ",)" } else { ")" })
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::super::object::Object;
    use super::*;

    #[test]
    fn tables_are_charged_for_what_they_move_when_they_grow() {
        let count = 100_000;
        let left = 10_000_000 - count * (HASH + MISS + MOVE);
        let slot = Slot { object: Object::None, span: Span::default() };
        let meter = Meter::new(0);
        let mut entries = Entries::new(&meter).unwrap();
        for int in 0..count {
            entries.insert(Key::Int(int as i128), Span::default(), slot.clone()).unwrap();
        }
        assert!(meter.step(left).is_err());
        let meter = Meter::new(0);
        let mut keys = Keys::new(&meter).unwrap();
        (0..count).for_each(|int| keys.insert(Key::Int(int as i128)).unwrap());
        assert!(meter.step(left).is_err());
    }
}
