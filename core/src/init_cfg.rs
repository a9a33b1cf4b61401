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
//! Whatever the home, the resolver sees it through the object-safe [`Rules`].
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

mod check;
#[cfg(feature = "serde")]
mod compact;
#[cfg(feature = "serde")]
mod de;
mod init;
mod rules;
#[cfg(feature = "serde")]
mod ser;
mod storage;
#[cfg(all(test, feature = "serde", feature = "alloc"))]
mod tests;

pub use check::{ArgError, ArgProblem};
pub use init::{Bias, Init, Kind, Pretrained, Turn, TypeName};
pub use rules::{Rules, Text, Write};
#[cfg(feature = "alloc")]
pub use storage::Owned;
pub use storage::{Borrowed, Fixed, List, Storage};

/// Rules in the order in which they are applied: the later one wins.
#[derive(Clone, Debug, PartialEq)]
pub struct InitCfg<S: Storage> {
    /// The rules; none of them means that nothing is initialized.
    pub rules: S::Rules,
}

/// One initializer and what it is applied to.
///
/// A rule writes the `weight` of every layer that [`layers`](Self::layers) names by `init`, and its `bias` by
/// the constant `bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule<S: Storage> {
    /// What writes the `weight` of layers, and every parameter that `params` names.
    pub init: Init<S::Text>,
    /// What writes the `bias` of layers.
    pub bias: Bias,
    /// Names of classes, or of direct bases of classes; none matches nothing.
    pub layers: S::Texts,
    /// Globs (`*` any characters, dots too; `?` one character; `*.` at the front also nothing) over full dotted parameter
    /// names. What they name is written by `init`, a `bias` too.
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
    pub write: Option<(Init<S::Text>, Bias)>,
}

impl<'a> Rule<Borrowed<'a>> {
    /// A rule that matches nothing yet: set `layers`, `params` or `overrides` with struct update syntax.
    #[must_use]
    pub const fn new(init: Init<&'a str>) -> Self {
        Self { init, bias: Bias::DEFAULT, layers: &[], params: &[], overrides: &[] }
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
