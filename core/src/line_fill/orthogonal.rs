use core::array;

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

/// Lines that take a panel at the same time.
const ABREAST: usize = 2;

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
                Some(block) => self.block::<_, ABREAST>(lanes, stream, first, vectors, block),
                None => {
                    let Some(wide) = rest.get_mut(..block.len()) else { return };
                    self.block::<_, ABREAST>(lanes, stream, first, vectors, wide);
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
        self.block::<_, 1>(lanes, stream, line, vector, wide);
        for (index, wide) in wide.iter().enumerate() {
            put(index, T::from_f64_rounded(wide.to_f64_exact()));
        }
    }

    /// Makes a block of lines: panel by panel of reflections from the last on, and in each `LINES` lines at a time, which share what is
    /// loaded of a vector; one line alone needs less code.
    #[inline(always)]
    fn block<L: Lanes, const LINES: usize>(
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
                let (zeros, normal) = vector.split_at_mut(k);
                zeros.fill(T::Compute::default());
                self.normal.write_with(lanes, stream, number, normal);
                *reflection = Reflection::of(vector, k);
                count += 1;
            }
            let reflections = || {
                let vectors = vectors.chunks_exact(length).zip(&panel).take(count);
                vectors.map(|(vector, reflection)| (reflection, vector))
            };
            let mut own = first;
            for group in block.chunks_mut(LINES * length) {
                if LINES > 1 && group.len() == LINES * length {
                    let mut rest = group.chunks_exact_mut(length);
                    let group = array::from_fn(|_| rest.next().unwrap_or_default());
                    reflect_abreast::<_, LINES>(reflections(), own, group);
                } else {
                    for (line, number) in group.chunks_exact_mut(length).zip(own..) {
                        for (reflection, vector) in reflections() {
                            reflection.reflect(vector, number, line);
                        }
                    }
                }
                own = own.saturating_add(LINES);
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

/// `1 − factor·v·vᵀ`, made of a normal vector behind zeros.
#[derive(Clone, Copy, Debug, Default)]
struct Reflection<E> {
    /// The vector's first number that is not one of the zeros, which is the reflection's own number.
    k: usize,
    /// Of that number.
    sign: E,
    factor: E,
}

impl<E: Compute> Reflection<E> {
    /// Makes the vector of reflection `k` of zeros and, from `k` on, a normal vector.
    #[inline(always)]
    fn of(vector: &mut [E], k: usize) -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "one root for a whole vector; correctly rounded everywhere"
        )]
        let norm = num_traits::Float::sqrt(dot(from_partial(k, vector), from_partial(k, vector)));
        let mut sign = E::ONE;
        if let Some(head) = vector.get_mut(k) {
            if *head < E::default() {
                sign = -sign;
            }
            *head = *head + sign * norm;
        }
        let square = dot(from_partial(k, vector), from_partial(k, vector));
        // A vector of zeros reflects nothing.
        let factor = if square > E::default() { -E::MINUS_TWO / square } else { E::default() };
        Self { k, sign, factor }
    }

    /// `line − factor·(v·line)·v`, if the line takes this reflection.
    #[inline(always)]
    fn reflect(&self, vector: &[E], number: usize, line: &mut [E]) {
        if self.k > number {
            return;
        }
        self.begin(number, line);
        let (vector, line) = (from_partial(self.k, vector), from_partial_mut(self.k, line));
        let by = self.factor * dot(vector, line);
        for (x, v) in line.iter_mut().zip(vector) {
            *x = *x - by * *v;
        }
    }

    /// A line is zeros until the reflection of its own number, which begins it.
    #[inline(always)]
    fn begin(&self, number: usize, line: &mut [E]) {
        if let Some(head) = line.get_mut(number)
            && self.k == number
        {
            *head = -self.sign;
        }
    }
}

/// What [`Reflection::reflect`] does to each of several lines by all reflections of a panel. What the one reflection changes is
/// multiplied by the next one's vector at once, so that a line is loaded and stored once for each of them. Zeros, which a line is until its
/// own reflection, stay zeros by all before it.
#[inline(always)]
fn reflect_abreast<'v, E: Compute, const LINES: usize>(
    reflections: impl Iterator<Item = (&'v Reflection<E>, &'v [E])>,
    number: usize,
    mut lines: [&mut [E]; LINES],
) {
    let mut before: (&[E], [E; LINES]) = (&[], [E::default(); LINES]);
    let mut first = 0;
    for (reflection, vector) in reflections {
        let k = reflection.k;
        if k >= number.saturating_add(LINES) {
            continue;
        }
        for (number, line) in (number..).zip(&mut lines) {
            reflection.begin(number, line);
        }
        // Nothing was to be changed yet: by zero times this vector.
        let changed = if before.0.is_empty() { vector } else { before.0 };
        let dots = change_and_dots(
            (from_partial(k, changed), before.1),
            from_partial(k, vector),
            lines.each_mut().map(|line| from_partial_mut(k, line)),
        );
        before = (vector, dots.map(|dot| reflection.factor * dot));
        first = k;
    }
    let (vector, by) = before;
    for (line, by) in lines.iter_mut().zip(by) {
        for (x, v) in from_partial_mut(first, line).iter_mut().zip(from_partial(first, vector)) {
            *x = *x - by * *v;
        }
    }
}

/// `line − by·vector` of each line, and the dot products of what that gives with another vector.
#[inline(always)]
fn change_and_dots<E: Compute, const LINES: usize>(
    (changed, by): (&[E], [E; LINES]),
    vector: &[E],
    lines: [&mut [E]; LINES],
) -> [E; LINES] {
    let mut sums = [[E::default(); PARTIAL]; LINES];
    let (u, rest_of_u) = changed.as_chunks::<PARTIAL>();
    let (v, rest_of_v) = vector.as_chunks::<PARTIAL>();
    let mut rests: [&mut [E]; LINES] = array::from_fn(|_| Default::default());
    let mut lines = lines;
    let mut chunks = lines.each_mut().map(|line| line.as_chunks_mut::<PARTIAL>());
    for (rest, (_, rest_of_line)) in rests.iter_mut().zip(&mut chunks) {
        *rest = core::mem::take(rest_of_line);
    }
    for (place, (u, v)) in u.iter().zip(v).enumerate() {
        for ((sums, (line, _)), by) in sums.iter_mut().zip(&mut chunks).zip(by) {
            if let Some(line) = line.get_mut(place) {
                for (((sum, x), u), v) in sums.iter_mut().zip(line).zip(u).zip(v) {
                    *x = *x - by * *u;
                    *sum = *sum + *x * *v;
                }
            }
        }
    }
    for ((sums, rest), by) in sums.iter_mut().zip(rests).zip(by) {
        for (((sum, x), u), v) in sums.iter_mut().zip(rest).zip(rest_of_u).zip(rest_of_v) {
            *x = *x - by * *u;
            *sum = *sum + *x * *v;
        }
    }
    sums.map(total)
}

/// A line from the first of the [`PARTIAL`] numbers on that `k` is among: all of them have their partial sums in order.
#[inline(always)]
fn from_partial<E>(k: usize, line: &[E]) -> &[E] {
    line.get(k - k % PARTIAL..).unwrap_or_default()
}

#[inline(always)]
fn from_partial_mut<E>(k: usize, line: &mut [E]) -> &mut [E] {
    line.get_mut(k - k % PARTIAL..).unwrap_or_default()
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
