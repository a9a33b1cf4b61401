//! Every malformed init_cfg is refused at its place: file, line, column, path, what was found, what is right.

use crate::run::{Folder, MODEL};

/// A rule, where its fault is, and what the message says about it.
type Case = (&'static str, &'static str, &'static [&'static str]);

const TYPES: &str = "'Constant', 'Xavier', 'Normal', 'TruncNormal', 'Uniform', 'Kaiming', 'Caffe2Xavier', 'VarianceScaling', 'Identity', 'Dirac', 'Orthogonal', 'DeltaOrthogonal', 'Sparse', 'DepthScaled', 'MupNormal', 'Siren', 'Fixup', 'TFixup', 'LSTMBias', 'MambaALog', 'MambaDtBias', 'Sinusoidal', 'Rotary', 'HiPPO', 'Zeros', 'Ones', 'Eye', 'GlorotNormal', 'GlorotUniform', 'HeNormal', 'HeUniform', 'LecunNormal', 'LecunUniform', 'BiasProb', 'LayerScale', 'Pretrained'";

/// Columns count from 1 in the rule's own line.
#[rustfmt::skip]
const CASES: [Case; 57] = [
    // The type.
    (r#"{"type": "Kaimming", "layer": "Conv2d"}"#, "10 .type", &["'Kaimming'", TYPES, "did you mean 'Kaiming'?"]),
    (r#"{"type": "kaiming"}"#, "10 .type", &["'kaiming'", TYPES, "did you mean 'Kaiming'?"]),
    (r#"{"type": "mmengine.Kaimin"}"#, "10 .type", &["'mmengine.Kaimin'", TYPES]),
    (r#"{"type": 3}"#, "10 .type", &["the integer 3", TYPES]),
    (r#"{"type": ["Constant"], "val": 1}"#, "10 .type", &["a list", TYPES]),
    (r#"{"type": null}"#, "10 .type", &["null", TYPES]),
    (r#"{"layer": "Conv2d"}"#, "1 ", &["needs the key 'type'", TYPES]),
    (r#"{"tipe": "Xavier"}"#, "2 .tipe", &["unknown key 'tipe'", "did you mean 'type'?"]),
    // Keys.
    (r#"{"type": "Constant", "val": 1, "layr": "Conv2d"}"#, "32 .layr", &["unknown key 'layr' of a Constant rule", "'layer'", "did you mean 'layer'?"]),
    (r#"{"type": "Normal", "sdt": 0.01}"#, "20 .sdt", &["unknown key 'sdt' of a Normal rule", "'mean', 'std'", "did you mean 'std'?"]),
    (r#"{"type": "Constant", "val": 1, "std": 2}"#, "32 .std", &["unknown key 'std' of a Constant rule", "'val'"]),
    (r#"{"std": 2, "type": "Constant", "val": 1}"#, "2 .std", &["unknown key 'std' of a Constant rule", "'val'"]),
    (r#"{"type": "Caffe2Xavier", "gain": 1}"#, "26 .gain", &["unknown key 'gain' of a Caffe2Xavier rule", "'bias'"]),
    (r#"{"type": "Pretrained", "checkpoint": "x.pth", "layer": "Conv2d"}"#, "47 .layer", &["unknown key 'layer' of a Pretrained rule", "'prefix'"]),
    (r#"{"type": "Constant", "layer": "Conv2d"}"#, "1 ", &["Constant needs the argument 'val'"]),
    (r#"{"type": "Pretrained"}"#, "1 ", &["Pretrained needs the argument 'checkpoint'"]),
    (r#"{"type": "Constant", "val": 1, "val": 2}"#, "32 .val", &["duplicate key 'val'", "already on line 3"]),
    // Numbers.
    (r#"{"type": "Constant", "val": "1"}"#, "29 .val", &["the string '1'", "a number"]),
    (r#"{"type": "Constant", "val": null}"#, "29 .val", &["null", "a number"]),
    (r#"{"type": "Constant", "val": null}"#, "29 .val", &["null", "a number"]),
    (r#"{"type": "Constant", "val": NaN}"#, "29 .val", &["NaN", "finite"]),
    (r#"{"type": "Constant", "val": 1e999}"#, "29 .val", &["1e999", "finite"]),
    (r#"{"type": "Constant", "val": 123456789012345678901234567890}"#, "29 .val", &["123456789012345678901234567890", "64 bits"]),
    (r#"{"type": "Normal", "mean": [0]}"#, "28 .mean", &["a list", "a number"]),
    (r#"{"type": "Normal", "std": -1}"#, "27 .std", &["'std' is -1", "not be negative"]),
    (r#"{"type": "Xavier", "gain": -0.5}"#, "28 .gain", &["'gain' is -0.5", "not be negative"]),
    (r#"{"type": "Uniform", "a": 2, "b": 1}"#, "1 ", &["lower bound a = 2", "upper bound b = 1"]),
    (r#"{"type": "TruncNormal", "a": 3}"#, "1 ", &["lower bound a = 3", "upper bound b = 2"]),
    (r#"{"type": "Kaiming", "a": "0"}"#, "26 .a", &["the string '0'", "a number"]),
    // Names.
    (r#"{"type": "Xavier", "distribution": "gaussian"}"#, "36 .distribution", &["'gaussian'", "'normal', 'uniform'"]),
    (r#"{"type": "Xavier", "distribution": "Uniform"}"#, "36 .distribution", &["'Uniform'", "'normal', 'uniform'", "did you mean 'uniform'?"]),
    (r#"{"type": "Kaiming", "mode": "fan_avg"}"#, "29 .mode", &["'fan_avg'", "'fan_in', 'fan_out'"]),
    (r#"{"type": "Kaiming", "nonlinearity": "leaky-relu"}"#, "37 .nonlinearity", &["'leaky-relu'", "'relu', 'leaky_relu'", "did you mean 'leaky_relu'?"]),
    (r#"{"type": "Kaiming", "nonlinearity": 3}"#, "37 .nonlinearity", &["the integer 3", "'relu', 'leaky_relu'"]),
    (r#"{"type": "Pretrained", "checkpoint": 1}"#, "38 .checkpoint", &["the integer 1", "a string"]),
    // The bias.
    (r#"{"type": "Constant", "val": 1, "bias": "zero"}"#, "40 .bias", &["the string 'zero'", "a number"]),
    (r#"{"type": "Constant", "val": 1, "bias_prob": 1.5}"#, "45 .bias_prob", &["'bias_prob' is 1.5", "strictly between 0 and 1"]),
    (r#"{"type": "Constant", "val": 1, "bias_prob": 0}"#, "45 .bias_prob", &["'bias_prob' is 0", "strictly between 0 and 1"]),
    (r#"{"type": "Constant", "val": 1, "bias_prob": "0.01"}"#, "45 .bias_prob", &["the string '0.01'", "a number"]),
    // Layers and globs.
    (r#"{"type": "Constant", "val": 1, "layer": 3}"#, "41 .layer", &["the integer 3", "a string or a list of strings"]),
    (r#"{"type": "Constant", "val": 1, "layer": ["Conv2d", 3]}"#, "52 .layer[1]", &["the integer 3", "a string"]),
    (r#"{"type": "Constant", "val": 1, "layer": {"name": "Conv2d"}}"#, "41 .layer", &["a dict", "a string or a list of strings"]),
    (r#"{"type": "Constant", "val": 1, "params": 5}"#, "42 .params", &["the integer 5", "a string or a list of strings"]),
    // Overrides.
    (r#"{"type": "Constant", "val": 1, "override": "fc"}"#, "44 .override", &["the string 'fc'", "a dict or a list of dicts"]),
    (r#"{"type": "Constant", "val": 1, "override": {"type": "Constant", "val": 2}}"#, "44 .override", &["needs the key 'name'"]),
    (r#"{"type": "Constant", "val": 1, "override": {"name": "fc", "val": 2}}"#, "44 .override", &["needs the key 'type'", TYPES]),
    (r#"{"type": "Constant", "val": 1, "override": [{"name": "fc"}, {"nam": "fc"}]}"#, "62 .override[1].nam", &["unknown key 'nam' of an override", "did you mean 'name'?"]),
    (r#"{"type": "Constant", "val": 1, "override": {"name": "fc", "type": "Constant"}}"#, "44 .override", &["Constant needs the argument 'val'"]),
    (r#"{"type": "Constant", "val": 1, "override": {"name": "fc", "type": "Xavier", "override": {}}}"#, "77 .override.override", &["unknown key 'override' of a Xavier override", "'name'"]),
    (r#"{"type": "Constant", "val": 1, "override": {"name": 3}}"#, "53 .override.name", &["the integer 3", "a string"]),
    // Values that are no rule.
    (r#""Kaiming""#, "1 ", &["the string 'Kaiming'", "a dict"]),
    (r#"[{"type": "Xavier"}, "Kaiming"]"#, "22 [1]", &["the string 'Kaiming'", "a dict"]),
    (r#"[{"type": "Xavier"}, {}]"#, "22 [1]", &["needs the key 'type'", TYPES]),
    (r#"[[{"type": "Xavier"}]]"#, "2 [0]", &["a list", "a dict"]),
    // Texts that are no JSON.
    (r#"{"type": "Xavier", "layer": "Conv2d",}"#, "38 ", &["'}'", "a key"]),
    (r#"{"type": "Xavier" "layer": "Conv2d"}"#, "19 ", &["\"layer\"", "',' or '}'"]),
    (r#"{'type': 'Xavier'}"#, "2 ", &["single quote", "double quotes"]),
];

/// Looks at the message about a fault in `file`, whose `line` holds the rule from `column` on.
#[track_caller]
fn check(
    folder: &Folder,
    args: &[&str],
    [file, root]: [&str; 2],
    [line, shift]: [usize; 2],
    case: &Case,
) {
    let (rule, place, parts) = case;
    let answer = folder.run(args);
    let (column, path) = place.split_once(' ').unwrap();
    let column = column.parse::<usize>().unwrap() + shift;
    answer.refused(2, parts);
    let place = format!("--> {file}:{line}:{column} at {root}{path}\n");
    assert!(answer.stderr.contains(&place), "'{place}' of {rule} is not in {}", answer.stderr);
}

#[test]
fn in_a_file_of_rules() {
    let folder = Folder::new();
    for case in &CASES {
        folder.write("rules.json", format!("\n\n{}\n", case.0));
        let args = ["plan", "model.json", "--init-cfg", "rules.json"];
        check(&folder, &args, ["rules.json", "$"], [3, 0], case);
    }
}

#[test]
fn in_a_model() {
    let folder = Folder::new();
    for case in &CASES {
        let text = format!(
            "{{\"class\": \"Net\", \"children\": [\n{{\"name\": \"a\", \"class\": \"B\", \"init_weights\": \"module\", \
             \"init_cfg\":\n{}}}]}}",
            case.0
        );
        folder.write("model.json", text);
        let root = "$.children[0].init_cfg";
        check(&folder, &["plan", "model.json"], ["model.json", root], [3, 0], case);
    }
}

/// Every command that reads a model refuses it in the same words.
#[test]
fn by_every_command() {
    let folder = Folder::new();
    folder.init("m.safetensors", &[]);
    folder.write("model.json", MODEL.replace("\"std\": 0.01", "\"sdt\": 0.01"));
    let said = folder.run(&["plan", "model.json"]).stderr;
    for args in [
        &["init", "model.json", "--out", "new.safetensors"][..],
        &["explain", "model.json", "conv1.weight"],
        &["verify", "model.json", "m.safetensors"],
    ] {
        let answer = folder.run(args);
        answer.refused(2, &["did you mean 'std'?"]);
        assert_eq!(answer.stderr, said);
    }
    assert_eq!(folder.files(), ["m.safetensors", "model.json"]);
}

/// The command shows a fault as a compiler does: the line, and a mark under the fault.
#[test]
fn the_fault_is_marked_in_its_line() {
    let folder = Folder::new();
    folder.write("rules.json", "[\n  {\"type\": \"Normal\", \"sdt\": 0.01}\n]\n");
    let answer = folder.run(&["plan", "model.json", "--init-cfg", "rules.json"]);
    let expected = "\
error: unknown key 'sdt' of a Normal rule; allowed are 'type', 'layer', 'params', 'override', 'mean', 'std', 'bias', 'bias_prob'
 --> rules.json:2:22 at $[0].sdt
  |
2 |   {\"type\": \"Normal\", \"sdt\": 0.01}
  |                      ^^^^^
  = help: did you mean 'std'?
";
    assert_eq!(answer.stderr, expected);
}
