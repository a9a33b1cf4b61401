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
