use std::collections::HashMap;
use std::hash::Hash;

use indexmap::IndexSet;
use serde::{Serialize, Serializer};

/// Values that many parameters have in common, each held once and named by its place.
#[derive(Debug)]
pub(super) struct Interner<T: Hash + Eq>(IndexSet<T>);

impl<T: Hash + Eq> Default for Interner<T> {
    fn default() -> Self {
        Self(IndexSet::new())
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The place of a value, which is added if it is new.
    pub(super) fn place(&mut self, value: T) -> usize {
        self.0.insert_full(value).0
    }
}

impl<T: Hash + Eq + Serialize> Serialize for Interner<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// The place in a list of what is made, if anything is: once for a key, and never more than `most`.
pub(super) fn once<K: Copy + Eq + Hash, T>(
    known: &mut HashMap<K, Option<usize>>,
    key: Option<K>,
    list: &mut Vec<T>,
    most: usize,
    make: impl FnOnce() -> Option<T>,
) -> Option<usize> {
    if let Some(known) = key.and_then(|key| known.get(&key)) {
        return *known;
    }
    if list.len() >= most {
        return None;
    }
    let place = make().map(|made| {
        list.push(made);
        list.len() - 1
    });
    if let Some(key) = key {
        known.insert(key, place);
    }
    place
}
