//! `plan`: the table, the JSON, warnings and `--strict`.

use serde_json::json;

use crate::run::{Answer, Folder, MODEL, TENSORS};

fn names() -> impl Iterator<Item = &'static str> {
    let is_param = |name: &&str| name.ends_with("weight") || name.ends_with("bias");
    TENSORS.into_iter().map(|(name, ..)| name).filter(is_param)
}

#[test]
fn the_table_has_a_line_for_every_parameter_in_model_order() {
    let answer = Folder::new().done(&["plan", "model.json"]);
    assert_eq!(answer.stderr, "");
    let lines = answer.stdout.lines().map(|line| line.split("  ").next().unwrap());
    assert!(lines.skip(1).take(8).eq(names()), "{}", answer.stdout);
    for part in [
        "kaiming_normal(a=0, mode=fan_out, nonlinearity=relu)",
        "constant(val=-4.59511985013459)",
        "xavier_uniform(gain=1)",
        "(model), rule 2, override 0",
        "8 parameters with 374 elements",
    ] {
        assert!(answer.stdout.contains(part), "{part} is not in {}", answer.stdout);
    }
    assert!(!answer.stdout.contains('\x1b'), "colours, though nobody looks");
}

#[test]
fn json_says_who_writes_what() {
    let answer = Folder::new().done(&["plan", "model.json", "--format", "json"]);
    assert_eq!(answer.stderr, "");
    let plan = answer.json();
    assert_eq!(plan["params"].as_object().unwrap().len(), 8);
    let places = names().map(|name| answer.stdout.find(&format!("\"{name}\"")).unwrap());
    assert!(places.is_sorted(), "{}", answer.stdout);
    assert_eq!(
        plan["params"]["conv1.weight"],
        json!({
            "init": "kaiming_normal",
            "args": {"a": 0.0, "mode": "fan_out", "nonlinearity": "relu"},
            "shape": [8, 3, 3, 3],
            "dtype": "float32",
            "by": {"module": "", "rule": 0, "override": null},
        })
    );
    assert_eq!(
        plan["params"]["head.weight"],
        json!({
            "init": "xavier_uniform",
            "args": {"gain": 1.0},
            "shape": [4, 10],
            "dtype": "float64",
            "by": {"module": "", "rule": 2, "override": 0},
        })
    );
    let rule =
        |rule, matched, won| json!({"module": "", "rule": rule, "matched": matched, "won": won});
    assert_eq!(plan["rules"], json!([rule(0, 2, 2), rule(1, 2, 2), rule(2, 4, 4)]));
    assert_eq!(plan["warnings"], json!([]));
}

#[test]
fn init_cfg_is_for_the_root_alone() {
    let folder = Folder::new();
    let text =
        r#"{"type": "Normal", "std": 0.5, "layer": "Conv2d", "override": {"name": "norm1"}}"#;
    folder.write("rules.json", text);
    let args = ["plan", "model.json", "--init-cfg", "rules.json", "--format", "json"];
    let plan = folder.done(&args).json();
    let params = &plan["params"];
    assert_eq!(params["conv1.weight"]["args"], json!({"mean": 0.0, "std": 0.5}));
    assert_eq!(params["bn1.weight"]["by"], json!({"module": "", "rule": 0, "override": 0}));
    for name in ["fc.weight", "fc.bias", "head.weight"] {
        assert_eq!(params[name]["init"], "untouched", "{name}");
        assert_eq!(params[name]["by"], json!(null), "{name}");
        assert!(params[name]["default"].is_object(), "{name}");
    }
}

#[test]
fn the_model_may_stand_under_a_key_and_come_from_standard_input() {
    let folder = Folder::new();
    let bare = folder.done(&["plan", "model.json"]);
    let model = String::from_utf8(folder.read("model.json")).unwrap();
    let text = format!("{{\"source\": \"a test\", \"model\": {model}}}");
    let piped = Answer::of(folder.command(&["plan", "-"]).write_stdin(text));
    assert_eq!((piped.code, piped.stdout, piped.stderr.as_str()), (0, bare.stdout, ""));
}

/// A rule that matches nothing, an override that never wins, an init_cfg out of reach.
const QUESTIONABLE: &str = r#"{
  "class": "Net", "init_weights": "module",
  "init_cfg": [{"type": "Xavier", "layer": "Conv3d"},
               {"type": "Constant", "val": 1, "override": {"name": "fc"}},
               {"type": "Constant", "val": 2, "layer": "Linear"}],
  "children": [
    {"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]},
    {"name": "seq", "class": "Sequential", "children": [
      {"name": "0", "class": "Block", "init_weights": "module", "init_cfg": {"type": "Xavier", "layer": "Linear"}}
    ]}
  ]
}"#;

#[test]
fn warnings_go_to_standard_error_and_into_the_json() {
    let folder = Folder::new();
    folder.write("questionable.json", QUESTIONABLE);
    let answer = folder.done(&["plan", "questionable.json", "--format", "json"]);
    let plan = answer.json();
    let warnings: Vec<_> = (plan["warnings"].as_array().unwrap().iter())
        .map(|warning| (warning["kind"].as_str().unwrap(), warning["module"].as_str().unwrap()))
        .collect();
    let expected =
        [("unmatched_rule", ""), ("override_never_won", ""), ("unreached_init_cfg", "seq.0")];
    assert_eq!(warnings, expected);
    let said: Vec<_> = answer.stderr.lines().collect();
    assert!(said.len() == 3 && said.iter().all(|line| line.starts_with("warning: ")), "{said:?}");
    for (line, warning) in said.iter().zip(plan["warnings"].as_array().unwrap()) {
        assert_eq!(line.strip_prefix("warning: "), warning["message"].as_str());
    }
}

#[test]
fn strict_makes_warnings_errors() {
    let folder = Folder::new();
    folder.write("questionable.json", QUESTIONABLE);
    let lenient = folder.done(&["plan", "questionable.json"]);
    let strict = folder.run(&["plan", "questionable.json", "--strict"]);
    assert_eq!((strict.code, strict.stdout), (2, lenient.stdout));
    assert!(strict.stderr.lines().all(|line| line.starts_with("error: ")), "{}", strict.stderr);

    folder.done(&["plan", "model.json", "--strict"]);
    let args = ["init", "questionable.json", "--out", "x.safetensors", "--strict"];
    assert_eq!(folder.run(&args).code, 2);
    assert!(!folder.path("x.safetensors").exists());
}

#[test]
fn a_config_of_classes_that_are_not_registered_says_how_to_describe_the_model() {
    let folder = Folder::new();
    folder.write(
        "retina.py",
        "model = dict(type='RetinaNet', backbone=dict(type='ResNet', depth=50))",
    );
    folder.run(&["plan", "retina.py"]).refused(
        2,
        &[
            "no class 'RetinaNet' is registered",
            "`weight-init describe > describe.py`",
            "`python describe.py mmengine:retina.py --out model.json`",
            "`weight-init plan model.json --config retina.py`",
        ],
    );
    folder.write("net.py", "model = dict(type='Module', a=dict(type='Conv2D'))");
    let answer = folder.run(&["plan", "net.py"]);
    answer.refused(2, &["did you mean 'Conv2d'?"]);
    assert!(!answer.stderr.contains("describe"), "{answer:?}");
    folder.write("net.py", "model = dict(type='Module', a=dict(type='SwinBlock'))");
    folder.run(&["plan", "net.py"]).refused(2, &["weight-init describe"]);
}

/// A class is spelt in the wrong case in a rule, in a description, and in an option.
#[test]
fn names_differ_in_case() {
    let folder = Folder::new();
    let text = |rule: &str, class: &str| {
        format!(
            r#"{{"class": "Net", "init_weights": "module",
                 "init_cfg": {{"type": "Normal", "layer": "{rule}", "override": {{"name": "fc"}}}},
                 "children": [{{"name": "conv", "class": "{class}", "params": [{{"name": "weight", "shape": [2, 2, 1, 1]}}]}},
                              {{"name": "fc", "class": "Linear", "params": [{{"name": "weight", "shape": [2, 2]}}]}}]}}"#
        )
    };
    folder.write("model.json", text("Conv2d", "Conv2D"));
    folder
        .run(&["init", "model.json", "--out", "m.safetensors"])
        .refused(2, &["conv.weight (Conv2D; did you mean 'Conv2d'?)"]);
    folder.write(
        "model.json",
        text("Conv2d", "Conv2d")
            .replace(r#""weight", "shape": [2, 2, 1, 1]"#, r#""gain", "shape": [2]"#),
    );
    folder
        .run(&["init", "model.json", "--out", "m.safetensors"])
        .refused(2, &["conv.gain (Conv2d); "]);
    folder.write(
        "model.json",
        text("Conv2D", "Conv2d").replace(r#", "override": {"name": "fc"}"#, ""),
    );
    let answer = folder.done(&["plan", "model.json"]);
    let expected = "matches no parameter: no layer is a 'Conv2D'; did you mean 'Conv2d'?";
    assert!(answer.stderr.contains(expected), "{answer:?}");
    folder.write("model.json", MODEL.replace(r#""type": "Kaiming""#, r#""type": "kaiming""#));
    folder.run(&["plan", "model.json"]).refused(2, &["did you mean 'Kaiming'?"]);
    folder.write("model.json", MODEL.replace(r#""init_cfg": ["#, r#""Init_Cfg": ["#));
    folder.run(&["plan", "model.json"]).refused(2, &["did you mean 'init_cfg'?"]);
    folder.write("model.json", MODEL);
    folder
        .run(&["explain", "model.json", "CONV1.Weight"])
        .refused(2, &["did you mean 'conv1.weight'?"]);
    folder.run(&["PLAN", "model.json"]).refused(2, &["'plan'"]);
    folder.run(&["plan", "model.json", "--STRICT"]).refused(2, &["'--strict'"]);
    folder.run(&["plan", "model.json", "--format", "JSON"]).refused(2, &["json"]);
}

#[test]
fn a_fault_between_model_and_rules_has_its_place() {
    let folder = Folder::new();
    let model = String::from_utf8(folder.read("model.json")).unwrap();
    folder.write(
        "model.json",
        model.replace(r#""name": "head", "type""#, r#""name": "haed", "type""#),
    );
    let answer = folder.run(&["plan", "model.json"]);
    answer.refused(2, &["'haed'", "model.json:7:", "init_cfg[2].override", "did you mean 'head'?"]);

    folder.write("rules.json", "[\n {\"type\": \"Xavier\", \"layer\": \"_BatchNorm\"}\n]");
    let answer = folder.run(&["plan", "model.json", "--init-cfg", "rules.json"]);
    answer.refused(2, &["rules.json:2:", "$[0]", "bn1.weight", "two or more dimensions"]);
}
