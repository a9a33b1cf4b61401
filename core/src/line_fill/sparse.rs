use core::cmp::Ordering;

use super::Lines;
use crate::fill::{FillError, Lowered, NormalFill, UniformFill};
use crate::lanes::Lanes;
use crate::{Float, Stream};

/// The first of the element numbers whose words rank the elements. No tensor has an element of such a number.
const RANKS: u64 = 1 << 63;

/// Numbers of a normal fill with mean zero and the same number of zeros in every line.
///
/// The zeros of a line are the elements whose uniform numbers are the smallest; these come from element `2⁶³ + number` of
/// the stream, the normal ones from element `number`, which counts line after line. So the number of zeros is exact, and every
/// set of places is as likely as any other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparseFill<T: Float> {
    zeros: usize,
    lines: Lines,
    /// `None`: zeros alone.
    normal: Option<NormalFill<T>>,
    rank: Option<UniformFill<T::Compute>>,
}

impl<T: Float> SparseFill<T> {
    /// So many zeros in each of these lines, normal numbers of this standard deviation beside them.
    pub(crate) fn new(zeros: usize, std: f64, lines: Lines) -> Result<Self, FillError> {
        let normal = match NormalFill::new(0.0, std)? {
            Lowered::Kind(normal) if zeros < lines.length => Some(normal),
            _ => None,
        };
        let rank = match UniformFill::new(0.0, 1.0)? {
            Lowered::Kind(rank) if zeros > 0 => Some(rank),
            _ => None,
        };
        Ok(Self { zeros, lines, normal, rank })
    }

    /// Where the lines are.
    #[must_use]
    pub const fn lines(&self) -> Lines {
        self.lines
    }

    /// Zeros of a line.
    #[must_use]
    pub const fn zeros(&self) -> usize {
        self.zeros
    }

    pub(super) const fn scratch(&self) -> usize {
        self.lines.length
    }

    #[inline(always)]
    pub(super) fn write_with<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        first: u64,
        scratch: &mut [T::Compute],
        out: &mut [T],
    ) {
        let Lines { length, .. } = self.lines;
        let Some(scratch) = scratch.get_mut(..length).filter(|_| length > 0) else { return };
        let mut number = first.wrapping_mul(length as u64);
        for line in out.chunks_exact_mut(length) {
            match &self.normal {
                None => line.fill(T::default()),
                Some(normal) => normal.write_with(lanes, stream, number, line),
            }
            self.ranked(lanes, stream, number, scratch, |index| {
                if let Some(x) = line.get_mut(index) {
                    *x = T::default();
                }
            });
            number = number.wrapping_add(length as u64);
        }
    }

    /// Hands out the elements of one line; scratch is a line.
    #[inline(never)]
    pub(super) fn line<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        line: usize,
        scratch: &mut [T::Compute],
        put: &mut impl FnMut(usize, T),
    ) {
        let Lines { length, .. } = self.lines;
        let (Some(scratch), Some(normal)) = (scratch.get_mut(..length), &self.normal) else {
            return;
        };
        let number = (line as u64).wrapping_mul(length as u64);
        for index in 0..length {
            let mut x = [T::default()];
            normal.write_with(lanes, stream, number.wrapping_add(index as u64), &mut x);
            put(index, x[0]);
        }
        self.ranked(lanes, stream, number, scratch, |index| put(index, T::default()));
    }

    /// Hands out the places of the zeros of a line with other elements, too.
    #[inline(always)]
    fn ranked<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        number: u64,
        scratch: &mut [T::Compute],
        mut zero: impl FnMut(usize),
    ) {
        let (Some(_), Some(rank)) = (&self.normal, &self.rank) else { return };
        let ranks = number.wrapping_add(RANKS);
        rank.write_with(lanes, stream, ranks, scratch);
        let (_, last, _) = scratch.select_nth_unstable_by(self.zeros - 1, order);
        let last = *last;
        let below = scratch.iter().filter(|x| **x < last).count();
        // Of equal ones the first.
        let mut alike = self.zeros - below;
        rank.write_with(lanes, stream, ranks, scratch);
        for (index, rank) in scratch.iter().enumerate() {
            let is_last = *rank == last && alike > 0;
            if *rank < last || is_last {
                zero(index);
            }
            if is_last {
                alike -= 1;
            }
        }
    }
}

fn order<T: PartialOrd>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}
