use core::fmt;

use super::path::Path;
use crate::initializer::InitError;

/// The most layers that one walk enters at other paths than their first. A model has more such paths if its layers are shared
/// within shared layers, many levels deep; mmengine would walk them all.
pub const MAX_TIED_VISITS: u32 = 1 << 16;

/// The reason why rules and model do not fit together, with the place. It borrows the frames of the walk.
#[derive(Clone, Copy, Debug)]
pub enum Problem<'a> {
    /// An override names an attribute that the module does not have.
    MissingAttribute {
        /// The module that holds the rule.
        module: Path<'a>,
        /// Number of the rule.
        rule: usize,
        /// Number of the override.
        index: usize,
        /// The name that was not found.
        name: &'a str,
        /// The child or alias with the most similar name.
        nearest: Option<&'a str>,
        /// Whether the name is that of a parameter or buffer, which no override covers.
        is_tensor: bool,
    },
    /// A rule writes a parameter whose shape the initializer cannot use.
    Shape {
        /// The parameter.
        param: Path<'a>,
        /// Its dimensions.
        dims: &'a [usize],
        /// The module that holds the rule.
        module: Path<'a>,
        /// Number of the rule.
        rule: usize,
        /// The initializer.
        init: &'static str,
        /// The fault of the shape.
        error: InitError,
    },
    /// Layers are shared so often that the model has more than [`MAX_TIED_VISITS`] paths to them.
    TooManyPaths,
}

/// A [`Problem`] without its place: the error of [`resolve`](super::resolve), after the observer got the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// See [`Problem::MissingAttribute`].
    MissingAttribute,
    /// See [`Problem::Shape`].
    Shape,
    /// See [`Problem::TooManyPaths`].
    TooManyPaths,
}

impl Problem<'_> {
    pub(super) const fn code(&self) -> ResolveError {
        match self {
            Self::MissingAttribute { .. } => ResolveError::MissingAttribute,
            Self::Shape { .. } => ResolveError::Shape,
            Self::TooManyPaths => ResolveError::TooManyPaths,
        }
    }
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingAttribute { module, rule, index, name, nearest, is_tensor } => {
                write!(
                    f,
                    "override {index} of rule {rule} of {} names '{name}', ",
                    Module(module)
                )?;
                match (is_tensor, name.contains('.')) {
                    (true, _) => f.write_str(
                        "which is a parameter or buffer: an override covers a child or alias",
                    )?,
                    (_, true) => f.write_str(
                        "which is a path: an override names a direct child or an alias",
                    )?,
                    _ => f.write_str("which the module does not have")?,
                }
                match nearest {
                    Some(nearest) => write!(f, "; did you mean '{nearest}'?"),
                    None => Ok(()),
                }
            }
            Self::Shape { param, dims, module, rule, init, error } => {
                write!(
                    f,
                    "rule {rule} of {} writes {param} of shape {dims:?} by {init}: {error}",
                    Module(module)
                )
            }
            Self::TooManyPaths => {
                write!(
                    f,
                    "layers are shared (same_as) so often that the model has more than {MAX_TIED_VISITS} paths to them"
                )
            }
        }
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingAttribute => {
                "an override names an attribute that its module does not have"
            }
            Self::Shape => "a rule writes a parameter whose shape its initializer cannot use",
            Self::TooManyPaths => "layers are shared so often that the model has too many paths",
        })
    }
}

impl core::error::Error for ResolveError {}

/// A module in a sentence: the root has no name.
struct Module<'a>(&'a Path<'a>);

impl fmt::Display for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == "" { f.write_str("the model itself") } else { write!(f, "{}", self.0) }
    }
}
