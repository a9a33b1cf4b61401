use serde::Serialize;
use weight_init_core::Fill;
use weight_init_core::initializer::{AnyFill, Init, Shape};

use super::number::short;

/// The distribution that an initializer gives a parameter of one shape: what a histogram is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Distribution {
    Constant {
        value: f64,
    },
    Uniform {
        a: f64,
        b: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    TruncNormal {
        mean: f64,
        std: f64,
        a: f64,
        b: f64,
    },
    /// The elements depend on each other, or on their places.
    Other,
}

impl Distribution {
    /// That of an initializer; `None` if it does not fit the shape.
    pub(super) fn of(init: &Init, shape: &Shape<'_>) -> Option<Self> {
        Some(match init.any_fill::<f64>(shape).ok()? {
            AnyFill::Elements(Fill::Constant(value)) => Self::Constant { value },
            AnyFill::Elements(Fill::Uniform(fill)) => Self::Uniform { a: fill.a(), b: fill.b() },
            AnyFill::Elements(Fill::Normal(fill)) => {
                Self::Normal { mean: fill.mean(), std: fill.std() }
            }
            AnyFill::Elements(Fill::TruncNormal(fill)) => {
                Self::TruncNormal { mean: fill.mean(), std: fill.std(), a: fill.a(), b: fill.b() }
            }
            _ => Self::Other,
        })
    }

    /// Where a histogram of it begins and ends; `None` where that follows from the samples.
    pub(super) fn range(&self) -> Option<[f64; 2]> {
        match *self {
            Self::Uniform { a, b } => Some([a, b]),
            Self::Normal { mean, std } => Some([mean - 4.0 * std, mean + 4.0 * std]),
            Self::TruncNormal { mean, std, a, b } => {
                let (low, high) = (a.max(mean - 4.0 * std), b.min(mean + 4.0 * std));
                // The mean of a truncated normal may lie far outside of its bounds.
                (low < high).then_some([low, high])
            }
            Self::Constant { .. } | Self::Other => None,
        }
    }

    /// In words.
    pub(super) fn in_words(&self) -> Option<String> {
        Some(match *self {
            Self::Constant { value } => format!("every element {}", short(value)),
            Self::Uniform { a, b } => format!("uniform in [{}, {})", short(a), short(b)),
            Self::Normal { mean, std } => {
                format!("normal, mean {}, standard deviation {}", short(mean), short(std))
            }
            Self::TruncNormal { mean, std, a, b } => format!(
                "normal, mean {}, standard deviation {}, within [{}, {}]",
                short(mean),
                short(std),
                short(a),
                short(b)
            ),
            Self::Other => return None,
        })
    }
}
