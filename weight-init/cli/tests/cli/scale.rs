//! Very many small things take no more than their number: nothing is held against everything else.

use std::time::Duration;

use crate::run::{Answer, Folder};

#[test]
fn a_hundred_thousand_parameters() {
    let params: Vec<_> =
        (0..100_000).map(|i| format!(r#"{{"name": "p{i}", "shape": [1]}}"#)).collect();
    let folder = Folder::new();
    let text = format!(r#"{{"class": "Net", "params": [{}]}}"#, params.join(","));
    folder.write("model.json", text);
    // Fifteen seconds are plenty, unless every name is held against every other.
    for args in [
        &["init", "model.json", "--out", "m.safetensors", "--unknown", "ones"][..],
        &["verify", "model.json", "m.safetensors", "--unknown", "ones"],
        &["inspect", "m.safetensors"],
    ] {
        let answer = Answer::of(folder.command(args).timeout(Duration::from_secs(15)));
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.stderr);
    }
}

#[test]
fn many_names_and_a_bad_glob() {
    let folder = Folder::new();
    // A rule for each of many classes, and a glob that takes long to match badly.
    let layers: Vec<_> = (0..20_000).map(|i| format!("\"Class{i}\"")).collect();
    let glob = "*a".repeat(200);
    folder.write("rules.json", format!(
        r#"[{{"type": "Constant", "val": 1, "layer": [{}]}}, {{"type": "Constant", "val": 1, "params": "{glob}"}}]"#,
        layers.join(",")
    ));
    let name = "a".repeat(300);
    folder.write(
        "model.json",
        format!(r#"{{"class": "Net", "params": [{{"name": "{name}b", "shape": [1]}}]}}"#),
    );
    folder.done(&["plan", "model.json", "--init-cfg", "rules.json"]);
}

/// A hundred thousand rules and ten thousand globs for ten thousand parameters: a look at each of a billion pairs takes
/// minutes.
#[test]
fn many_rules_and_globs_for_many_parameters() {
    let layer = |i| {
        format!(
            r#"{{"name": "{i}", "class": "Linear", "bases": ["L{i}"],
                "params": [{{"name": "weight", "shape": [2, 2]}}, {{"name": "bias", "shape": [2]}}]}}"#
        )
    };
    let layers: Vec<_> = (0..5_000).map(layer).collect();
    let folder = Folder::new();
    folder
        .write("model.json", format!(r#"{{"class": "Net", "children": [{}]}}"#, layers.join(",")));
    let rules = |count, key: &dyn Fn(usize) -> String| {
        let rule = |i| format!(r#"{{"type": "Constant", "val": 1, {}}}"#, key(i));
        format!("[{}]", (0..count).map(rule).collect::<Vec<_>>().join(","))
    };
    let cases = [
        ("classes", rules(100_000, &|i| format!(r#""layer": "L{i}""#)), 10_000),
        ("one class", rules(100_000, &|_| r#""layer": "Linear""#.to_owned()), 10_000),
        ("globs", rules(10_000, &|i| format!(r#""params": "*{i}.weight""#)), 5_000),
    ];
    for (name, text, written) in cases {
        folder.write("rules.json", text);
        let args = ["plan", "model.json", "--init-cfg", "rules.json", "--format", "json"];
        let answer = Answer::of(folder.command(&args).timeout(Duration::from_secs(30)));
        assert_eq!(answer.code, 0, "{name}: {}", answer.stderr);
        let by_rules = answer.stdout.matches(r#""by": {"#).count();
        assert_eq!(by_rules, written, "{name}");
    }
}

/// What a parameter takes of memory from the text to the table or the JSON: about a kilobyte, with its share of the values,
/// the model and the plan. Twice that, as each of them once took alone, does not fit.
#[cfg(target_os = "linux")]
#[test]
fn a_parameter_takes_a_kilobyte() {
    let linear = |i| {
        format!(
            r#"{{"name": "{i}", "class": "Linear",
                "params": [{{"name": "weight", "shape": [4, 4]}}, {{"name": "bias", "shape": [4]}}]}}"#
        )
    };
    let block = |b| {
        let layers: Vec<_> = (0..100).map(linear).collect();
        format!(r#"{{"name": "b{b}", "class": "Block", "children": [{}]}}"#, layers.join(","))
    };
    let blocks: Vec<_> = (0..1000).map(block).collect();
    let folder = Folder::new();
    let text = format!(
        r#"{{"class": "Net", "init_weights": "module", "init_cfg": {{"type": "Kaiming", "layer": "Linear"}},
            "children": [{}]}}"#,
        blocks.join(",")
    );
    folder.write("model.json", text);
    // 200 000 parameters, and what the program takes without any.
    let limited =
        r#"ulimit -v 400000; ulimit -t 30; exec "$0" plan model.json --all --format "$1" > plan"#;
    for format in ["table", "json"] {
        let mut command = assert_cmd::Command::new("sh");
        command.args(["-c", limited, env!("CARGO_BIN_EXE_weight-init"), format]);
        let answer = Answer::of(command.current_dir(folder.path("")));
        assert_eq!(answer.code, 0, "{format}: {}", answer.stderr);
        let plan = String::from_utf8(folder.read("plan")).unwrap();
        assert_eq!(plan.matches(".bias").count(), 100_000, "{format}");
    }
}

/// The classes of a layer are held once, not by each of the modules above it that have rules: by all of them they would take
/// 800 MB.
#[cfg(target_os = "linux")]
#[test]
fn many_bases_below_many_modules_with_rules() {
    let bases: Vec<_> = (0..200_000).map(|i| format!("\"B{i}\"")).collect();
    let mut layer = format!(
        r#"{{"name": "fc", "class": "Linear", "bases": [{}], "params": [{{"name": "weight", "shape": [2]}}]}}"#,
        bases.join(",")
    );
    for module in 0..100 {
        layer = format!(
            r#"{{"name": "m", "class": "M", "init_weights": "module", "children": [{layer}],
                "init_cfg": {{"type": "Constant", "val": {module}, "layer": "B7"}}}}"#
        );
    }
    let folder = Folder::new();
    folder.write("model.json", layer);
    let limited = r#"ulimit -v 400000; ulimit -t 30; exec "$0" plan model.json --format json"#;
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_weight-init")]);
    let answer = Answer::of(command.current_dir(folder.path("")));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    // The innermost module's rule is the first that was made, and the last to write.
    assert!(answer.stdout.contains(r#""val": 0.0"#), "{}", answer.stdout);
}
