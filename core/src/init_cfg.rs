//! The data model of an `init_cfg`: rules, the layers they name, their overrides.
//!
//! One model serves three homes, told apart by a [`Storage`]:
//!
//! | home | storage | memory |
//! |---|---|---|
//! | a `const` table | [`Borrowed`] | flash only |
//! | decoded on a device from a compact binary | [`Fixed`] | `heapless` vectors, strings borrowed from the bytes |
//! | read from a file on a computer | [`Owned`] (feature `alloc`) | `Vec` and `String`, unlimited |
//!
//! Whatever the home, the resolver sees it through the object-safe [`Rules`]. Its methods lend single parts of a rule, because
//! a device then links no code that copies whole rules.
//!
//! The dict of text formats is read in any order of its keys and checked while it is read, so that a fault has a place. The
//! binary form has positions in place of keys and numbers in place of names; a set of initializers decides which numbers a
//! program can decode.
//!
//! ```
//! use weight_init_core::initializer::{Constant, Kaiming};
//! use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
//!
//! const INIT_CFG: InitCfg<Borrowed<'static>> = InitCfg {
//!     rules: &[
//!         Rule { layers: &["Conv2d"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) },
//!         Rule { layers: &["_BatchNorm", "GroupNorm"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) },
//!     ],
//! };
//! assert_eq!(INIT_CFG.rules.len(), 2);
//! ```

#[cfg(feature = "serde")]
mod compact;
#[cfg(feature = "serde")]
mod de;
mod rule_type;
mod rules;
#[cfg(feature = "serde")]
mod ser;
mod storage;
#[cfg(all(test, feature = "serde", feature = "alloc"))]
mod tests;
mod write;

pub use crate::initializer::{ArgError, ArgProblem, Init};
pub use rule_type::{RuleType, Types};
pub use rules::Rules;
#[cfg(feature = "alloc")]
pub use storage::Owned;
pub use storage::{Borrowed, Fixed, List, Storage};
pub use write::{Bias, Origin, Pretrained, Turn, Write};

/// Rules in the order in which they are applied: the later one wins.
#[derive(Clone, Debug, PartialEq)]
pub struct InitCfg<S: Storage> {
    /// The rules; none of them means that nothing is initialized.
    pub rules: S::Rules,
}

/// One initializer, or checkpoint, and what it is applied to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule<S: Storage> {
    /// What is written: of the layers that [`layers`](Self::layers) names the `weight` by the initializer and the `bias` by
    /// the constant; of the parameters that [`params`](Self::params) names all by the initializer.
    pub write: Write<S::Text>,
    /// Names of classes, or of direct bases of classes; none matches nothing.
    pub layers: S::Texts,
    /// Globs (`*` any characters, dots too; `?` one character; `*.` at the front also nothing) over full dotted parameter
    /// names. What they name is written by the initializer, a `bias` too.
    ///
    /// Not part of mmengine's `init_cfg`.
    pub params: S::Texts,
    /// Exceptions for attributes of the module that holds the rule.
    pub overrides: S::Overrides,
}

/// An exception to a rule: it covers everything below one attribute of the module that holds the rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Override<S: Storage> {
    /// A child of the module, or an alias of a layer below it; not a dotted path.
    pub name: S::Text,
    /// What to write there; `None`: what the rule writes.
    pub write: Option<Write<S::Text>>,
}

impl<'a> Rule<Borrowed<'a>> {
    /// A rule that matches nothing yet: set `layers`, `params` or `overrides` with struct update syntax.
    #[must_use]
    pub const fn new(init: Init) -> Self {
        Self::writing(Write::new(init))
    }

    /// As [`new`](Self::new), with a bias of its own, or of a checkpoint.
    ///
    /// ```
    /// use weight_init_core::init_cfg::{Bias, Borrowed, Init, Rule, Write};
    /// use weight_init_core::initializer::Normal;
    ///
    /// const HEAD: Rule<Borrowed<'static>> = Rule {
    ///     layers: &["Linear"],
    ///     ..Rule::writing(Write::Init(Init::Normal(Normal::DEFAULT), Bias::Prob(0.01)))
    /// };
    /// assert_eq!(HEAD.write.name(), "Normal");
    /// ```
    #[must_use]
    pub const fn writing(write: Write<&'a str>) -> Self {
        Self { write, layers: &[], params: &[], overrides: &[] }
    }
}

#[cfg(feature = "alloc")]
impl InitCfg<Owned> {
    /// An init_cfg without rules.
    #[must_use]
    pub const fn empty() -> Self {
        Self { rules: alloc::vec::Vec::new() }
    }
}
