use std::ops::Range;

use super::{Window, product};

/// Elements that are consecutive in the whole tensor and in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Number of the first element in the whole tensor.
    pub first: u64,
    /// Number of the first element in the window.
    pub local: u64,
    /// Number of elements.
    pub elements: u64,
}

/// The runs of a [`Window`], in the order of its elements.
#[derive(Clone, Debug)]
pub struct Runs<'w> {
    window: &'w Window,
    /// The last dimension that is cut. The ones behind it are whole, and so consecutive.
    cut: usize,
    /// Elements of one index of that dimension.
    inner: u64,
    /// Of each dimension in front of it: the range that the index lies in, and the index.
    outer: Vec<(usize, u64)>,
    /// Number of the first element of these indices.
    base: u64,
    /// The range of the cut dimension that comes next.
    range: usize,
    /// Elements of that range that are done.
    skipped: u64,
    local: u64,
    end: u64,
}

impl<'w> Runs<'w> {
    pub(super) fn new(window: &'w Window, local: Range<u64>) -> Self {
        let Window { whole, ranges, shape } = window;
        let end = local.end.min(window.elements());
        let is_cut = |dim: &usize| !matches!((ranges.get(*dim), whole.get(*dim)), (Some(it), Some(dim)) if *it == [0..*dim]);
        // A tensor that is whole is one range of its first dimension.
        let cut = (0..whole.len()).rfind(is_cut).unwrap_or(0);
        let inner = product(whole.get(cut + 1..).unwrap_or_default());
        let mut this = Self {
            window,
            cut,
            inner,
            outer: Vec::new(),
            base: 0,
            range: 0,
            skipped: 0,
            local: local.start,
            end,
        };
        if this.local >= end {
            return this;
        }
        let row = shape.get(cut).map_or(1, |extent| extent.saturating_mul(inner));
        let (mut rest, mut within) = (local.start / row.max(1), local.start % row.max(1));
        let mut indices = vec![0; cut];
        for (index, extent) in indices.iter_mut().zip(shape.iter().take(cut)).rev() {
            *index = rest % (*extent).max(1);
            rest /= (*extent).max(1);
        }
        this.outer = indices
            .into_iter()
            .zip(ranges)
            .map(|(mut index, ranges)| {
                let mut place = 0;
                while let Some(range) = ranges.get(place) {
                    let extent = range.end - range.start;
                    if index < extent {
                        return (place, range.start + index);
                    }
                    (index, place) = (index - extent, place + 1);
                }
                (place, index)
            })
            .collect();
        this.set_base();
        while let Some(elements) = this.elements_of_range()
            && within >= elements
        {
            (within, this.range) = (within - elements, this.range + 1);
        }
        this.skipped = within;
        this
    }

    /// Elements of the range that comes next; of a number without dimensions its one element.
    fn elements_of_range(&self) -> Option<u64> {
        match self.window.ranges.get(self.cut) {
            None => (self.range == 0).then_some(1),
            Some(ranges) => {
                ranges.get(self.range).map(|it| (it.end - it.start).saturating_mul(self.inner))
            }
        }
    }

    fn start_of_range(&self) -> u64 {
        let ranges = self.window.ranges.get(self.cut);
        ranges
            .and_then(|ranges| ranges.get(self.range))
            .map_or(0, |range| range.start.saturating_mul(self.inner))
    }

    fn set_base(&mut self) {
        let extents = self.window.whole.iter().skip(1).take(self.cut.saturating_sub(1));
        // Horner's scheme: from the first dimension to the one in front of the cut one.
        let mut indices = self.outer.iter().map(|(_, index)| *index);
        let first = indices.next().unwrap_or(0);
        let number = indices.zip(extents).fold(first, |number, (index, dim)| number * dim + index);
        let row = self.window.whole.get(self.cut).map_or(1, |dim| dim.saturating_mul(self.inner));
        self.base = number * row;
    }

    /// Goes on to the next indices of the dimensions in front.
    fn step(&mut self) {
        (self.range, self.skipped) = (0, 0);
        for ((place, index), ranges) in self.outer.iter_mut().zip(&self.window.ranges).rev() {
            *index += 1;
            if ranges.get(*place).is_some_and(|range| *index < range.end) {
                break;
            }
            // Empty ranges have no index.
            let next = (*place + 1..).zip(ranges.iter().skip(*place + 1));
            if let Some((next, range)) = next.into_iter().find(|(_, range)| !range.is_empty()) {
                (*place, *index) = (next, range.start);
                break;
            }
            let first = (0..).zip(ranges).find(|(_, range)| !range.is_empty());
            (*place, *index) = first.map_or((0, 0), |(place, range)| (place, range.start));
        }
        self.set_base();
    }
}

impl Iterator for Runs<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        while self.local < self.end {
            let Some(elements) = self.elements_of_range() else {
                self.step();
                continue;
            };
            let left = (elements - self.skipped).min(self.end - self.local);
            let first = self.base + self.start_of_range() + self.skipped;
            (self.range, self.skipped) = (self.range + 1, 0);
            if left > 0 {
                let run = Run { first, local: self.local, elements: left };
                self.local += left;
                return Some(run);
            }
        }
        None
    }
}
