//! How the variance of activations and gradients passes through a model before its first step.
//!
//! The estimate is that of wide layers with independent weights of mean zero. For each point along the way of the signal it
//! keeps three numbers per element: the second moment `q` of the activation, the covariance `c` of two tokens or samples, and
//! backward the gradient's second moment `g`, summed over positions of a channel so that strides of convolutions do not matter.
//!
//! | step | forward | backward |
//! |---|---|---|
//! | weights W and bias b | `q' = fan_in·E[w²]·q + E[b²]` | `g = fan_out·E[w²]·g'` |
//! | function φ | `q' = E[φ(z)²]`, z normal of variance q | `g = E[φ'(z)²]·g'` |
//! | normalization | `q' = γ² + β²` | `g = γ²/v·g'`, v the variance that it divides by |
//! | sum with a shortcut | both, as uncorrelated | both |
//! | attention | the mean of the values over tokens | the same |
//!
//! `E[w²]` is that of what the plan writes. Sources: He et al. 2015 (arXiv:1502.01852) for weights and ReLU, Xiao et al. 2018
//! (arXiv:1806.05393) for the covariance, Xiong et al. 2020 (arXiv:2002.04745) for normalization in transformers.
//!
//! The third figure, the sensitivity, is how much the output changes where every weight changes independently by a part ε of
//! itself: `E[Δ²]/(ε²·q)`. It is the amplification of Liu et al. 2020 (arXiv:2004.08249): with normalization behind each sum it
//! grows like the depth, which smaller branches prevent (Wang et al. 2022, arXiv:2203.00555).
//!
//! ```
//! use weight_init::diagnostic::Source;
//! use weight_init::model::Model;
//! use weight_init::plan::{Options, Plan};
//! use weight_init::signal::{Assumptions, Signal};
//!
//! let source = Source::new("model.json", r#"{
//!     "class": "Sequential", "init_weights": "module", "init_cfg": {"type": "Kaiming", "layer": "Linear", "mode": "fan_in"},
//!     "children": [{"name": "0", "class": "Linear", "params": [{"name": "weight", "shape": [64, 64]}]},
//!                  {"name": "1", "class": "ReLU"}]
//! }"#);
//! let model = Model::read(&source)?;
//! let plan = Plan::new(&model, &Options::default())?;
//! let signal = Signal::new(&model, &plan, &Assumptions::default())?;
//! let [weights, relu] = signal.points() else { panic!("two points") };
//! assert!((weights.activation - 2.0).abs() < 1e-9);
//! assert!((relu.activation - 1.0).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alert;
mod build;
mod flow;
mod function;
mod json;
mod moment;
mod pass;
mod svg;
mod table;
mod tree;

use std::fmt;

pub use self::alert::{Alert, AlertKind, LARGEST_FACTOR, LARGEST_SENSITIVITY};
pub use self::function::Function;
use crate::model::Model;
use crate::plan::Plan;

/// What neither the model nor the plan says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// Second moment of the input's elements: 1 for standardized images.
    pub input: f64,
    /// Tokens that attention averages over.
    pub tokens: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { input: 1.0, tokens: 128.0 }
    }
}

/// Where the signal was looked at: behind a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Path of the layer.
    pub path: String,
    /// What the step is: `Linear`, `relu`, `sum`.
    pub what: String,
    /// Second moment of the activation.
    pub activation: f64,
    /// Its part that differs between inputs; between tokens, where there is attention.
    pub difference: f64,
    /// Second moment of the gradient, summed over a channel's positions, where that of the output is 1.
    pub gradient: f64,
    /// Whether every signal passes here, beside no shortcut.
    pub is_on_main_path: bool,
    /// Whether the step multiplies by weights.
    pub has_weights: bool,
}

/// The estimate for a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    points: Vec<Point>,
    sensitivity: f64,
    has_sums: bool,
    has_tokens: bool,
    has_norms: bool,
    alerts: Vec<Alert>,
    notes: Vec<String>,
}

/// Why there are no numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalError {
    message: String,
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SignalError {}

impl Signal {
    /// Estimates a model with what a plan writes into it.
    ///
    /// # Errors
    ///
    /// A model of which less than half of the parameters' elements are in layers that are understood, or that has more than
    /// 200,000 layers or 256 in each other.
    pub fn new(model: &Model, plan: &Plan, assumptions: &Assumptions) -> Result<Self, SignalError> {
        let root = tree::read(&model.root()).map_err(|message| SignalError { message })?;
        let built = build::build(&root, model, plan);
        if built.understood * 2 < built.elements || built.elements == 0 {
            let what = built.notes.join("; ");
            let message = format!(
                "too little of the model is understood for an estimate: {} of {} elements of parameters; {what}",
                built.understood, built.elements
            );
            return Err(SignalError { message });
        }
        let passed = pass::pass(&built.steps, assumptions);
        let mut signal = Self {
            points: passed.points,
            sensitivity: passed.sensitivity,
            has_sums: passed.has_sums,
            has_tokens: passed.has_tokens,
            has_norms: passed.has_norms,
            alerts: Vec::new(),
            notes: built.notes,
        };
        signal.alerts = alert::find(&signal);
        Ok(signal)
    }

    /// The points in the order of the signal.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Relative change of the output, squared, over that of every weight, squared.
    #[must_use]
    pub const fn sensitivity(&self) -> f64 {
        self.sensitivity
    }

    /// What is probably not meant.
    #[must_use]
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// What was assumed, and what is not understood.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
mod tests;
