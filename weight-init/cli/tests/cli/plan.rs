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
fn a_glob_names_a_parameter_and_not_the_bias_of_a_layer() {
    let folder = Folder::new();
    let text = r#"[{"type": "Constant", "val": 2, "layer": "Linear", "params": "*.head.bias", "bias": 5},
                   {"type": "Constant", "val": 3, "params": "fc.bias"}]"#;
    folder.write("rules.json", text);
    let args = ["plan", "model.json", "--init-cfg", "rules.json", "--format", "json"];
    let params = &folder.done(&args).json()["params"];
    for (name, val) in [("fc.weight", 2.0), ("fc.bias", 3.0), ("head.bias", 2.0)] {
        assert_eq!(params[name]["args"], json!({"val": val}), "{name}");
    }
    assert_eq!(params["head.bias"]["by"]["params"], 0);

    folder.write("rules.json", r#"{"type": "Kaiming", "params": "fc.*"}"#);
    let answer = folder.run(&["plan", "model.json", "--init-cfg", "rules.json"]);
    answer.refused(2, &["rules.json:1:", "fc.bias of shape [10]", "two or more dimensions"]);
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

#[test]
fn what_is_not_known_is_a_warning_and_in_the_json() {
    let folder = Folder::new();
    let text = r#"{"class": "Mystery", "params": [{"name": "weight", "shape": [2]}],
                   "buffers": [{"name": "state", "shape": [3]}, {"name": "index", "shape": [1], "value": 0}]}"#;
    folder.write("model.json", text);
    let answer = folder.done(&["plan", "model.json", "--format", "json"]);
    let kinds: Vec<_> = (answer.json()["warnings"].as_array().unwrap().iter())
        .map(|warning| warning["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["unknown_params", "unknown_buffers"]);
    assert_eq!(answer.json()["unknown_buffers"], json!(["state"]));
    let table = folder.done(&["plan", "model.json"]);
    for part in
        ["1 parameter of classes", "weight (Mystery)", "content of 1 buffer", "state (Mystery)"]
    {
        assert!(table.stderr.contains(part), "{part}: {table:?}");
    }
    assert!(table.stdout.contains("2 buffers, 1 of unknown content"), "{table:?}");
    let settled = folder.done(&["plan", "model.json", "--unknown", "ones", "--strict"]);
    assert_eq!(settled.stderr, "");
}

/// Models of every kind that `init --strict` looks at, and whether it takes them.
#[test]
fn strict_refuses_what_init_would_refuse() {
    let folder = Folder::new();
    let linear = |more: &str| {
        format!(
            r#"{{"class": "Linear", {more} "params": [{{"name": "weight", "shape": [2, 3]}}]}}"#
        )
    };
    let net = |more: &str| {
        format!(
            r#"{{"class": "Net", {more} "children": [{{"name": "fc", "class": "Linear",
                 "params": [{{"name": "weight", "shape": [2, 3]}}]}}]}}"#
        )
    };
    let number = |dtype: &str, value: &str| {
        linear(&format!(
            r#""buffers": [{{"name": "x", "shape": [1], "dtype": "{dtype}", "value": {value}}}],"#
        ))
    };
    let pretrained = r#""init_weights": "module", "init_cfg": {"type": "Pretrained", "checkpoint": "absent.pth"},"#;
    for (model, more, accepted) in [
        (linear(""), &[][..], true),
        (linear(r#""rewrites": true,"#), &[], false),
        (linear(r#""rewrites": true,"#), &["--unknown", "zeros"], true),
        (linear(r#""buffers": [{"name": "x", "shape": [1]}],"#), &[], false),
        (linear(r#""buffers": [{"name": "x", "shape": [1]}],"#), &["--unknown", "ones"], true),
        (net(""), &[], false),
        (net(""), &["--unknown", "ones"], false),
        (net(r#""rewrites": false,"#), &[], true),
        (net(r#""rewrites": false, "init_cfg": {"type": "Constant", "val": 1},"#), &[], false),
        (number("bool", "2"), &[], false),
        (number("int8", "-128"), &[], true),
        (number("float16", "1e6"), &[], false),
        (number("float32", "1e6"), &[], true),
        (number("float32", "1e6"), &["--dtype", "f16"], false),
        (linear(pretrained), &[], false),
        (linear(pretrained), &["--pretrained", "skip"], true),
    ] {
        folder.write("model.json", &model);
        let plan = folder.run(&[&["plan", "model.json", "--strict"][..], more].concat());
        let init = ["init", "model.json", "--out", "m.safetensors", "--strict"];
        let init = folder.run(&[&init[..], more].concat());
        assert_eq!(init.code == 0, accepted, "{model}: {init:?}");
        assert_eq!(plan.code == 0, accepted, "{model}: {plan:?}");
    }
}

#[test]
fn code_that_nobody_describes_is_one_short_warning() {
    let folder = Folder::new();
    // Three hundred blocks of a hundred classes.
    let block = |i: usize| {
        format!(
            r#"{{"name": "b{i}", "class": "Block{}", "children": [
                 {{"name": "conv", "class": "Conv2d", "params": [{{"name": "weight", "shape": [2, 2, 1, 1]}}]}},
                 {{"name": "fc", "class": "Linear", "params": [{{"name": "weight", "shape": [2, 2]}}]}},
                 {{"name": "norm", "class": "LayerNorm", "params": [{{"name": "weight", "shape": [2], "value": 1}}]}}]}}"#,
            i % 100
        )
    };
    let blocks = |from, to| (from..to).map(block).collect::<Vec<_>>().join(",");
    let text = format!(
        r#"{{"class": "Net", "init_weights": "module", "init_cfg": {{"type": "Kaiming", "layer": "Conv2d"}},
             "children": [{{"name": "list", "class": "ModuleList", "children": [{}]}},
               {{"name": "head", "class": "Head", "init_weights": "custom", "children": [{}]}}]}}"#,
        blocks(0, 200),
        blocks(200, 300)
    );
    folder.write("model.json", &text);
    let answer = folder.done(&["plan", "model.json", "--format", "json"]);
    let plan = answer.json();
    assert_eq!(plan["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&plan["warnings"][0]["kind"], &plan["warnings"][0]["module"]),
        (&json!("own_code"), &json!(""))
    );
    let message = plan["warnings"][0]["message"].as_str().unwrap();
    // Below the head everything but what has a value; elsewhere what no rule writes.
    for part in [
        "the constructors of Net, Block0, Block1, Block2 and 97 more may change 200 parameters that no rule writes",
        "the init_weights of Head may change 200 parameters after all rules",
        "\"rewrites\": false",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(message.len() < 500, "{message}");
    let overwritten = |name: &str| plan["params"][name]["may_be_overwritten_by"].clone();
    assert_eq!(overwritten("list.b0.conv.weight"), json!(null));
    assert_eq!(overwritten("list.b7.fc.weight"), json!("Block7"));
    assert_eq!(overwritten("list.b7.norm.weight"), json!(null));
    assert_eq!(overwritten("head.b200.conv.weight"), json!("Head"));
    let init = folder.done(&["init", "model.json", "--out", "m.safetensors"]);
    assert!(init.stderr.starts_with(&format!("warning: {message}\n")), "{init:?}");
    let why = |name: &str| folder.done(&["explain", "model.json", name]).stdout;
    assert!(why("list.b7.fc.weight").contains("the constructor of the class Block7"));
    assert!(why("head.b200.fc.weight").contains("head has its own init_weights"));
    assert!(!why("list.b0.conv.weight").contains("note"));

    // Somebody has looked at every class.
    let looked = text.replace(r#""class": "#, r#""rewrites": false, "class": "#);
    folder.write("model.json", looked);
    assert_eq!(folder.done(&["plan", "model.json", "--strict"]).stderr, "");
}

/// A layer that a class shares with others is that class's to change, on whichever path it comes first.
#[test]
fn code_of_a_class_reaches_what_it_shares() {
    let folder = Folder::new();
    let model = |more: &str| {
        format!(
            r#"{{"class": "Sequential", "children": [
                 {{"name": "0", "class": "Linear", "params": [{{"name": "weight", "shape": [2, 2]}}]}},
                 {{"name": "1", "class": "Tied", {more} "children": [{{"name": "fc", "same_as": "0"}}]}}]}}"#
        )
    };
    folder.write("model.json", model(""));
    let said = folder.done(&["plan", "model.json"]).stderr;
    assert!(said.contains("the constructors of Tied may change 1 parameter"), "{said}");
    folder.write("model.json", model(r#""rewrites": false,"#));
    assert_eq!(folder.done(&["plan", "model.json", "--strict"]).stderr, "");
}

#[test]
fn what_our_own_registry_builds_has_no_code_of_its_own() {
    let folder = Folder::new();
    let model = |more: &str| {
        format!(
            r#"{{"type": "Module", "class_name": "Net", "fc": {{"type": "Linear", "in_features": 2, "out_features": 2}},
                 "head": {{"type": "Module", "class_name": "Head"{more},
                           "fc": {{"type": "Linear", "in_features": 2, "out_features": 2}}}}}}"#
        )
    };
    folder.write("model.json", model(""));
    assert_eq!(folder.done(&["plan", "model.json", "--strict"]).stderr, "");
    folder.write("model.json", model(r#", "custom": true"#));
    let answer = folder.done(&["plan", "model.json"]);
    assert!(
        answer.stderr.contains("the init_weights of Head may change 2 parameters after all rules"),
        "{answer:?}"
    );
}

#[test]
fn keys_about_classes_are_checked_at_their_place() {
    let folder = Folder::new();
    for (keys, path, parts) in [
        (r#""rewrites": 1,"#, "$.rewrites", &["true or false", "found 1"][..]),
        (r#""mro": "Linear","#, "$.mro", &["a list", "the string 'Linear'"]),
        (r#""padding_idx": 3,"#, "$.padding_idx", &["3 is no row of the weight, which has 3"]),
        (r#""padding_idx": -4,"#, "$.padding_idx", &["-4 is no row"]),
        (r#""padding_idx": 0.5,"#, "$.padding_idx", &["the number of a row", "found 0.5"]),
        (r#""padding": 1,"#, "$.padding", &["did you mean 'padding_idx'?"]),
    ] {
        folder.write(
            "model.json",
            format!(r#"{{"class": "Embedding", {keys} "params": [{{"name": "weight", "shape": [3, 2]}}]}}"#),
        );
        folder.run(&["plan", "model.json"]).refused(2, parts);
        folder.run(&["plan", "model.json"]).refused(2, &[path, "model.json:1:"]);
    }
    // Below a layer that has the attribute and no weight.
    folder.write("model.json", r#"{"class": "Text", "padding_idx": 9, "rewrites": null}"#);
    folder.done(&["plan", "model.json"]);
    for index in ["3", "-4", "\"0\"", "0.5"] {
        folder.write(
            "model.json",
            format!(r#"{{"type": "EmbeddingBag", "num_embeddings": 3, "embedding_dim": 2, "padding_idx": {index}}}"#),
        );
        folder.run(&["plan", "model.json"]).refused(2, &["$.padding_idx", "row"]);
    }
}

#[test]
fn a_padding_row_is_told() {
    let folder = Folder::new();
    let text = r#"{"class": "Embedding", "padding_idx": -1, "params": [{"name": "weight", "shape": [3, 2]}]}"#;
    folder.write("model.json", text);
    let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
    let expected = json!({"init": "normal", "args": {"mean": 0.0, "std": 1.0}, "zero_row": 2});
    assert_eq!(plan["params"]["weight"]["default"], expected);
    let said = "normal(mean=0, std=1), row 2 zero";
    assert!(folder.done(&["plan", "model.json"]).stdout.contains(said));
    assert!(folder.done(&["explain", "model.json", "weight"]).stdout.contains(said));
}
