//! Regions of a tensor whose elements come from elsewhere than the rest: how they are lowered, found and told.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::ser::SerializeMap;
use weight_init_core::Layout;
use weight_init_core::initializer::Shape;

use super::json::{Args, named_entries};
use super::named::{self, Arg};
use super::{Lowered, NormOf, Tensor, Unknown};
use crate::diagnostic::escape;
use crate::model::Values;
use crate::model::constructor::{Constructor, Content, Region, Written};

/// A region of a tensor and where its elements come from.
#[derive(Clone, Debug)]
pub struct TensorPart<'p> {
    /// Where it is.
    pub region: Cow<'p, Region>,
    /// Random elements are drawn at their numbers in the whole tensor; given ones and diagonals are counted within the region.
    pub source: Lowered<'p>,
}

impl TensorPart<'_> {
    /// A row, along the first dimension, of zeros.
    pub(super) fn zero_row(row: usize, dims: &[usize]) -> Option<Self> {
        let source = Lowered::Values(&Values::All(0.0));
        Some(Self { region: Cow::Owned(Region::row(row, dims)?), source })
    }
}

/// The parts of a recorded tensor.
pub(super) fn of(
    recorded: &Constructor,
    layout: Layout,
    stream_id: u64,
    unknown: Unknown,
) -> Vec<TensorPart<'_>> {
    let parts = recorded.parts.iter().map(|part| {
        let shape = Shape::new(part.region.shape()).with_layout(layout);
        let source = lowered(&part.written, shape, stream_id, unknown);
        TensorPart { region: Cow::Borrowed(&part.region), source }
    });
    parts.collect()
}

pub(super) fn lowered<'p>(
    written: &'p Written,
    shape: Shape<'p>,
    stream_id: u64,
    unknown: Unknown,
) -> Lowered<'p> {
    match &written.content {
        Content::Init(init) => Lowered::Init { init: *init, shape, stream_id },
        Content::Values(values) => Lowered::of(values),
        Content::NormOf(of) => Lowered::Norm(NormOf::unlinked(of)),
        Content::Unknown(_) => Lowered::Values(unknown.values()),
    }
}

impl<'p> Tensor<'p> {
    /// What element `number` comes from: 0 for the source, or the number of a part from 1 on; the element's number among
    /// that source's given values; and how many elements from it on come from there, consecutively.
    pub(crate) fn source_at(&self, number: u64) -> (usize, u64, u64) {
        let mut length = self.elements().saturating_sub(number);
        for (place, part) in self.parts.iter().enumerate().rev() {
            let (index, alike) = part.region.at(self.shape, number);
            length = length.min(alike);
            if let Some(index) = index {
                return (place + 1, index, length);
            }
        }
        (0, number, length)
    }

    /// The dimensions that the source of this number has elements of.
    pub(crate) fn shape_of(&self, place: usize) -> &[usize] {
        let part = place.checked_sub(1).and_then(|place| self.parts.get(place));
        part.map_or(self.shape, |part| part.region.shape())
    }

    /// The source of this number, as [`source_at`](Self::source_at) counts them.
    pub(crate) fn source(&self, place: usize) -> &Lowered<'p> {
        let part = place.checked_sub(1).and_then(|place| self.parts.get(place));
        part.map_or(&self.source, |part| &part.source)
    }
}

/// The content in words: `normal(mean=0, std=1)`.
fn content(written: &Written) -> String {
    match &written.content {
        Content::Init(init) => named::init_in_words(init),
        Content::Values(Values::All(x)) => format!("constant(val={x})"),
        Content::Values(_) => "given values".to_owned(),
        Content::NormOf(of) => format!("norm(of={})", escape(of)),
        Content::Unknown(what) => format!("unknown: {}", escape(what)),
    }
}

/// A recorded tensor as one cell: `uniform(a=-1, b=1), [4:8] constant(val=1)`.
pub(super) fn in_words(recorded: &Constructor) -> String {
    let parts = recorded.parts.iter();
    let parts = parts.map(|part| format!(", {} {}", part.region, content(&part.written)));
    content(&recorded.base) + &parts.collect::<String>()
}

/// A recorded tensor as sentences, each write with the code that does it.
pub(super) fn explain(recorded: &Constructor, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let by = |written: &Written, f: &mut fmt::Formatter<'_>| match &written.by {
        Some(by) => write!(f, ", by {}", escape(by)),
        None => Ok(()),
    };
    f.write_str(&content(&recorded.base))?;
    by(&recorded.base, f)?;
    for part in &recorded.parts {
        write!(f, "\n  then {} gets {}", part.region, content(&part.written))?;
        by(&part.written, f)?;
    }
    Ok(())
}

/// What decides the values, as text that does not change with who wrote them.
pub(super) fn stable(recorded: &Constructor) -> String {
    let one = |written: &Written| match &written.content {
        Content::Values(values) => format!("{values:?}"),
        _ => content(written),
    };
    let parts = recorded.parts.iter();
    let parts = parts
        .map(|part| format!("\0{} {:?} {}", part.region, part.region.shape(), one(&part.written)));
    one(&recorded.base) + &parts.collect::<String>()
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

struct Entry<'a>(&'a crate::model::constructor::Part);

impl Serialize for Entry<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
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
        Content::Init(init) => named_entries(map, &named::init_named(init))?,
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
