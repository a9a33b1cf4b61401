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
