use super::argument::choice;

choice! {
    /// A nonlinear function behind a layer, as `torch.nn.init.calculate_gain` knows it.
    #[allow(missing_docs, reason = "the names say it all")]
    pub enum Nonlinearity: "a nonlinearity" {
        Linear = "linear",
        Conv1d = "conv1d",
        Conv2d = "conv2d",
        Conv3d = "conv3d",
        ConvTranspose1d = "conv_transpose1d",
        ConvTranspose2d = "conv_transpose2d",
        ConvTranspose3d = "conv_transpose3d",
        Sigmoid = "sigmoid",
        Tanh = "tanh",
        Relu = "relu",
        LeakyRelu = "leaky_relu",
        Selu = "selu",
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
