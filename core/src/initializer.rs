//! Initializers: from the shape of a parameter to the numbers of its distribution.

mod constant;
mod error;
mod fan;
mod gain;
mod kaiming;
mod normal;
mod shape;
mod trunc_normal;
mod uniform;
mod xavier;

pub use constant::{Constant, bias_from_prob};
pub use error::InitError;
pub use fan::{FanError, FanMode, Fans, fans};
pub use gain::{Nonlinearity, gain};
pub use kaiming::{Caffe2Xavier, Kaiming};
pub use normal::Normal;
pub use shape::{Layout, Shape};
pub use trunc_normal::TruncNormal;
pub use uniform::Uniform;
pub use xavier::Xavier;

use crate::{Fill, Float};

/// Gives the distribution of a parameter of this shape.
///
/// An initializer knows fans and gains; the [`Fill`] it gives knows only numbers, in `f64` and
/// rounded once to `T`. A user's own initializer implements this trait.
///
/// ```
/// use weight_init_core::{Fill, FillError, Float, initializer::{InitError, Initializer, Shape, fans}};
///
/// /// LeCun's: variance 1/fan_in.
/// struct Lecun;
///
/// impl<T: Float> Initializer<T> for Lecun {
///     fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
///         let fan_in = fans(shape)?.fan_in as f64;
///         Ok(Fill::normal(0.0, (1.0 / fan_in).sqrt())?)
///     }
/// }
/// let fill: Fill<f32> = Lecun.fill(&Shape::new(&[8, 4])).unwrap();
/// assert_eq!(fill, Fill::normal(0.0, 0.5).unwrap());
/// ```
pub trait Initializer<T: Float> {
    /// The distribution of a parameter of this shape.
    ///
    /// # Errors
    ///
    /// [`InitError`] if the shape has no fans that the initializer needs, or the numbers make no
    /// distribution in `T`.
    fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError>;
}

/// The kind of distribution that a variance is given to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Normal with that variance.
    #[default]
    Normal,
    /// Uniform on `[−√3·std, √3·std)`.
    Uniform,
}

impl Distribution {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Normal, Self::Uniform];

    /// MMEngine's name: `normal`, `uniform`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Uniform => "uniform",
        }
    }

    /// The distribution of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// The bound of a uniform distribution around zero with this standard deviation: √3 times it.
    pub(crate) fn bound(std: f64) -> f64 {
        libm::sqrt(3.0) * std
    }

    /// Mean 0 and this standard deviation.
    fn fill<T: Float>(self, std: f64) -> Result<Fill<T>, InitError> {
        Ok(match self {
            Self::Normal => Fill::normal(0.0, std)?,
            Self::Uniform => {
                let bound = Self::bound(std);
                Fill::uniform(-bound, bound)?
            }
        })
    }
}

#[cfg(test)]
mod tests;
