use super::Lines;
use crate::fill::{Argument, FillError, NormalFill, rounded};
use crate::lanes::Lanes;
use crate::{Compute, Float, Stream};

/// Partial sums of a dot product. Their number is part of the values: no width of vectors changes the order of additions.
const PARTIAL: usize = 32;

/// Bytes of lines that are made at once: they stay in a core's cache while each reflection passes over them.
const BLOCK: usize = 1 << 18;

/// Numbers of a fill with orthonormal lines times a gain.
///
/// Line `j` is `d_j·H_0·H_1…H_j·e_j`: `H_k` is the reflection that maps a normal vector `x_k` of as many numbers as there are
/// coordinates from `k` on onto a multiple of `e_k`, and `d_k` is the sign that makes this multiple positive. These are the
/// rows of a matrix that is uniformly distributed among all orthogonal ones (G. W. Stewart: *The efficient generation of
/// random orthogonal matrices with an application to condition estimators*, SIAM J. Numer. Anal. 17, 1980, 403–409,
/// <https://doi.org/10.1137/0717034>). A line takes its reflections alone, none of the other lines.
///
/// `x_k` is made of elements `k·length + k` to `(k + 1)·length` of the stream. For each block of lines the vectors are made
/// anew; all lines of a square matrix of order n take 4/3·n³ operations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrthogonalFill<T: Float> {
    gain: T::Compute,
    lines: Lines,
    normal: NormalFill<T::Compute>,
}

impl<T: Float> OrthogonalFill<T> {
    /// As many orthonormal lines as these, no more than each has elements, times `gain`.
    pub(crate) fn new(gain: f64, lines: Lines) -> Result<Self, FillError> {
        let _: T = rounded(Argument::Gain, gain)?;
        let normal = NormalFill::centred(1.0);
        Ok(Self { gain: <T::Compute as Float>::from_f64_rounded(gain), lines, normal })
    }

    /// Where the lines are.
    #[must_use]
    pub const fn lines(&self) -> Lines {
        self.lines
    }

    /// A line for the vector of a reflection; where elements are narrower than what they are computed in, one for each line
    /// that is made at once.
    pub(super) const fn scratch(&self, at_once: usize) -> usize {
        let Lines { length, .. } = self.lines;
        let own = if is_narrow::<T>() { at_once } else { 0 };
        length.saturating_mul(own.saturating_add(1))
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
        let Some((vector, rest)) = scratch.split_at_mut_checked(length) else { return };
        if length == 0 {
            return;
        }
        let mut first = usize::try_from(first).unwrap_or(usize::MAX);
        let cached = (BLOCK / (length * size_of::<T::Compute>())).max(1);
        let at_once = if is_narrow::<T>() { cached.min(rest.len() / length) } else { cached };
        for block in out.chunks_mut(length.saturating_mul(at_once.max(1))) {
            let (block, _) = block.split_at_mut(block.len() - block.len() % length);
            match T::as_compute(block) {
                Some(block) => self.block(lanes, stream, first, vector, block),
                None => {
                    let Some(wide) = rest.get_mut(..block.len()) else { return };
                    self.block(lanes, stream, first, vector, wide);
                    for (narrow, wide) in block.iter_mut().zip(wide) {
                        *narrow = T::from_f64_rounded(wide.to_f64_exact());
                    }
                }
            }
            first = first.saturating_add(block.len() / length);
        }
    }

    /// Hands out the elements of one line; scratch is two lines.
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
        let Some((vector, rest)) = scratch.split_at_mut_checked(length) else { return };
        let Some(wide) = rest.get_mut(..length).filter(|_| length > 0) else { return };
        self.block(lanes, stream, line, vector, wide);
        for (index, wide) in wide.iter().enumerate() {
            put(index, T::from_f64_rounded(wide.to_f64_exact()));
        }
    }

    /// Makes a block of lines, reflection by reflection from the last on.
    #[inline(always)]
    fn block<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        first: usize,
        vector: &mut [T::Compute],
        block: &mut [T::Compute],
    ) {
        let Lines { length, .. } = self.lines;
        block.fill(T::Compute::default());
        let end = first.saturating_add(block.len() / length).min(length);
        for k in (0..end).rev() {
            let Some(vector) = vector.get_mut(..length - k) else { return };
            let number = (k as u64).wrapping_mul(length as u64).wrapping_add(k as u64);
            self.normal.write_with(lanes, stream, number, vector);
            let (sign, factor) = reflection(vector);
            // The line of the reflection's own number begins with it; lines in front of that one do not take it.
            let own = k.checked_sub(first).map(|own| own * length);
            if let Some(head) = own.and_then(|own| block.get_mut(own + k)) {
                *head = -sign;
            }
            let lines = block.get_mut(own.unwrap_or(0)..).unwrap_or_default();
            for line in lines.chunks_exact_mut(length) {
                reflect(vector, factor, line.get_mut(k..).unwrap_or_default());
            }
        }
        for x in block {
            *x = *x * self.gain;
        }
    }
}

/// Whether elements are narrower than the type that they are computed in.
const fn is_narrow<T: Float>() -> bool {
    size_of::<T>() < size_of::<T::Compute>()
}

/// Makes the vector of a reflection `1 − factor·v·vᵀ` of a normal vector; the sign of its first number, and the factor.
#[inline(always)]
fn reflection<E: Compute>(vector: &mut [E]) -> (E, E) {
    #[allow(
        clippy::disallowed_methods,
        reason = "one root for a whole vector; correctly rounded everywhere"
    )]
    let norm = num_traits::Float::sqrt(dot(vector, vector));
    let mut sign = E::ONE;
    if let [head, ..] = vector {
        if *head < E::default() {
            sign = -sign;
        }
        *head = *head + sign * norm;
    }
    let square = dot(vector, vector);
    // A vector of zeros reflects nothing.
    let factor = if square > E::default() { -E::MINUS_TWO / square } else { E::default() };
    (sign, factor)
}

/// `line − factor·(v·line)·v`.
#[inline(always)]
fn reflect<E: Compute>(vector: &[E], factor: E, line: &mut [E]) {
    let by = factor * dot(vector, line);
    for (x, v) in line.iter_mut().zip(vector) {
        *x = *x - by * *v;
    }
}

/// The sum of products, as [`PARTIAL`] partial sums that are then added in pairs.
#[inline(always)]
fn dot<E: Compute>(a: &[E], b: &[E]) -> E {
    let mut sums = [E::default(); PARTIAL];
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<PARTIAL>(), b.as_chunks::<PARTIAL>());
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum = *sum + *a * *b;
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(rest_of_a.iter().zip(rest_of_b)) {
        *sum = *sum + *a * *b;
    }
    let mut width = PARTIAL / 2;
    while width > 0 {
        let (front, behind) = sums.split_at_mut(width);
        for (sum, other) in front.iter_mut().zip(behind) {
            *sum = *sum + *other;
        }
        width /= 2;
    }
    sums[0]
}
