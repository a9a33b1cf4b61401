//! A parameter's distribution as numbers only, and the scalar reference that writes it.

mod diagonal;
mod error;
mod normal;
mod numbers;
mod trunc_normal;
mod uniform;

pub use diagonal::{Diagonal, DiagonalFill};
pub use error::{Argument, FillError};
pub use normal::NormalFill;
#[doc(hidden)]
pub use numbers::Numbers;
pub use trunc_normal::TruncNormalFill;
pub use uniform::UniformFill;

use crate::{
    float::{Float, sealed::Sampler},
    lanes::{Arithmetic, Int, Lanes, MAX_LANES, Scalar},
    random::{
        Stream,
        philox::{self, Rounds},
    },
};

/// The distribution that a parameter is filled with: the lowered form of an initializer, numbers only.
///
/// Two equal fills give the same bits, on every backend. Made by [`constant`](Fill::constant),
/// [`uniform`](Fill::uniform), [`normal`](Fill::normal), [`trunc_normal`](Fill::trunc_normal) and
/// [`diagonal`](Fill::diagonal), which check their arguments; a distribution without width becomes a `Constant`.
///
/// ```
/// use weight_init_core::{Fill, Stream};
///
/// let fill = Fill::<f32>::normal(0.0, 0.02)?;
/// let stream = Stream::new(42, "backbone.conv1.weight");
/// let mut all = [0.0; 10];
/// fill.write(stream, 0, &mut all);
/// // Any part is the same as that part of the whole.
/// let mut part = [0.0; 4];
/// fill.write(stream, 3, &mut part);
/// assert_eq!(part, all[3..7]);
/// # Ok::<(), weight_init_core::FillError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fill<T: Float> {
    /// Every element the same value.
    Constant(T),
    /// Uniform in [a, b).
    Uniform(UniformFill<T>),
    /// Normal, unbounded.
    Normal(NormalFill<T>),
    /// Normal, conditioned on [a, b].
    TruncNormal(TruncNormalFill<T>),
    /// A value on a diagonal, zeros beside it.
    Diagonal(DiagonalFill<T>),
}

impl<T: Float> Fill<T> {
    /// Every element `value`, rounded once to `T`.
    ///
    /// # Errors
    ///
    /// [`FillError::NotFinite`], [`FillError::Overflow`] if it rounds to infinity.
    ///
    /// ```
    /// use weight_init_core::{Fill, f16};
    /// assert_eq!(Fill::<f32>::constant(0.1), Ok(Fill::Constant(0.1)));
    /// assert_eq!(
    ///     Fill::<f16>::constant(70000.0).unwrap_err().to_string(),
    ///     "val is 70000, beyond the range of float16 (up to 65504)",
    /// );
    /// ```
    pub fn constant(value: f64) -> Result<Self, FillError> {
        rounded(Argument::Val, value).map(Self::Constant)
    }

    /// Uniform in [a, b): `a <= x < b` holds for every element as stored. `a == b` is a constant.
    ///
    /// # Errors
    ///
    /// [`FillError::NotFinite`]; [`FillError::Inverted`] if `a > b`; [`FillError::Overflow`] if a
    /// bound is beyond `T`'s range or their distance beyond that of the type of computation;
    /// [`FillError::NoValue`] if no value of `T` lies in [a, b).
    pub fn uniform(a: f64, b: f64) -> Result<Self, FillError> {
        UniformFill::new(a, b).map(|lowered| lowered.into_fill(Self::Uniform))
    }

    /// Normal. `std == 0` is a constant.
    ///
    /// # Errors
    ///
    /// [`FillError::NotFinite`]; [`FillError::NegativeStd`]; [`FillError::Overflow`] if the mean, or
    /// a sample 8.7 standard deviations away from it, is beyond `T`'s range.
    pub fn normal(mean: f64, std: f64) -> Result<Self, FillError> {
        NormalFill::new(mean, std).map(|lowered| lowered.into_fill(Self::Normal))
    }

    /// Normal with this mean and standard deviation (before truncation), conditioned on the
    /// interval [a, b]: absolute bounds, met by every element as stored. `a == b` and `std == 0` are
    /// constants. Right however far the mean lies outside of the bounds.
    ///
    /// # Errors
    ///
    /// [`FillError::NotFinite`]; [`FillError::NegativeStd`]; [`FillError::Inverted`] if `a > b`;
    /// [`FillError::NoValue`] if no value of `T` lies in [a, b]; [`FillError::MeanOutside`] if
    /// `std == 0` and the mean is not in [a, b]; [`FillError::Overflow`] if mean or standard
    /// deviation are beyond the range of the type of computation, and needed there.
    pub fn trunc_normal(mean: f64, std: f64, a: f64, b: f64) -> Result<Self, FillError> {
        TruncNormalFill::new(mean, std, a, b).map(|lowered| lowered.into_fill(Self::TruncNormal))
    }

    /// This value, rounded once to `T`, at some places, and zeros beside them.
    ///
    /// # Errors
    ///
    /// As [`constant`](Self::constant).
    ///
    /// ```
    /// use weight_init_core::fill::Diagonal;
    /// use weight_init_core::{Fill, Stream};
    /// // The diagonal of a matrix of 2 rows and 3 columns.
    /// let on = Diagonal { offset: 0, stride: 4, count: 2, group_stride: 0, groups: 1 };
    /// let mut matrix = [0.0_f32; 6];
    /// Fill::diagonal(1.0, on)?.write(Stream::with_id(0, 0), 0, &mut matrix);
    /// assert_eq!(matrix, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    /// # Ok::<(), weight_init_core::FillError>(())
    /// ```
    pub fn diagonal(value: f64, on: Diagonal) -> Result<Self, FillError> {
        DiagonalFill::new(value, on).map(Self::Diagonal)
    }

    /// Whether the elements follow from their place in the tensor, and not from random words: a part of a tensor that has
    /// such a fill counts its own elements.
    #[must_use]
    pub const fn is_by_place(&self) -> bool {
        matches!(self, Self::Diagonal(_))
    }

    /// Name of the kind: `constant`, `uniform`, `normal`, `trunc_normal`, `diagonal`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Uniform(_) => "uniform",
            Self::Normal(_) => "normal",
            Self::TruncNormal(_) => "trunc_normal",
            Self::Diagonal(_) => "diagonal",
        }
    }

    /// Writes elements `first..first + out.len()` of the parameter: the reference for every backend.
    ///
    /// Element numbers are modulo 2⁶⁴.
    pub fn write(&self, stream: Stream, first: u64, out: &mut [T]) {
        self.write_with(Scalar, stream, first, out);
    }

    /// Writes elements `first..first + out.len()` on these lanes: the same bits as [`write`](Self::write).
    ///
    /// For vector lanes, call it inside a function that has their target features.
    #[inline(always)]
    pub fn write_with<L: Lanes>(&self, lanes: L, stream: Stream, first: u64, out: &mut [T]) {
        match self {
            Self::Constant(value) => out.fill(*value),
            Self::Uniform(fill) => fill.write_with(lanes, stream, first, out),
            Self::Normal(fill) => fill.write_with(lanes, stream, first, out),
            Self::TruncNormal(fill) => fill.write_with(lanes, stream, first, out),
            Self::Diagonal(fill) => fill.write(first, out),
        }
    }
}

/// A distribution of one kind, which may turn out to have no width.
///
/// Not a [`Fill`], so that a program that makes one kind links one kind.
pub(crate) enum Lowered<T, K> {
    Constant(T),
    Kind(K),
}

impl<T: Float, K> Lowered<T, K> {
    fn into_fill(self, kind: impl FnOnce(K) -> Fill<T>) -> Fill<T> {
        match self {
            Self::Constant(value) => Fill::Constant(value),
            Self::Kind(numbers) => kind(numbers),
        }
    }
}

/// Runs of blocks whose numbers have the same high word, one as a rule.
#[inline(always)]
fn drive<T: Float, L: Lanes>(
    lanes: L,
    sampler: impl Sampler<T::Compute>,
    stream: Stream,
    first: u64,
    out: &mut [T],
) {
    if !L::SHARES_ROUNDS && L::N == 1 {
        let splat = |word| Arithmetic::<f32>::splat_int(lanes, word);
        let words = |block| philox::block(stream, block).map(splat);
        return drive_blocks(lanes, sampler, words, first, out);
    }
    let per_block = T::PER_BLOCK as u64;
    let (mut first, mut out) = (first, out);
    while !out.is_empty() {
        let block = first / per_block;
        let elements = ((1 << 32) - u64::from(block as u32)) * per_block - first % per_block;
        let len = usize::try_from(elements).unwrap_or(usize::MAX).min(out.len());
        let (run, rest) = out.split_at_mut(len);
        let rounds = Rounds::new(stream, (block >> 32) as u32);
        if L::N == 1 {
            drive_blocks(lanes, sampler, |block| rounds.blocks(lanes, block as u32), first, run);
        } else {
            drive_run(lanes, sampler, &rounds, block as u32, (first % per_block) as usize, run);
        }
        (first, out) = (first.wrapping_add(len as u64), rest);
    }
}

/// Block by block, on one lane: the code of a block stands there once, for flash is short.
#[inline(always)]
fn drive_blocks<T: Float, L: Lanes>(
    lanes: L,
    sampler: impl Sampler<T::Compute>,
    words: impl Fn(u64) -> [Int<f32, L>; 4],
    first: u64,
    out: &mut [T],
) {
    let per_block = T::PER_BLOCK as u64;
    let (mut block, mut skipped, mut out) = (first / per_block, (first % per_block) as usize, out);
    let mut buffer = [T::default(); 4];
    let Some(elements) = buffer.get_mut(..T::PER_BLOCK) else { return };
    while !out.is_empty() {
        T::group(lanes, words(block), sampler, elements);
        block = block.wrapping_add(1);
        // As a rule all of it: a copy of a length that the compiler knows.
        if skipped == 0 && out.len() >= T::PER_BLOCK {
            let (whole, rest) = out.split_at_mut(T::PER_BLOCK);
            whole.copy_from_slice(elements);
            out = rest;
        } else {
            let fresh = elements.get(skipped..).unwrap_or_default();
            let (part, rest) = out.split_at_mut(out.len().min(fresh.len()));
            copy(Some(fresh), part);
            (skipped, out) = (0, rest);
        }
    }
}

/// Groups of blocks on the lanes, the last by way of a buffer where it is not whole; the partial block in front alone.
#[inline(always)]
fn drive_run<T: Float, L: Lanes>(
    lanes: L,
    sampler: impl Sampler<T::Compute>,
    rounds: &Rounds,
    block: u32,
    skipped: usize,
    out: &mut [T],
) {
    let per_block = T::PER_BLOCK;
    let (mut block, mut out) = (block, out);
    if skipped > 0 {
        let (head, rest) = out.split_at_mut(out.len().min(per_block - skipped));
        let mut buffer = [T::default(); 4];
        if let Some(elements) = buffer.get_mut(..per_block) {
            T::group(Scalar, rounds.blocks(Scalar, block), sampler, elements);
            copy(elements.get(skipped..), head);
        }
        block = block.wrapping_add(1);
        out = rest;
    }

    // The code of a group stands here once: compilers take time for each of its copies, and there are many types and lanes.
    let mut buffer = [T::default(); 4 * MAX_LANES];
    let Some(partial) = buffer.get_mut(..per_block * L::N) else { return };
    while !out.is_empty() {
        let (elements, rest) = out.split_at_mut(out.len().min(partial.len()));
        let is_whole = elements.len() == partial.len();
        let group = if is_whole { &mut *elements } else { &mut *partial };
        T::group(lanes, rounds.blocks(lanes, block), sampler, group);
        if !is_whole {
            copy(Some(partial), elements);
        }
        block = block.wrapping_add(L::N as u32);
        out = rest;
    }
}

#[inline(always)]
fn copy<T: Copy>(from: Option<&[T]>, to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from.unwrap_or_default()) {
        *to = *from;
    }
}

fn finite(argument: Argument, value: f64) -> Result<(), FillError> {
    if value.is_finite() { Ok(()) } else { Err(FillError::NotFinite { argument, value }) }
}

pub(crate) fn rounded<T: Float>(argument: Argument, value: f64) -> Result<T, FillError> {
    finite(argument, value)?;
    let rounded = T::from_f64_rounded(value);
    if rounded.is_finite() { Ok(rounded) } else { Err(FillError::overflow::<T>(argument, value)) }
}

fn ordered(a: f64, b: f64) -> Result<(), FillError> {
    if a > b { Err(FillError::Inverted { a, b }) } else { Ok(()) }
}

fn check_std(std: f64) -> Result<(), FillError> {
    finite(Argument::Std, std)?;
    if std < 0.0 { Err(FillError::NegativeStd { std }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod value_stability;
