/// A nonlinear function behind a layer, as `torch.nn.init.calculate_gain` knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Nonlinearity {
    Linear,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Sigmoid,
    Tanh,
    Relu,
    LeakyRelu,
    Selu,
}

impl Nonlinearity {
    /// Every nonlinearity, in the order of the declaration.
    pub const ALL: [Self; 12] = [
        Self::Linear,
        Self::Conv1d,
        Self::Conv2d,
        Self::Conv3d,
        Self::ConvTranspose1d,
        Self::ConvTranspose2d,
        Self::ConvTranspose3d,
        Self::Sigmoid,
        Self::Tanh,
        Self::Relu,
        Self::LeakyRelu,
        Self::Selu,
    ];

    /// PyTorch's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Conv1d => "conv1d",
            Self::Conv2d => "conv2d",
            Self::Conv3d => "conv3d",
            Self::ConvTranspose1d => "conv_transpose1d",
            Self::ConvTranspose2d => "conv_transpose2d",
            Self::ConvTranspose3d => "conv_transpose3d",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Selu => "selu",
        }
    }

    /// The nonlinearity of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nonlinearity| nonlinearity.name() == name)
    }
}

/// The recommended gain of a nonlinearity: `torch.nn.init.calculate_gain`.
///
/// 1 for linear ones and sigmoid, 5/3 for tanh, √2 for ReLU, √(2/(1 + `param`²)) for leaky ReLU with
/// negative slope `param`, ¾ for SELU. `param` counts for leaky ReLU alone.
///
/// ```
/// use weight_init_core::initializer::{Nonlinearity, gain};
/// assert_eq!(gain(Nonlinearity::LeakyRelu, 1.0), 1.0);
/// assert_eq!(gain(Nonlinearity::Tanh, 0.0), 5.0 / 3.0);
/// ```
#[must_use]
pub fn gain(nonlinearity: Nonlinearity, param: f64) -> f64 {
    constant_gain(nonlinearity).unwrap_or_else(|| libm::sqrt(2.0 / (1.0 + param * param)))
}

/// The gain, where it does not depend on the parameter.
pub(super) const fn constant_gain(nonlinearity: Nonlinearity) -> Option<f64> {
    match nonlinearity {
        Nonlinearity::LeakyRelu => None,
        Nonlinearity::Tanh => Some(5.0 / 3.0),
        Nonlinearity::Relu => Some(core::f64::consts::SQRT_2),
        Nonlinearity::Selu => Some(0.75),
        _ => Some(1.0),
    }
}
