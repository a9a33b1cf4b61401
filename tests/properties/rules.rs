//! Random rules: as an init_cfg spells them, and what they write.

use serde_json::{Map, Value, json};
use weight_init_tests::plan::Written;
use weight_init_tests::tape::Tape;

/// One initializer and what it is applied to.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) write: Write,
    pub(crate) layers: Vec<&'static str>,
    pub(crate) globs: Vec<String>,
    pub(crate) overrides: Vec<Override>,
}

/// An exception for an attribute.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub(crate) name: String,
    pub(crate) write: Option<Write>,
}

/// The write of a rule or override.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// `type` and arguments.
    keys: Map<String, Value>,
    pub(crate) weight: Written,
    pub(crate) bias: Written,
}

/// Names that the rules of one module may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) classes: Vec<&'static str>,
    /// Children and aliases.
    pub(crate) layers: Vec<String>,
    /// Parameters and buffers, which no override can name.
    pub(crate) tensors: Vec<String>,
    /// Full name of the module.
    pub(crate) path: String,
}

impl Write {
    pub(crate) fn is_pretrained(&self) -> bool {
        self.weight.init == "pretrained"
    }

    /// Whether it runs behind the children: mmengine compares the text.
    pub(crate) fn is_deferred(&self) -> bool {
        self.keys["type"] == "Pretrained"
    }

    /// Whether a weight of fewer than two dimensions is a fault.
    pub(crate) fn needs_fans(&self) -> bool {
        ["xavier", "kaiming"].iter().any(|name| self.weight.init.starts_with(name))
    }

    /// A random one; `number` tells it from all others.
    fn random(tape: &mut Tape, number: usize) -> Self {
        let x = number as f64 / 8.0;
        let uniform = tape.once_in(2);
        let distribution = if uniform { "uniform" } else { "normal" };
        let (mut keys, init, args) = match tape.below(9) {
            0 => (json!({"type": "Constant", "val": x}), "constant", json!({"val": x})),
            1 => (json!({"type": "Normal", "std": x}), "normal", json!({"mean": 0.0, "std": x})),
            2 => (
                json!({"type": "Normal", "mean": number}),
                "normal",
                json!({"mean": x * 8.0, "std": 1.0}),
            ),
            3 => (json!({"type": "Uniform", "a": -x}), "uniform", json!({"a": -x, "b": 1.0})),
            4 => (
                json!({"type": "TruncNormal", "std": x, "a": if uniform { json!("-inf") } else { json!(-2) }, "b": 2.5}),
                "trunc_normal",
                json!({"mean": 0.0, "std": x, "a": if uniform { json!("-inf") } else { json!(-2.0) }, "b": 2.5}),
            ),
            5 => (
                json!({"type": "Xavier", "gain": x, "distribution": distribution}),
                if uniform { "xavier_uniform" } else { "xavier_normal" },
                json!({"gain": x}),
            ),
            6 => {
                let mode = tape.pick(&["fan_out", "fan_in"]);
                let spelled = if uniform { mode.to_uppercase() } else { mode.to_owned() };
                let keys = json!({
                    "type": "Kaiming", "a": x, "mode": spelled, "nonlinearity": "leaky_relu",
                    "distribution": distribution
                });
                let init = if uniform { "kaiming_uniform" } else { "kaiming_normal" };
                let args = json!({"a": x, "mode": mode, "nonlinearity": "leaky_relu"});
                (keys, init, args)
            }
            7 => (
                json!({"type": "Caffe2Xavier"}),
                "kaiming_uniform",
                json!({"a": 1.0, "mode": "fan_in", "nonlinearity": "leaky_relu"}),
            ),
            _ => {
                let checkpoint = format!("{number}.pth");
                let prefix = uniform.then_some("backbone.");
                let mut keys = json!({"type": "Pretrained", "checkpoint": checkpoint});
                if uniform {
                    keys["prefix"] = json!(prefix);
                }
                (keys, "pretrained", json!({"checkpoint": checkpoint, "prefix": prefix}))
            }
        };
        // The name alone, within its scope, or the class of mmengine.
        let name = keys["type"].as_str().unwrap().to_owned();
        match tape.below(10) {
            0 | 1 => keys["type"] = json!(format!("mmengine.{name}")),
            2 => keys["type"] = json!(format!("mmengine.model.{name}Init")),
            3 => keys["type"] = json!(format!("mmengine.model.weight_init.{name}Init")),
            4 => keys["_scope_"] = json!("mmdet"),
            _ => {}
        }
        let mut bias = 0.0;
        if init != "pretrained" {
            let p = 1.0 / (1.0 + number as f64);
            match tape.below(6) {
                0 => keys["bias"] = json!(false),
                4 => (keys["bias"], bias) = (json!(true), 1.0),
                1 => (keys["bias"], bias) = (json!(x), x),
                2 => (keys["bias_prob"], bias) = (json!(p), -((1.0 - p) / p).ln()),
                // The probability beats the number.
                3 => {
                    keys["bias"] = json!(7);
                    (keys["bias_prob"], bias) = (json!(p), -((1.0 - p) / p).ln());
                }
                _ => {}
            }
        }
        let written = |init: &str, args: Value| Written {
            init: init.to_owned(),
            args: args.as_object().unwrap().clone().into_iter().collect(),
        };
        Self {
            keys: keys.as_object().unwrap().clone(),
            weight: written(init, args),
            bias: written("constant", json!({"val": bias})),
        }
    }
}

impl Rule {
    fn random(tape: &mut Tape, number: &mut usize, names: &Names) -> Self {
        let mut write = |tape: &mut Tape| {
            *number += 1;
            Write::random(tape, *number)
        };
        let own = write(tape);
        let (mut layers, mut globs, mut overrides) = (Vec::new(), Vec::new(), Vec::new());
        if !own.is_pretrained() {
            layers = (0..tape.below(4)).map(|_| tape.pick(&names.classes)).collect();
            if tape.once_in(4) {
                globs = (0..=tape.below(2)).map(|_| glob(tape, names)).collect();
            }
        }
        if tape.once_in(3) {
            for _ in 0..=tape.below(2) {
                let name = match tape.below(20) {
                    19 => "missing".to_owned(),
                    18 if !names.tensors.is_empty() => tape.pick(&names.tensors),
                    _ if names.layers.is_empty() => continue,
                    _ => tape.pick(&names.layers),
                };
                overrides.push(Override { name, write: tape.once_in(2).then(|| write(tape)) });
            }
        }
        Self { write: own, layers, globs, overrides }
    }

    fn to_json(&self, tape: &mut Tape) -> Value {
        let mut rule = self.write.keys.clone();
        let overrides = (self.overrides.iter())
            .map(|item| {
                let mut keys =
                    item.write.as_ref().map_or_else(Map::new, |write| write.keys.clone());
                keys.insert("name".to_owned(), json!(item.name));
                Value::Object(keys)
            })
            .collect();
        let layers = self.layers.iter().map(|name| json!(name)).collect();
        let globs = self.globs.iter().map(|name| json!(name)).collect();
        for (key, items) in [("layer", layers), ("params", globs), ("override", overrides)] {
            if let Some(items) = one_or_many(tape, items) {
                rule.insert(key.to_owned(), items);
            }
        }
        Value::Object(rule)
    }
}

/// At most three random rules, and how an init_cfg spells them.
pub(crate) fn random(tape: &mut Tape, number: &mut usize, names: &Names) -> (Vec<Rule>, Value) {
    let rules: Vec<_> = (0..tape.below(4)).map(|_| Rule::random(tape, number, names)).collect();
    let spelled = rules.iter().map(|rule| rule.to_json(tape)).collect();
    let spelled = one_or_many(tape, spelled).unwrap_or_else(|| tape.pick(&[json!([]), json!({})]));
    (rules, spelled)
}

/// One item may stand by itself, none may be left out.
fn one_or_many(tape: &mut Tape, mut items: Vec<Value>) -> Option<Value> {
    match items.len() {
        0 => None,
        1 if tape.once_in(2) => items.pop(),
        _ => Some(Value::Array(items)),
    }
}

fn glob(tape: &mut Tape, names: &Names) -> String {
    let fixed = ["*", "*.weight", "*bias", "*.scale", "?.weight", "*a*.*", "weight", "*.?.*t"];
    match tape.below(3) {
        0 => tape.pick(&fixed).to_owned(),
        1 => format!("{}*", names.path),
        _ => format!("*{}.*", tape.pick(&["a", "b", "norm", "0"])),
    }
}
