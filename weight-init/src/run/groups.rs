//! Runs of a window → groups that a backend fills at once.

use std::iter::Peekable;

use weight_init_backends::Strided;

use crate::window::Run;

/// Elements from which on a run is a fill of its own.
const LONG: u64 = 4096;

/// Runs of one length that begin at one distance from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) first: u64,
    /// Elements of a run.
    pub(super) length: u64,
    pub(super) stride: u64,
    pub(super) count: u64,
}

impl Group {
    /// Number of the first element of a run.
    pub(super) const fn of(&self, run: u64) -> u64 {
        self.first.wrapping_add(self.stride.wrapping_mul(run))
    }

    pub(super) const fn elements(&self) -> u64 {
        self.length.saturating_mul(self.count)
    }

    /// As a backend takes it.
    pub(super) fn strided(&self) -> Strided {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        Strided { first: self.first, length, stride: self.stride }
    }
}

/// Puts neighbouring runs together as far as they are alike.
pub(super) struct Groups<I: Iterator<Item = Run>>(Peekable<I>);

impl<I: Iterator<Item = Run>> Groups<I> {
    pub(super) fn of(runs: I) -> Self {
        Self(runs.peekable())
    }
}

impl<I: Iterator<Item = Run>> Iterator for Groups<I> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let Run { first, elements: length, .. } = self.0.next()?;
        let mut group = Group { first, length, stride: 0, count: 1 };
        if length >= LONG {
            return Some(group);
        }
        while let Some(next) = self.0.next_if(|next| {
            let far = next.first.wrapping_sub(group.first);
            next.elements == length
                && (group.count == 1 || far == group.stride.wrapping_mul(group.count))
        }) {
            if group.count == 1 {
                group.stride = next.first.wrapping_sub(group.first);
            }
            group.count += 1;
        }
        Some(group)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
#[allow(clippy::single_range_in_vec_init, reason = "lists of ranges, of which there may be one")]
mod tests {
    use super::*;
    use crate::window::Window;

    #[test]
    fn columns_are_one_group_but_for_rows_that_are_begun() {
        let group = |first, length, stride, count| Group { first, length, stride, count };
        let window = Window::along(&[6, 10], 1, &[3..7]).unwrap();
        let all = |window: &Window| Groups::of(window.runs()).collect::<Vec<_>>();
        assert_eq!(all(&window), [group(3, 4, 10, 6)]);
        let begun: Vec<_> = Groups::of(window.runs_in(1..15)).collect();
        assert_eq!(begun, [group(4, 3, 0, 1), group(13, 4, 10, 2), group(33, 3, 0, 1)]);
        // Two ranges of a row are no steady distance apart.
        let window = Window::along(&[2, 10], 1, &[0..2, 4..6]).unwrap();
        assert_eq!(all(&window), [group(0, 2, 4, 2), group(10, 2, 4, 2)]);
        let window = Window::along(&[2, 10_000], 1, &[0..5000]).unwrap();
        assert_eq!(all(&window), [group(0, 5000, 0, 1), group(10_000, 5000, 0, 1)]);
    }
}
