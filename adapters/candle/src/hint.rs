//! candle's hints as initializers of ours.

use candle_nn::Init as Hint;
use candle_nn::init::NormalOrUniform;
use serde_json::{Value, json};
use weight_init_core::initializer::{Constant, Init, Normal, Uniform};

/// The distribution that candle draws from for a hint, as `candle_nn::Init::var` computes it.
pub(crate) fn initializer(hint: Hint, shape: &[usize]) -> Init {
    match hint {
        Hint::Const(val) => Init::Constant(Constant { val }),
        Hint::Randn { mean, stdev } => Init::Normal(Normal { mean, std: stdev }),
        Hint::Uniform { lo, up } => Init::Uniform(Uniform { a: lo, b: up }),
        Hint::Kaiming { dist, fan, non_linearity } => {
            let fan = fan.for_shape(&shape.into()) as f64;
            let std = non_linearity.gain() / fan.sqrt();
            match dist {
                NormalOrUniform::Normal => Init::Normal(Normal { mean: 0.0, std }),
                NormalOrUniform::Uniform => {
                    let bound = 3_f64.sqrt() * std;
                    Init::Uniform(Uniform { a: -bound, b: bound })
                }
            }
        }
    }
}

/// The same as the `constructor` of a description.
pub(crate) fn constructor(hint: Hint, shape: &[usize]) -> Value {
    match initializer(hint, shape) {
        Init::Normal(Normal { mean, std }) => json!({"type": "Normal", "mean": mean, "std": std}),
        Init::Uniform(Uniform { a, b }) => json!({"type": "Uniform", "a": a, "b": b}),
        Init::Constant(Constant { val }) => json!({"type": "Constant", "val": val}),
        _ => Value::Null,
    }
}
