use super::Lines;
use crate::fill::{Argument, FillError, NormalFill, rounded};
use crate::lanes::Lanes;
use crate::{Compute, Float, Stream};

/// Partial sums of a dot product. Their number is part of the values: no width of vectors changes the order of additions.
const PARTIAL: usize = 32;

/// Bytes of lines that are made at once, for the vectors of reflections are made anew for each such block.
const BLOCK: usize = 1 << 20;

/// Reflections whose vectors are held at once, if the scratch memory has room: a line stays in the innermost cache meanwhile.
const PANEL: usize = 8;

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

    /// A line for the vector of each reflection of a panel, or of one; where elements are narrower than what they are computed
    /// in, one for each line that is made at once, too.
    pub(super) const fn scratch(&self, at_once: usize) -> usize {
        let Lines { length, .. } = self.lines;
        let own = if is_narrow::<T>() { at_once } else { 0 };
        let vectors = if at_once < PANEL { at_once } else { PANEL };
        length.saturating_mul(own.saturating_add(vectors))
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
        if length == 0 {
            return;
        }
        // What holds lines aside is the larger half.
        let rows = scratch.len() / length;
        let most = if is_narrow::<T>() { rows / 2 } else { rows };
        let vectors = most.clamp(1, PANEL) * length;
        let Some((vectors, rest)) = scratch.split_at_mut_checked(vectors) else { return };
        let mut first = usize::try_from(first).unwrap_or(usize::MAX);
        let cached = (BLOCK / (length * size_of::<T::Compute>())).max(1);
        let at_once = if is_narrow::<T>() { cached.min(rest.len() / length) } else { cached };
        for block in out.chunks_mut(length.saturating_mul(at_once.max(1))) {
            let (block, _) = block.split_at_mut(block.len() - block.len() % length);
            match T::as_compute(block) {
                Some(block) => self.block(lanes, stream, first, vectors, block),
                None => {
                    let Some(wide) = rest.get_mut(..block.len()) else { return };
                    self.block(lanes, stream, first, vectors, wide);
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

    /// Makes a block of lines: panel by panel of reflections from the last on, and in each two lines at a time, which share what is
    /// loaded of a vector.
    #[inline(always)]
    fn block<L: Lanes>(
        &self,
        lanes: L,
        stream: Stream,
        first: usize,
        vectors: &mut [T::Compute],
        block: &mut [T::Compute],
    ) {
        let Lines { length, .. } = self.lines;
        block.fill(T::Compute::default());
        let mut end = first.saturating_add(block.len() / length).min(length);
        let mut panel = [Reflection::default(); PANEL];
        while end > 0 {
            let mut count = 0;
            for ((vector, reflection), k) in
                vectors.chunks_exact_mut(length).zip(&mut panel).zip((0..end).rev())
            {
                let number = (k as u64).wrapping_mul(length as u64).wrapping_add(k as u64);
                let (vector, _) = vector.split_at_mut(length - k);
                self.normal.write_with(lanes, stream, number, vector);
                *reflection = Reflection::of(vector);
                count += 1;
            }
            for (pair, lines) in block.chunks_mut(2 * length).enumerate() {
                let own = first.saturating_add(2 * pair);
                let [line, next] = [own, own.saturating_add(1)];
                let (of_line, of_next) = lines.split_at_mut(length);
                for ((vector, reflection), k) in
                    vectors.chunks_exact(length).zip(&panel).zip((0..end).rev()).take(count)
                {
                    let vector = vector.get(..length - k).unwrap_or_default();
                    // The line of the reflection's own number begins with it; lines in front of that one do not take it.
                    let of_line = reflection.begin(k, line, of_line);
                    let of_next = reflection.begin(k, next, of_next);
                    reflection.reflect(vector, of_line, of_next);
                }
            }
            end -= count;
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

/// `1 − factor·v·vᵀ`, made of a normal vector.
#[derive(Clone, Copy, Debug, Default)]
struct Reflection<E> {
    /// Of the vector's first number.
    sign: E,
    factor: E,
}

impl<E: Compute> Reflection<E> {
    /// Makes the vector of the reflection of a normal vector.
    #[inline(always)]
    fn of(vector: &mut [E]) -> Self {
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
        Self { sign, factor }
    }

    /// The part of line `number` that reflection `k` changes, if any, with its first number where this reflection is the line's first.
    #[inline(always)]
    fn begin<'l>(&self, k: usize, number: usize, line: &'l mut [E]) -> &'l mut [E] {
        if k > number {
            return &mut [];
        }
        let part = line.get_mut(k..).unwrap_or_default();
        if let [head, ..] = part
            && k == number
        {
            *head = -self.sign;
        }
        part
    }

    /// `line − factor·(v·line)·v` of both lines; either may be empty.
    #[inline(always)]
    fn reflect(&self, vector: &[E], line: &mut [E], next: &mut [E]) {
        if line.len() == next.len() {
            let [by, by_next] = dots(vector, line, next).map(|dot| self.factor * dot);
            for ((x, y), v) in line.iter_mut().zip(next).zip(vector) {
                *x = *x - by * *v;
                *y = *y - by_next * *v;
            }
            return;
        }
        for line in [line, next] {
            let by = self.factor * dot(vector, line);
            for (x, v) in line.iter_mut().zip(vector) {
                *x = *x - by * *v;
            }
        }
    }
}

/// The sum of products, as [`PARTIAL`] partial sums that are then added in pairs.
#[inline(always)]
fn dot<E: Compute>(a: &[E], b: &[E]) -> E {
    let mut sums = [E::default(); PARTIAL];
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<PARTIAL>(), b.as_chunks::<PARTIAL>());
    for (a, b) in a.iter().zip(b) {
        add_products(&mut sums, a, b);
    }
    add_products(&mut sums, rest_of_a, rest_of_b);
    total(sums)
}

/// That of a vector with each of two lines of its length.
#[inline(always)]
fn dots<E: Compute>(vector: &[E], line: &[E], next: &[E]) -> [E; 2] {
    let (mut sums, mut sums_of_next) = ([E::default(); PARTIAL], [E::default(); PARTIAL]);
    let (v, rest_of_v) = vector.as_chunks::<PARTIAL>();
    let (a, rest_of_a) = line.as_chunks::<PARTIAL>();
    let (b, rest_of_b) = next.as_chunks::<PARTIAL>();
    for (v, (a, b)) in v.iter().zip(a.iter().zip(b)) {
        add_products(&mut sums, v, a);
        add_products(&mut sums_of_next, v, b);
    }
    add_products(&mut sums, rest_of_v, rest_of_a);
    add_products(&mut sums_of_next, rest_of_v, rest_of_b);
    [total(sums), total(sums_of_next)]
}

#[inline(always)]
fn add_products<E: Compute>(sums: &mut [E; PARTIAL], a: &[E], b: &[E]) {
    for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
        *sum = *sum + *a * *b;
    }
}

/// The sum of partial sums, in pairs.
#[inline(always)]
fn total<E: Compute>(sums: [E; PARTIAL]) -> E {
    // They go through memory: to a compiler that sees both, these pairs are a reason to add products in pairs, too, in place of
    // whole vectors.
    let mut sums = core::hint::black_box(sums);
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
