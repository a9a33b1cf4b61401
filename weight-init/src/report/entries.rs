//! An initializer and its arguments as entries of JSON.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::plan::named::{Arg, Named};

pub(super) struct Args<'a>(pub(super) &'a [(&'a str, Arg<'a>)]);

impl Serialize for Args<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

pub(super) fn named_entries<M: SerializeMap>(
    map: &mut M,
    (name, args): &Named<'_>,
) -> Result<(), M::Error> {
    map.serialize_entry("init", name)?;
    map.serialize_entry("args", &Args(args))
}
