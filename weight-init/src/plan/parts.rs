//! Regions of a tensor whose elements come from elsewhere than the rest: how they are lowered and found.

use std::borrow::Cow;

use weight_init_core::Layout;
use weight_init_core::initializer::Shape;

use super::named::content_in_words;
use super::{Lowered, NormOf, Tensor, Unknown};
use crate::model::Values;
use crate::model::constructor::{Constructor, Content, Mapped, Region, Written};

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
        Content::Mapped(Mapped { init, steps }) => {
            Lowered::Mapped { init: *init, shape, stream_id, steps }
        }
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

/// What decides the values, as text that does not change with who wrote them.
pub(super) fn stable(recorded: &Constructor) -> String {
    let one = |written: &Written| match &written.content {
        Content::Values(values) => format!("{values:?}"),
        _ => content_in_words(written),
    };
    let parts = recorded.parts.iter();
    let parts = parts
        .map(|part| format!("\0{} {:?} {}", part.region, part.region.shape(), one(&part.written)));
    one(&recorded.base) + &parts.collect::<String>()
}
