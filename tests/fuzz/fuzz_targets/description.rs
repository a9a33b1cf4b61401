//! Descriptions of models and init_cfgs as text: their keys with values that fit, and some that do not.

use libfuzzer_sys::arbitrary::Unstructured;

/// Layers of a description, at most: each may have children, and few are enough for all that rules can do to each other.
const LAYERS: usize = 12;

const CLASSES: &[&str] = &[
    "Conv2d",
    "Linear",
    "BatchNorm2d",
    "LayerNorm",
    "Embedding",
    "LSTM",
    "MultiheadAttention",
    "Net",
    "Swin",
    "Li\\nnear",
    "",
];

const NAMES: &[&str] = &[
    "weight",
    "bias",
    "fc",
    "conv",
    "norm",
    "0",
    "1",
    "in_proj_weight",
    "running_var",
    "num_batches_tracked",
    "a.b",
    "",
    "we\\u202eight",
];

const GLOBS: &[&str] = &[
    "*",
    "*.weight",
    "bias",
    "fc.*",
    "*a*b*",
    "?",
    "[",
    "**",
    "fc.weight",
    "***********************b",
    "",
];

/// Types of rules, each with arguments that it takes.
const TYPES: &[(&str, &[&str])] = &[
    ("Constant", &["val"]),
    ("Xavier", &["gain", "bias", "distribution"]),
    ("Normal", &["mean", "std", "bias", "bias_prob"]),
    ("TruncNormal", &["mean", "std", "a", "b", "bias"]),
    ("Uniform", &["a", "b", "bias"]),
    ("Kaiming", &["a", "mode", "nonlinearity", "distribution", "bias"]),
    ("Caffe2Xavier", &["bias"]),
    ("mmengine.model.KaimingInit", &["a", "bias", "_scope_"]),
    ("Pretrained", &["checkpoint", "prefix", "map_location"]),
    ("Kaimng", &["a"]),
    ("", &[]),
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "0.01",
    "2",
    "-1",
    "-0.0",
    "1e-320",
    "true",
    "false",
    "1e-45",
    "65504",
    "1e308",
    "-1e308",
    "1e9999",
    "-1e9999",
    "\"inf\"",
    "\"a\"",
    "null",
    "[1]",
    "18446744073709551615",
];

const SIZES: &[&str] = &[
    "1",
    "2",
    "3",
    "4",
    "7",
    "0",
    "64",
    "1000",
    "4294967296",
    "9223372036854775807",
    "-1",
    "1.5",
    "\"3\"",
];

const DTYPES: &[&str] = &[
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int64",
    "bool",
    "uint8",
    "complex64",
    "float8_e4m3fn",
    "float3",
];

const ARGUMENTS: &[&str] = &[
    "val",
    "gain",
    "mean",
    "std",
    "a",
    "b",
    "bias",
    "bias_prob",
    "mode",
    "nonlinearity",
    "distribution",
    "checkpoint",
    "prefix",
    "map_location",
    "_scope_",
    "layer",
    "stdd",
];

const WORDS: &[&str] = &[
    "\"fan_in\"",
    "\"fan_out\"",
    "\"relu\"",
    "\"leaky_relu\"",
    "\"uniform\"",
    "\"normal\"",
    "\"fan\"",
    "\"x.pth\"",
    "null",
    "1",
];

/// A description of a model.
pub(crate) fn model(choices: &mut Unstructured<'_>) -> String {
    let mut writer = Writer { choices, out: String::new(), layers: 0 };
    writer.layer(0, None);
    writer.out
}

/// An init_cfg by itself.
pub(crate) fn init_cfg(choices: &mut Unstructured<'_>) -> String {
    let mut writer = Writer { choices, out: String::new(), layers: 0 };
    writer.init_cfg();
    writer.out
}

struct Writer<'c, 'b> {
    choices: &'c mut Unstructured<'b>,
    out: String,
    layers: usize,
}

impl Writer<'_, '_> {
    /// One of `values`; the first when nothing is left to choose by.
    fn one_of(&mut self, values: &[&'static str]) -> &'static str {
        if self.choices.is_empty() {
            return values[0];
        }
        // The first half is right more often than not, and so are most of the choices: one fault ends the reading.
        let end = if self.choices.ratio(31, 32).unwrap_or(true) {
            values.len().div_ceil(2)
        } else {
            values.len()
        };
        self.choices.choose(&values[..end]).copied().unwrap_or(values[0])
    }

    /// For variety.
    fn seldom(&mut self) -> bool {
        !self.choices.is_empty() && self.choices.ratio(1_u8, 6).unwrap_or(false)
    }

    /// For faults.
    fn rarely(&mut self) -> bool {
        !self.choices.is_empty() && self.choices.ratio(1_u8, 48).unwrap_or(false)
    }

    fn count(&mut self, most: usize) -> usize {
        if self.choices.is_empty() { 0 } else { self.choices.int_in_range(0..=most).unwrap_or(0) }
    }

    fn text(&mut self, values: &[&'static str]) {
        let text = self.one_of(values);
        self.out.push_str(&format!("\"{text}\""));
    }

    /// Values between brackets, each made by its number.
    fn list(&mut self, most: usize, mut item: impl FnMut(&mut Self, usize)) {
        self.out.push('[');
        for number in 0..self.count(most) {
            if number > 0 {
                self.out.push(',');
            }
            item(self, number);
        }
        self.out.push(']');
    }

    /// A name that others of its list have as seldom as faults are made.
    fn name(&mut self, number: usize) -> &'static str {
        if self.rarely() { self.one_of(NAMES) } else { NAMES[number] }
    }

    fn key(&mut self, key: &str) {
        self.out.push_str(&format!(",\"{key}\":"));
    }

    /// A text, or a list of them.
    fn texts(&mut self, values: &[&'static str]) {
        if self.seldom() {
            self.text(values)
        } else {
            self.list(3, |writer, _| writer.text(values))
        }
    }

    fn layer(&mut self, depth: usize, name: Option<&str>) {
        self.layers += 1;
        self.out.push_str("{\"class\":");
        self.text(CLASSES);
        if let Some(name) = name {
            self.key("name");
            self.out.push_str(&format!("\"{name}\""));
        }
        self.key("init_weights");
        self.text(&["module", "custom", "other"]);
        if !self.seldom() {
            self.key("init_cfg");
            self.init_cfg();
        }
        if self.seldom() {
            self.key("bases");
            self.texts(CLASSES);
        }
        if self.seldom() {
            self.key("rewrites");
            let rewrites = self.one_of(&["false", "true", "0"]);
            self.out.push_str(rewrites);
        }
        if self.rarely() {
            self.key("padding_idx");
            let row = self.one_of(NUMBERS);
            self.out.push_str(row);
        }
        if self.rarely() {
            self.key("aliases");
            self.out.push_str("{\"alias\":");
            self.text(NAMES);
            self.out.push('}');
        }
        self.key("params");
        self.list(3, |writer, number| writer.tensor(number, false));
        if self.seldom() {
            self.key("buffers");
            self.list(2, |writer, number| writer.tensor(8 + number, true));
        }
        if depth < 4 {
            self.key("children");
            self.list(4, |writer, number| {
                let name = writer.name(3 + number);
                if writer.layers >= LAYERS || writer.rarely() {
                    let target = writer.one_of(NAMES);
                    writer
                        .out
                        .push_str(&format!("{{\"name\":\"{name}\",\"same_as\":\"{target}\"}}"));
                } else {
                    writer.layer(depth + 1, Some(name));
                }
            });
        }
        self.out.push('}');
    }

    fn tensor(&mut self, number: usize, buffer: bool) {
        let name = self.name(number);
        self.out.push_str(&format!("{{\"name\":\"{name}\""));
        self.key("shape");
        self.list(4, |writer, _| {
            let size = writer.one_of(SIZES);
            writer.out.push_str(size);
        });
        if self.seldom() {
            self.key("dtype");
            self.text(DTYPES);
        }
        if buffer || self.rarely() {
            self.key("value");
            let value = self.one_of(NUMBERS);
            self.out.push_str(value);
        }
        if self.rarely() {
            self.key("same_as");
            let (layer, name) = (self.one_of(NAMES), self.one_of(NAMES));
            self.out.push_str(&format!("\"{layer}.{name}\""));
        }
        self.out.push('}');
    }

    fn init_cfg(&mut self) {
        if self.seldom() {
            self.out.push_str("null");
        } else if self.seldom() {
            self.rule(0);
        } else {
            self.list(3, |writer, _| writer.rule(0));
        }
    }

    fn rule(&mut self, depth: usize) {
        let most = if self.rarely() { TYPES.len() } else { TYPES.len() - 3 };
        let (kind, arguments) = *self.choices.choose(&TYPES[..most]).unwrap_or(&TYPES[0]);
        self.out.push_str(&format!("{{\"type\":\"{kind}\""));
        if depth > 0 {
            self.key("name");
            self.text(NAMES);
        }
        for argument in arguments {
            let argument = if self.rarely() { self.one_of(ARGUMENTS) } else { argument };
            if self.seldom() {
                continue;
            }
            self.key(argument);
            let value =
                if matches!(argument, "mode" | "nonlinearity" | "distribution" | "checkpoint") {
                    self.one_of(WORDS)
                } else {
                    self.one_of(NUMBERS)
                };
            self.out.push_str(value);
        }
        if depth == 0 && !self.seldom() {
            self.key("layer");
            self.texts(CLASSES);
        }
        if self.seldom() {
            self.key("params");
            self.texts(GLOBS);
        }
        if depth == 0 && self.seldom() {
            self.key("override");
            if self.seldom() { self.rule(1) } else { self.list(2, |writer, _| writer.rule(1)) }
        }
        self.out.push('}');
    }
}
