//! Input that means harm is refused with a sentence: no crash, no endless run, no memory without bounds.

use std::time::Duration;

use crate::run::{Answer, Folder, MODEL};

fn plan(text: impl AsRef<[u8]>) -> Answer {
    let folder = Folder::new();
    folder.write("model.json", text);
    folder.run(&["plan", "model.json"])
}

#[test]
fn a_million_levels() {
    const LEVELS: usize = 1_000_000;
    for text in [
        "[".repeat(LEVELS),
        "{\"children\":[".repeat(LEVELS),
        format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS)),
        format!("{{\"class\": \"Net\", \"init_cfg\": {}", "[".repeat(LEVELS)),
        format!("{{\"class\": \"Net\", \"value\": {}", "{\"a\":".repeat(LEVELS)),
    ] {
        plan(text).refused(2, &["deeper"]);
    }
}

#[test]
fn as_many_levels_as_can_be_read() {
    // Each layer stands in a list in a dict.
    let model = |levels: usize| {
        let open = r#"{"name": "a", "class": "Block", "init_weights": "module", "children": ["#;
        let leaf =
            r#"{"name": "a", "class": "Linear", "params": [{"name": "weight", "shape": [1, 1]}]}"#;
        format!("{}{leaf}{}", open.repeat(levels), "]}".repeat(levels))
    };
    let answer = plan(model(126));
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stdout.contains(&format!("{}weight", "a.".repeat(126))), "{answer:?}");
    plan(model(200)).refused(2, &["deeper"]);
}

#[test]
fn every_beginning_of_a_description() {
    let folder = Folder::new();
    for end in (0..MODEL.len()).step_by(13) {
        folder.write("model.json", &MODEL[..end]);
        folder.run(&["plan", "model.json"]).refused(2, &["model.json:"]);
    }
}

#[test]
fn shapes_beyond_all_bounds() {
    let text = |shape: &str| {
        format!(
            r#"{{"class": "Net", "init_weights": "module", "init_cfg": {{"type": "Xavier", "layer": "Net"}},
                "params": [{{"name": "weight", "shape": {shape}}}]}}"#
        )
    };
    for shape in [
        "[4294967296, 4294967296]",
        "[18446744073709551615, 2]",
        "[9223372036854775807, 9223372036854775807, 0, 9223372036854775808]",
        "[2305843009213693952]",
        "[3037000500, 3037000500]",
        "[-1, 2]",
        "[1.5]",
        "[\"3\"]",
        "[1e3]",
        "[99999999999999999999999]",
        "3",
        "null",
        "{}",
        "[[3]]",
    ] {
        let answer = plan(text(shape));
        // With a dimension of zero there is nothing to hold, however large the others are.
        if answer.code != 0 {
            answer.refused(2, &["model.json:"]);
        }
        assert!(answer.code != 0 || shape.contains(" 0,"), "{shape}: {answer:?}");
    }
}

/// A petabyte can be planned, but there is no disk for it: nothing is left behind.
#[cfg(target_os = "linux")]
#[test]
fn a_model_larger_than_every_disk() {
    let folder = Folder::new();
    let text = r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "layer": "Net"},
                   "params": [{"name": "weight", "shape": [1000000000, 250000]}]}"#;
    folder.write("model.json", text);
    folder.done(&["plan", "model.json"]);
    folder.run(&["init", "model.json", "--out", "/dev/full"]).refused(3, &["/dev/full"]);
}

#[test]
fn names_that_stand_twice_or_are_none() {
    let twice = |members: &str| format!(r#"{{"class": "Net", {members}}}"#);
    for members in [
        r#""params": [{"name": "w", "shape": [1]}, {"name": "w", "shape": [1]}]"#,
        r#""params": [{"name": "w", "shape": [1]}], "buffers": [{"name": "w", "shape": [1]}]"#,
        r#""params": [{"name": "w", "shape": [1]}], "children": [{"name": "w", "class": "Net"}]"#,
        r#""children": [{"name": "a", "class": "Net"}, {"name": "a", "class": "Net"}]"#,
    ] {
        plan(twice(members)).refused(2, &["model.json:1:", "already, on line 1"]);
    }
    for members in [
        r#""class": "Net""#,
        r#""children": [{"name": "", "class": "Net"}]"#,
        r#""children": [{"name": "a.b", "class": "Net"}]"#,
        r#""children": [{"class": "Net"}]"#,
        r#""params": [{"shape": [1]}]"#,
        r#""children": [{"name": "a", "same_as": ""}]"#,
        r#""children": [{"name": "a", "same_as": "a"}]"#,
        r#""children": [{"name": "a", "same_as": "nowhere"}]"#,
        r#""params": [{"name": "w", "same_as": "w"}]"#,
        r#""aliases": {"a": "nowhere"}"#,
        r#""aliases": {"a": ""}"#,
    ] {
        plan(twice(members)).refused(2, &["model.json:1:"]);
    }
}

#[test]
fn numbers_that_are_none() {
    for number in
        ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x10", "01", "+1", ".5", "1."]
    {
        let text = MODEL.replace("0.01", number);
        plan(text).refused(2, &["model.json:6:", "init_cfg[2]"]);
    }
}

#[test]
fn what_is_no_text() {
    plan("").refused(2, &["model.json:1:1"]);
    plan(b"\xff\xfe{\x00").refused(2, &["UTF-8"]);
    plan(MODEL.replace("Conv2d", "Conv\u{0}2d")).refused(2, &["model.json:"]);
    plan([b"PK\x03\x04".as_slice(), &[0; 100]].concat()).refused(2, &["model.json:"]);
    let mut latin = MODEL.as_bytes().to_vec();
    latin[20] = 0xe9;
    plan(latin).refused(2, &["UTF-8", "offset 20"]);
    // A byte order mark is no harm.
    let marked = plan(format!("\u{feff}{MODEL}"));
    assert_eq!(marked.code, 0, "{marked:?}");
}

/// Layers shared within shared layers: forty levels have 2⁴⁰ paths, and a file of a few kilobytes.
#[cfg(unix)]
#[test]
fn more_paths_than_can_be_walked() {
    let leaf =
        r#"{"name": "a", "class": "Linear", "params": [{"name": "weight", "shape": [1, 1]}]}"#;
    let model = (1..=40).rev().fold(leaf.to_owned(), |model, level| {
        let first = vec!["a"; level].join(".");
        format!(
            r#"{{"name": "a", "class": "Block", "init_weights": "module",
                 "init_cfg": {{"type": "Xavier", "layer": "Linear"}},
                 "children": [{model}, {{"name": "b", "same_as": "{first}"}}]}}"#
        )
    });
    let folder = Folder::new();
    folder.write("model.json", model);
    // A gigabyte has to do, and twenty seconds.
    let limited = r#"ulimit -v 1000000 && exec "$0" plan model.json"#;
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_weight-init")]);
    command.current_dir(folder.path("")).timeout(Duration::from_secs(20));
    Answer::of(&mut command).refused(2, &["same_as", "paths"]);
}

/// Cells of any length are padded: the formatter's own limit of 65535 does not apply.
#[test]
fn cells_of_any_length() {
    let folder = Folder::new();
    let class = "x".repeat(70_000);
    let shape = vec!["1"; 30_000].join(", ");
    let text = format!(
        r#"{{"class": "{class}", "init_weights": "module",
             "init_cfg": {{"type": "Pretrained", "checkpoint": "{class}.pth"}},
             "params": [{{"name": "weight", "shape": [1]}}],
             "children": [{{"name": "a", "class": "Net", "params": [{{"name": "weight", "shape": [{shape}]}}]}}]}}"#
    );
    folder.write("model.json", text);
    let answer = folder.run(&["plan", "model.json", "--pretrained", "assume"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stdout.contains(&format!("{class}.pth")) && answer.stdout.contains(&shape));
    let answer = folder.run(&["plan", "model.json", "--pretrained", "skip"]);
    assert!(answer.stdout.contains(&format!("unknown class {class}")), "{}", answer.stdout.len());
}

/// A name cannot add a row of its own to a table.
#[test]
fn names_of_several_lines_stay_on_one() {
    let folder = Folder::new();
    let text = r#"{"class": "Net", "params": [
        {"name": "a\nweight  [1]  float32  constant(val=9)  (model), rule 0", "shape": [1]}]}"#;
    folder.write("model.json", text);
    let answer = folder.done(&["plan", "model.json"]);
    assert!(answer.stdout.contains("\na\\nweight "), "{answer:?}");
}
