//! What the model's own code writes into a tensor, part by part: as a cell, as sentences, as JSON.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::entries::{Args, named_entries};
use crate::diagnostic::escape;
use crate::model::Values;
use crate::model::constructor::{Constructor, Content, Mapped, Part, Step, Written};
use crate::plan::named::{Arg, content_in_words, init_named};

/// A recorded tensor as one cell: `uniform(a=-1, b=1), [4:8] constant(val=1)`.
pub(super) fn in_words(recorded: &Constructor) -> String {
    let parts = recorded.parts.iter();
    let parts = parts.map(|part| format!(", {} {}", part.region, content_in_words(&part.written)));
    content_in_words(&recorded.base) + &parts.collect::<String>()
}

/// A recorded tensor as sentences, each write with the code that does it.
pub(super) fn explain(recorded: &Constructor, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let by = |written: &Written, f: &mut fmt::Formatter<'_>| match &written.by {
        Some(by) => write!(f, ", by {}", escape(by)),
        None => Ok(()),
    };
    f.write_str(&content_in_words(&recorded.base))?;
    by(&recorded.base, f)?;
    for part in &recorded.parts {
        write!(f, "\n  then {} gets {}", part.region, content_in_words(&part.written))?;
        by(&part.written, f)?;
    }
    Ok(())
}

/// The entries of a recorded tensor in a plan's JSON.
pub(super) fn entries<M: SerializeMap>(
    map: &mut M,
    recorded: &Constructor,
) -> Result<(), M::Error> {
    content_entries(map, &recorded.base)?;
    if !recorded.parts.is_empty() {
        let parts: Vec<_> = recorded.parts.iter().map(Entry).collect();
        map.serialize_entry("parts", &parts)?;
    }
    Ok(())
}

/// Functions as a description has them.
struct Steps<'a>(&'a [Step]);

impl Serialize for Steps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(steps) = self;
        serializer.collect_seq(steps.iter().map(OneStep))
    }
}

struct OneStep<'a>(&'a Step);

impl Serialize for OneStep<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(step) = self;
        match step.operand() {
            Some(x) => serializer.collect_map([(step.name(), Arg::Number(x))]),
            None => serializer.serialize_str(step.name()),
        }
    }
}

struct Entry<'a>(&'a Part);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(part) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("start", part.region.start())?;
        map.serialize_entry("shape", part.region.shape())?;
        content_entries(&mut map, &part.written)?;
        map.end()
    }
}

fn content_entries<M: SerializeMap>(map: &mut M, written: &Written) -> Result<(), M::Error> {
    match &written.content {
        Content::Init(init) => named_entries(map, &init_named(init))?,
        Content::Mapped(Mapped { init, steps }) => {
            named_entries(map, &init_named(init))?;
            map.serialize_entry("then", &Steps(steps))?;
        }
        Content::Values(Values::All(x)) => {
            map.serialize_entry("init", "constant")?;
            map.serialize_entry("args", &Args(&[("val", Arg::Number(*x))]))?;
        }
        Content::Values(_) => map.serialize_entry("init", "value")?,
        Content::NormOf(of) => {
            map.serialize_entry("init", "norm")?;
            map.serialize_entry("args", &Args(&[("of", Arg::Text(of))]))?;
        }
        Content::Unknown(what) => {
            map.serialize_entry("init", "unknown")?;
            map.serialize_entry("what", &**what)?;
        }
    }
    match &written.by {
        Some(by) => map.serialize_entry("by", &**by),
        None => Ok(()),
    }
}
