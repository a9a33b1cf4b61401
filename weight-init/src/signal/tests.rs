use std::fmt::Write as _;

use super::*;
use crate::diagnostic::Source;
use crate::plan::Options;

fn estimate(text: &str) -> Signal {
    let model = Model::read(&Source::new("net.json", text)).unwrap();
    let plan = Plan::new(&model, &Options::default()).unwrap();
    Signal::new(&model, &plan, &Assumptions::default()).unwrap()
}

/// 50 layers of Linear and ReLU.
fn plain(init_cfg: &str) -> String {
    let mut children = String::new();
    for layer in 0..50 {
        let _ = write!(
            children,
            r#"{}{{"name": "{}", "class": "Linear", "params": [{{"name": "weight", "shape": [64, 64]}}, {{"name": "bias", "shape": [64]}}]}},
               {{"name": "{}", "class": "ReLU"}}"#,
            if layer > 0 { "," } else { "" },
            2 * layer,
            2 * layer + 1
        );
    }
    format!(
        r#"{{"class": "Sequential", "init_weights": "module", {init_cfg} "children": [{children}]}}"#
    )
}

/// 48 layers of a transformer that normalizes behind the sum.
fn post_norm(init_cfg: &str) -> String {
    let linear = |name: &str, out: usize, inputs: usize| {
        format!(
            r#"{{"name": "{name}", "class": "Linear", "params": [{{"name": "weight", "shape": [{out}, {inputs}]}}, {{"name": "bias", "shape": [{out}]}}]}}"#
        )
    };
    let norm = |name: &str| {
        format!(
            r#"{{"name": "{name}", "class": "LayerNorm", "params": [{{"name": "weight", "shape": [64]}}, {{"name": "bias", "shape": [64]}}]}}"#
        )
    };
    let layers: Vec<_> = (0..48)
        .map(|layer| {
            format!(
                r#"{{"name": "{layer}", "class": "TransformerEncoderLayer", "children": [
                    {{"name": "self_attn", "class": "MultiheadAttention", "children": [{}],
                      "params": [{{"name": "in_proj_weight", "shape": [192, 64]}}, {{"name": "in_proj_bias", "shape": [192]}}]}},
                    {}, {}, {}, {}]}}"#,
                linear("out_proj", 64, 64), linear("linear1", 256, 64), linear("linear2", 64, 256), norm("norm1"), norm("norm2")
            )
        })
        .collect();
    format!(
        r#"{{"class": "Sequential", "init_weights": "module", {init_cfg} "children": [{}]}}"#,
        layers.join(",")
    )
}

#[test]
fn the_default_of_linear_layers_vanishes_behind_relu_and_kaiming_stays() {
    let kinds =
        |signal: &Signal| signal.alerts().iter().map(|alert| alert.kind).collect::<Vec<_>>();
    let default = estimate(&plain(""));
    assert_eq!(kinds(&default), [AlertKind::VanishingDifferences, AlertKind::VanishingGradients]);
    let kaiming = estimate(&plain(r#""init_cfg": {"type": "Kaiming", "layer": "Linear"},"#));
    assert_eq!(kinds(&kaiming), []);
    let last = kaiming.points().last().unwrap();
    assert!((last.activation - 1.0).abs() < 1e-9, "{}", last.activation);
}

#[test]
fn a_deep_post_norm_transformer_is_sensitive_unless_its_branches_shrink() {
    let xavier = estimate(&post_norm(
        r#""init_cfg": {"type": "Xavier", "layer": ["Linear", "MultiheadAttention"], "distribution": "uniform"},"#,
    ));
    assert!(xavier.alerts().iter().any(|alert| alert.kind == AlertKind::Sensitive), "{xavier}");
    let scaled = estimate(&post_norm(
        r#""init_cfg": {"type": "Normal", "std": 0.0128, "layer": ["Linear", "MultiheadAttention"]},"#,
    ));
    assert_eq!(scaled.alerts(), [], "{scaled}");
}

#[test]
fn a_declared_flow_is_followed_and_written_back() {
    let text = r#"{"class": "Net", "flow": ["a", "relu", {"residual": ["b"], "scale": 2.0}], "children": [
        {"name": "b", "class": "Linear", "params": [{"name": "weight", "shape": [8, 8], "constructor": {"type": "Normal", "std": 1}}]},
        {"name": "a", "class": "Linear", "params": [{"name": "weight", "shape": [8, 8], "constructor": {"type": "Normal", "std": 1}}]}]}"#;
    let signal = estimate(text);
    let activations: Vec<_> = signal.points().iter().map(|point| point.activation).collect();
    assert_eq!(activations, [8.0, 4.0, 32.0, 48.0]);
    let gradients: Vec<_> = signal.points().iter().map(|point| point.gradient).collect();
    assert_eq!(gradients, [6.0, 12.0, 1.0, 1.0]);
    let model = Model::read(&Source::new("net.json", text)).unwrap();
    let written = serde_json::to_string(&model.description()).unwrap();
    let again = Model::read(&Source::new("net.json", written)).unwrap();
    assert_eq!(again.flow(""), model.flow(""));
    let wrong = text.replace("[\"a\", ", "[\"geluu\", ");
    let error = Model::read(&Source::new("net.json", wrong)).unwrap_err().to_string();
    assert!(error.contains("neither a child") && error.contains("did you mean 'gelu'?"), "{error}");
}

#[test]
fn a_model_that_is_not_understood_gets_no_numbers() {
    let text = r#"{"class": "Odd", "params": [{"name": "w", "shape": [3, 3]}]}"#;
    let model = Model::read(&Source::new("net.json", text)).unwrap();
    let plan = Plan::new(&model, &Options::default()).unwrap();
    let error = Signal::new(&model, &plan, &Assumptions::default()).unwrap_err().to_string();
    assert!(error.contains("0 of 9") && error.contains("Odd"), "{error}");
}
