//! Initializers: from the shape of a parameter to the numbers of its distribution.

mod alias;
mod argument;
mod axes;
mod check;
mod constant;
#[cfg(feature = "registry")]
mod custom;
mod declared;
mod delta_orthogonal;
mod depth_scaled;
mod dirac;
mod distribution;
mod error;
mod fan;
mod fan_count;
mod fixup;
mod gain;
mod hippo;
mod identity;
mod init;
mod kaiming;
mod lines;
mod lower;
mod lstm_bias;
mod mamba;
mod mup_normal;
mod normal;
mod orthogonal;
mod preset;
#[cfg(feature = "registry")]
mod registered;
mod rotary;
mod shape;
mod shorthand;
mod sinusoidal;
mod siren;
mod sparse;
mod trunc_normal;
mod types;
mod uniform;
mod variance_scaling;
mod xavier;

pub use argument::{Argument, ArgumentKind, ArgumentType, Shown, Value};
pub use axes::Axes;
pub use check::{ArgError, ArgProblem, Check, ordered};
pub use constant::{Constant, bias_from_prob};
#[cfg(feature = "registry")]
pub use custom::Custom;
pub use declared::{Declared, FanNeed, Read};
pub use delta_orthogonal::DeltaOrthogonal;
pub use depth_scaled::DepthScaled;
pub use dirac::Dirac;
pub use distribution::Distribution;
pub use error::InitError;
pub use fan::{FanError, FanMode, Fans, fans};
pub use fan_count::{FanConvention, FanCount};
pub use fixup::{Fixup, TFixup};
pub use gain::{Nonlinearity, gain};
pub use hippo::{HiPPO, HiPPOMatrix};
pub use identity::Identity;
pub(crate) use init::WITH_LATER;
pub use init::{ALL, AllInitializers, BuiltIn, Init, Known};
pub use kaiming::{Caffe2Xavier, Kaiming};
pub use lower::{Draw, Lower};
pub use lstm_bias::LSTMBias;
pub use mamba::{MambaALog, MambaDtBias};
pub use mup_normal::MupNormal;
pub use normal::Normal;
pub use orthogonal::Orthogonal;
#[cfg(feature = "registry")]
pub use registered::Registered;
pub use rotary::{Rotary, RotaryTable};
pub use shape::{Layout, Shape};
pub use sinusoidal::Sinusoidal;
pub use siren::Siren;
pub use sparse::Sparse;
pub use trunc_normal::TruncNormal;
#[cfg(all(test, feature = "serde"))]
pub(crate) use types::KEYS_OF_RULES;
pub use types::{BuildError, InitializerType, MOST_ARGUMENTS, MOST_OF_YOUR_OWN};
pub use uniform::Uniform;
pub use variance_scaling::{VarianceDistribution, VarianceMode, VarianceScaling};
pub use xavier::Xavier;

pub use crate::line_fill::AnyFill;
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

#[cfg(test)]
mod tests;
