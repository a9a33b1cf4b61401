//! Functions of single elements, and their moments under a normal variable.

use crate::elementary::{exp, exp_m1};

/// A function that a network applies to every element.
///
/// ```
/// use weight_init::signal::Function;
/// assert_eq!(Function::from_name("GELU"), Some(Function::Gelu));
/// let (second, slope) = Function::Relu.moments(3.0);
/// assert!((second - 1.5).abs() < 1e-12 && (slope - 0.5).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the function of its name")]
pub enum Function {
    Identity,
    Relu,
    /// Of slope 0.01.
    LeakyRelu,
    Gelu,
    Silu,
    Tanh,
    Sigmoid,
    Elu,
    Selu,
}

/// Points of the quadrature; its interval is ±8 standard deviations.
const POINTS: i32 = 400;

impl Function {
    /// Names by which descriptions call them.
    pub const NAMES: [&'static str; 9] =
        ["identity", "relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid", "elu", "selu"];

    /// By its name, or by the class of the layer that applies it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "identity" | "Identity" => Self::Identity,
            "relu" | "ReLU" | "ReLU6" => Self::Relu,
            "leaky_relu" | "LeakyReLU" => Self::LeakyRelu,
            "gelu" | "GELU" | "GELUTanh" | "QuickGELU" | "GELUActivation" | "NewGELUActivation"
            | "PytorchGELUTanh" => Self::Gelu,
            "silu" | "SiLU" | "Swish" | "SiLUActivation" => Self::Silu,
            "tanh" | "Tanh" => Self::Tanh,
            "sigmoid" | "Sigmoid" => Self::Sigmoid,
            "elu" | "ELU" => Self::Elu,
            "selu" | "SELU" => Self::Selu,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Elu => "elu",
            Self::Selu => "selu",
        }
    }

    fn of(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Relu => x.max(0.0),
            Self::LeakyRelu => {
                if x < 0.0 {
                    0.01 * x
                } else {
                    x
                }
            }
            // The form by tanh differs from that by erf by less than 5e-4.
            Self::Gelu => 0.5 * x * (1.0 + tanh(0.797_884_560_8 * (x + 0.044_715 * x * x * x))),
            Self::Silu => x / (1.0 + exp(-x)),
            Self::Tanh => tanh(x),
            Self::Sigmoid => 1.0 / (1.0 + exp(-x)),
            Self::Elu => {
                if x < 0.0 {
                    exp_m1(x)
                } else {
                    x
                }
            }
            Self::Selu => 1.050_700_987_4 * if x < 0.0 { 1.673_263_242_4 * exp_m1(x) } else { x },
        }
    }

    fn slope(self, x: f64) -> f64 {
        let h = 1e-4 * (1.0 + x.abs());
        (self.of(x + h) - self.of(x - h)) / (2.0 * h)
    }

    /// `E[φ(z)²]` and `E[φ'(z)²]` for z ~ N(0, variance).
    #[must_use]
    pub fn moments(self, variance: f64) -> (f64, f64) {
        match self {
            Self::Identity => (variance, 1.0),
            Self::Relu => (variance / 2.0, 0.5),
            _ => (
                mean(variance, |x| squared(self.of(x))),
                mean(variance, |x| squared(self.slope(x))),
            ),
        }
    }

    /// `E[φ(x)φ(y)]` for x and y of this variance and covariance.
    pub(super) fn covariance(self, variance: f64, covariance: f64) -> f64 {
        if variance <= 0.0 {
            return squared(self.of(0.0));
        }
        let r = (covariance / variance).clamp(-1.0, 1.0);
        match self {
            Self::Identity => covariance,
            // The arc-cosine kernel of degree one: Cho and Saul, 2009.
            Self::Relu => {
                let angle =
                    (1.0 - r * r).max(0.0).sqrt() + r * (std::f64::consts::PI - arc_cosine(r));
                variance * angle / std::f64::consts::TAU
            }
            // Linear in r between the exact ends, the mean squared and the second moment, would miss the slope at 0 by
            // little; the first two terms of the expansion in r meet both.
            _ => {
                let low = squared(mean(variance, |x| self.of(x)));
                let first = variance * squared(mean(variance, |x| self.slope(x)));
                let high = mean(variance, |x| squared(self.of(x)));
                low + first * r + (high - low - first) * r * r
            }
        }
    }
}

impl Function {
    /// `E[φ'(x)φ'(y)]` for x and y of this variance and covariance.
    pub(super) fn slope_covariance(self, variance: f64, covariance: f64) -> f64 {
        if variance <= 0.0 {
            return squared(self.slope(0.0));
        }
        let r = (covariance / variance).clamp(-1.0, 1.0);
        match self {
            Self::Identity => 1.0,
            Self::Relu => 0.5 - arc_cosine(r) / std::f64::consts::TAU,
            // Between the exact ends.
            _ => {
                let low = squared(mean(variance, |x| self.slope(x)));
                low + (self.moments(variance).1 - low) * r
            }
        }
    }
}

/// The mean of a function of a normal variable, by the trapezoidal rule, which converges faster than any power here.
fn mean(variance: f64, f: impl Fn(f64) -> f64) -> f64 {
    let std = variance.max(0.0).sqrt();
    let step = 16.0 / f64::from(POINTS);
    let (mut sum, mut total) = (0.0, 0.0);
    for index in 0..=POINTS {
        let z = f64::from(index) * step - 8.0;
        let weight = exp(-0.5 * z * z);
        sum += weight * f(std * z);
        total += weight;
    }
    sum / total
}

fn squared(x: f64) -> f64 {
    x * x
}

fn tanh(x: f64) -> f64 {
    // Beyond 20 it is 1 to all digits.
    let grown = exp_m1(2.0 * x.clamp(-20.0, 20.0));
    grown / (grown + 2.0)
}

#[allow(clippy::disallowed_methods, reason = "never part of a weight")]
fn arc_cosine(x: f64) -> f64 {
    x.acos()
}
