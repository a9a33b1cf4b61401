//! No text of a file acts on the terminal of the person who reads the command's output about it.

use crate::run::{Answer, Folder};

/// Colours, a bell, the beginning of the line and the next one, text from right to left, an 8-bit control sequence, and
/// what shows nothing: as JSON spells them in a name.
const EVIL: &str =
    r"\u001b[31mw\u0007\r\nforged\u202e\u2066\u009b\u007f\u061c\u200b\ufeff\udb40\udc41";

/// A model of this class with a parameter and a module with evil names.
fn folder(class: &str) -> Folder {
    let folder = Folder::new();
    let text = format!(
        r#"{{"class": "{class}", "bases": ["Evil"], "init_weights": "module",
            "init_cfg": {{"type": "Normal", "layer": "Evil", "bias": 1}},
            "params": [{{"name": "{EVIL}", "shape": [1]}}, {{"name": "weight", "shape": [2, 2]}}],
            "children": [{{"name": "{EVIL}m", "class": "{EVIL}", "init_weights": "module",
                           "init_cfg": {{"type": "Xavier", "layer": "{EVIL}"}}}}]}}"#
    );
    folder.write("model.json", text);
    folder
}

#[track_caller]
fn is_harmless(answer: &Answer) {
    for text in [&answer.stdout, &answer.stderr] {
        let evil = [
            '\x1b',
            '\x07',
            '\r',
            '\u{202e}',
            '\u{2066}',
            '\u{9b}',
            '\u{7f}',
            '\u{61c}',
            '\u{200b}',
            '\u{feff}',
            '\u{e0041}',
        ];
        assert!(!text.contains(evil), "{answer:?}");
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{answer:?}");
    }
}

#[test]
fn the_table_of_a_plan_and_its_warnings() {
    let answer = folder("Net").done(&["plan", "model.json"]);
    assert!(answer.stdout.contains("[31mw") && answer.stderr.contains("matches no parameter"));
    is_harmless(&answer);
}

#[test]
fn an_explanation() {
    let folder = folder(EVIL);
    let answer = folder.done(&["explain", "model.json", "weight"]);
    assert!(answer.stdout.contains("[31mw"), "{answer:?}");
    is_harmless(&answer);
    is_harmless(&folder.run(&["explain", "model.json", "\x1b[31mv\x07\r\u{202e}\u{9b}"]));
}

#[test]
fn what_init_cannot_do() {
    let answer = folder("Net").run(&["init", "model.json", "--out", "m.safetensors"]);
    assert!(answer.code == 2 && answer.stderr.contains("[31mw"), "{answer:?}");
    is_harmless(&answer);
}

#[test]
fn a_checkpoint_and_how_it_differs() {
    let folder = folder("Net");
    let init = ["init", "model.json", "--out", "m.safetensors", "--unknown", "ones"];
    is_harmless(&folder.done(&init));
    let answer = folder.done(&["inspect", "m.safetensors"]);
    assert!(answer.stdout.contains("[31mw"), "{answer:?}");
    is_harmless(&answer);

    let mut bytes = folder.read("m.safetensors");
    let data = 8 + usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    bytes[data] ^= 1;
    folder.write("m.safetensors", bytes);
    let answer = folder.run(&["verify", "model.json", "m.safetensors", "--unknown", "ones"]);
    assert!(answer.code == 1 && answer.stdout.contains("[31mw"), "{answer:?}");
    is_harmless(&answer);
}

#[test]
fn a_diagnostic_and_the_line_that_it_shows() {
    let folder = Folder::new();
    folder.write("model.json", format!(r#"{{"class": "Net", "{EVIL}": 1}}"#));
    let answer = folder.run(&["plan", "model.json"]);
    answer.refused(2, &["model.json:1:", "[31mw"]);
    is_harmless(&answer);
    // As they are, not as JSON spells them.
    folder.write("model.json", "{\"class\": \"Net\", \u{202e} \u{9b} \x1b[31m: 1}");
    let answer = folder.run(&["plan", "model.json"]);
    answer.refused(2, &["model.json:1:"]);
    is_harmless(&answer);
}

#[cfg(unix)]
#[test]
fn the_name_of_a_file() {
    let folder = Folder::new();
    is_harmless(&folder.run(&["plan", "\x1b[31m\r.json"]));
    is_harmless(&folder.run(&["inspect", "\x1b[31m\r.safetensors"]));
    is_harmless(&folder.run(&["init", "model.json", "--out", "\x1b[31m\r/m.safetensors"]));
    folder.write("\x1b[31m\r.json", "{");
    is_harmless(&folder.run(&["plan", "\x1b[31m\r.json"]));
}

#[test]
fn json_and_other_formats() {
    let folder = folder(EVIL);
    folder.done(&["init", "model.json", "--out", "m.safetensors", "--unknown", "ones"]);
    let name: String = serde_json::from_str(&format!("\"{EVIL}\"")).unwrap();
    let plan = folder.done(&["plan", "model.json", "--format", "json"]);
    is_harmless(&plan);
    assert!(plan.json()["params"][&name].is_object(), "{plan:?}");
    let inspection = folder.done(&["inspect", "m.safetensors", "--format", "json"]);
    is_harmless(&inspection);
    assert_eq!(inspection.json()["tensors"][0]["name"], name.as_str());
    let same = folder.done(&["config", "model.json"]);
    for format in ["json", "toml", "yaml"] {
        let written = folder.done(&["config", "model.json", "--format", format]);
        is_harmless(&written);
        let file = format!("written.{format}");
        folder.write(&file, &written.stdout);
        assert_eq!(folder.done(&["config", &file]).json(), same.json(), "{format}");
    }
}
