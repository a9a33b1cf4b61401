//! The way of the signal through a layer's children, as a description declares it.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A step of the way that the signal takes through a layer.
///
/// In a description it is a string, the name of a child or of a [function](crate::signal::Function), or a dict:
/// `{"residual": [...], "shortcut": [...], "scale": 1.0}` is the sum of a branch and `scale` times a shortcut, which is the
/// identity where it is left out; `{"product": [[...], [...]]}` is the product of two branches; `{"mean_over_tokens": true}` is
/// what attention does with its values before training.
#[derive(Clone, Debug, PartialEq)]
pub enum FlowStep {
    /// A child of this name.
    Child(String),
    /// A function of single elements by its name.
    Function(String),
    /// A branch added to a shortcut.
    Residual {
        /// The steps of the branch.
        branch: Vec<Self>,
        /// The steps of the shortcut; none: the identity.
        shortcut: Vec<Self>,
        /// The shortcut's factor.
        scale: f64,
    },
    /// Two branches, multiplied element by element.
    Product(Vec<Self>, Vec<Self>),
    /// The mean over tokens.
    TokenMean,
}

impl Serialize for FlowStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Child(name) | Self::Function(name) => serializer.serialize_str(name),
            Self::Residual { branch, shortcut, scale } => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("residual", branch)?;
                if !shortcut.is_empty() {
                    map.serialize_entry("shortcut", shortcut)?;
                }
                if *scale != 1.0 {
                    map.serialize_entry("scale", scale)?;
                }
                map.end()
            }
            Self::Product(a, b) => serializer.collect_map([("product", [a, b])]),
            Self::TokenMean => serializer.collect_map([("mean_over_tokens", true)]),
        }
    }
}
