use core::fmt::Debug;
use core::marker::PhantomData;

use super::{Override, Rule};
use crate::initializer::{AllInitializers, Known};

/// Where the strings and lists of an [`InitCfg`](super::InitCfg) live.
pub trait Storage: Sized + Clone + Debug + PartialEq {
    /// A string.
    type Text: AsRef<str> + Clone + Debug + PartialEq;
    /// A list of strings.
    type Texts: AsRef<[Self::Text]> + Clone + Debug + PartialEq;
    /// The overrides of a rule.
    type Overrides: AsRef<[Override<Self>]> + Clone + Debug + PartialEq;
    /// The rules of an init_cfg.
    type Rules: AsRef<[Rule<Self>]> + Clone + Debug + PartialEq;
    /// The initializers that its binary form may name.
    type Known: Known;
}

/// Slices that somebody else owns: `const` tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Borrowed<'a>(PhantomData<&'a str>);

impl<'a> Storage for Borrowed<'a> {
    type Text = &'a str;
    type Texts = &'a [&'a str];
    type Overrides = &'a [Override<Self>];
    type Rules = &'a [Rule<Self>];
    type Known = AllInitializers;
}

/// `heapless` vectors of fixed capacity over borrowed strings: at most `RULES` rules, each with at most `NAMES`
/// layers, `NAMES` parameter globs and `OVERRIDES` overrides.
///
/// A set of initializers as `K`, such as `(Kaiming, Uniform)`, leaves the decoders of all others out of the program; their
/// numbers are then an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed<
    'a,
    const RULES: usize,
    const NAMES: usize,
    const OVERRIDES: usize,
    K = AllInitializers,
>(PhantomData<(&'a str, K)>);

impl<'a, const RULES: usize, const NAMES: usize, const OVERRIDES: usize, K: Known> Storage
    for Fixed<'a, RULES, NAMES, OVERRIDES, K>
{
    type Text = &'a str;
    type Texts = heapless::Vec<&'a str, NAMES>;
    type Overrides = heapless::Vec<Override<Self>, OVERRIDES>;
    type Rules = heapless::Vec<Rule<Self>, RULES>;
    type Known = K;
}

/// `Vec` and `String`, without limits.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned;

#[cfg(feature = "alloc")]
impl Storage for Owned {
    type Text = alloc::string::String;
    type Texts = alloc::vec::Vec<alloc::string::String>;
    type Overrides = alloc::vec::Vec<Override<Self>>;
    type Rules = alloc::vec::Vec<Rule<Self>>;
    type Known = AllInitializers;
}

/// A list that can grow, up to its capacity.
pub trait List<T>: Default {
    /// Appends `item`, or gives it back when the list is full.
    ///
    /// # Errors
    ///
    /// The item, when the capacity is exhausted.
    fn push(&mut self, item: T) -> Result<(), T>;
}

impl<T, const N: usize> List<T> for heapless::Vec<T, N> {
    fn push(&mut self, item: T) -> Result<(), T> {
        Self::push(self, item)
    }
}

#[cfg(feature = "alloc")]
impl<T> List<T> for alloc::vec::Vec<T> {
    fn push(&mut self, item: T) -> Result<(), T> {
        Self::push(self, item);
        Ok(())
    }
}
