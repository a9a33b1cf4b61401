use core::fmt;

use super::Lines;
use crate::fill::{Argument, FillError, Lowered, UniformFill, rounded};
use crate::lanes::Lanes;
use crate::{Float, Stream};

/// What an element is, in `f64` and by core's own arithmetic, so that it has the same bits everywhere.
#[derive(Clone, Copy, Debug)]
pub enum Formula {
    /// A table: by the numbers, the line, and the place in the line.
    ByPlace(fn(&[f64; Computed::NUMBERS], usize, usize) -> f64),
    /// By the numbers and a sample that is uniform in [0, 1): that of the element's number, as
    /// [`Fill::uniform`](crate::Fill::uniform) has it.
    OfSample(fn(&[f64; Computed::NUMBERS], f64) -> f64),
}

/// A formula with its numbers.
#[derive(Clone, Copy)]
pub struct Computed {
    /// Which formula it is: two of the same name are the same.
    pub name: &'static str,
    /// The formula.
    pub formula: Formula,
    /// Its numbers.
    pub numbers: [f64; Self::NUMBERS],
    /// No element is farther from zero.
    pub largest: f64,
}

impl Computed {
    /// How many numbers a formula has.
    pub const NUMBERS: usize = 3;
}

impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.numbers == other.numbers
    }
}

impl fmt::Debug for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name).field(&self.numbers).finish()
    }
}

/// Elements that a [`Formula`] computes one by one, each rounded once to the element type.
///
/// No element depends on another one. The fill is one of lines because the formula counts by them, and because a device has no
/// kernel for it: what runs on one makes such tensors on the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComputedFill<T: Float> {
    of: Computed,
    lines: Lines,
    uniform: Option<UniformFill<T::Compute>>,
}

impl<T: Float> ComputedFill<T> {
    /// On these lines, which are contiguous.
    pub(crate) fn new(of: Computed, lines: Lines) -> Result<Self, FillError> {
        let _: T = rounded(Argument::Val, of.largest)?;
        let uniform = match (of.formula, UniformFill::new(0.0, 1.0)?) {
            (Formula::OfSample(_), Lowered::Kind(uniform)) => Some(uniform),
            _ => None,
        };
        Ok(Self { of, lines, uniform })
    }

    /// Where the lines are.
    #[must_use]
    pub const fn lines(&self) -> Lines {
        self.lines
    }

    /// The formula.
    #[must_use]
    pub const fn of(&self) -> Computed {
        self.of
    }

    #[inline(always)]
    pub(crate) fn write_with<L: Lanes>(&self, lanes: L, stream: Stream, first: u64, out: &mut [T]) {
        let Lines { length, .. } = self.lines;
        if length == 0 {
            return;
        }
        for (line, out) in out.chunks_exact_mut(length).enumerate() {
            self.line(lanes, stream, first.wrapping_add(line as u64), out);
        }
    }

    /// One line.
    fn line<L: Lanes>(&self, lanes: L, stream: Stream, line: u64, out: &mut [T]) {
        let numbers = &self.of.numbers;
        match (self.of.formula, &self.uniform) {
            (Formula::ByPlace(formula), _) => {
                for (index, x) in out.iter_mut().enumerate() {
                    *x = T::from_f64_rounded(formula(numbers, line as usize, index));
                }
            }
            (Formula::OfSample(formula), Some(uniform)) => {
                let mut number = line.wrapping_mul(self.lines.length as u64);
                let mut samples = [T::Compute::default(); 64];
                for out in out.chunks_mut(samples.len()) {
                    let samples = samples.get_mut(..out.len()).unwrap_or_default();
                    uniform.write_with(lanes, stream, number, samples);
                    for (x, sample) in out.iter_mut().zip(samples) {
                        *x = T::from_f64_rounded(formula(numbers, sample.to_f64_exact()));
                    }
                    number = number.wrapping_add(out.len() as u64);
                }
            }
            (Formula::OfSample(_), None) => {}
        }
    }
}
