use super::{Argument, FillError, rounded};
use crate::Float;

/// Places in a tensor, by element number: `offset + group·group_stride + index·stride` for every `group` below `groups` and
/// `index` below `count`.
///
/// One form holds the diagonal of a matrix in either layout, and that of each group of a convolution's kernels at the
/// centre of their field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagonal {
    /// Number of the first element.
    pub offset: u64,
    /// Elements from one to the next of a group.
    pub stride: u64,
    /// Elements of a group.
    pub count: u64,
    /// Elements from a group to the next.
    pub group_stride: u64,
    /// Groups.
    pub groups: u64,
}

impl Diagonal {
    /// The numbers from `first` on below `end`, in the order of groups.
    fn within(self, first: u64, end: u64) -> impl Iterator<Item = u64> {
        let Self { offset, stride, count, group_stride, groups } = self;
        let span = count.saturating_sub(1).saturating_mul(stride);
        let groups = if count == 0 { 0 } else { groups };
        // Groups before these end in front of the window, groups behind them begin after it.
        let front = offset.saturating_add(span);
        let from = steps(first.saturating_sub(front), group_stride).min(groups);
        let to = steps(end.saturating_sub(offset), group_stride).min(groups);
        (from..to).flat_map(move |group| {
            let begin = offset.saturating_add(group.saturating_mul(group_stride));
            let from = steps(first.saturating_sub(begin), stride).min(count);
            let to = steps(end.saturating_sub(begin), stride).min(count);
            (from..to).map(move |index| begin.saturating_add(index.saturating_mul(stride)))
        })
    }
}

/// Steps of this length that reach as far as `distance`, or beyond.
const fn steps(distance: u64, length: u64) -> u64 {
    match distance {
        0 => 0,
        _ if length == 0 => u64::MAX,
        _ => distance.div_ceil(length),
    }
}

/// The same value on a [`Diagonal`], zeros beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiagonalFill<T: Float> {
    value: T,
    on: Diagonal,
}

impl<T: Float> DiagonalFill<T> {
    /// See [`Fill::diagonal`](super::Fill::diagonal).
    pub(crate) fn new(value: f64, on: Diagonal) -> Result<Self, FillError> {
        Ok(Self { value: rounded(Argument::Val, value)?, on })
    }

    /// The value on the diagonal.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }

    /// The places of the value.
    #[must_use]
    pub const fn on(&self) -> Diagonal {
        self.on
    }

    /// The places of the value among `first..first + len`, counted from `first`. Element numbers are modulo 2⁶⁴.
    pub fn places(&self, first: u64, len: usize) -> impl Iterator<Item = usize> + use<T> {
        let on = self.on;
        let (end, wraps) = first.overflowing_add(len as u64);
        let behind = if wraps { end } else { 0 };
        let end = if wraps { u64::MAX } else { end };
        // No tensor has an element of the last number, so that the end may stand for it.
        let front = on.within(first, end);
        let places = front.chain(on.within(0, behind));
        places.map(move |number| number.wrapping_sub(first) as usize)
    }

    /// Writes elements `first..first + out.len()`.
    pub(crate) fn write(&self, first: u64, out: &mut [T]) {
        out.fill(T::default());
        self.write_value(first, out);
    }

    /// Writes the value alone; `out` holds elements `first..first + out.len()`, zeros so far.
    pub fn write_value(&self, first: u64, out: &mut [T]) {
        for place in self.places(first, out.len()) {
            if let Some(element) = out.get_mut(place) {
                *element = self.value;
            }
        }
    }
}
