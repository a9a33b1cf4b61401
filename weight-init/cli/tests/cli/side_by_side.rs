//! `inspect A B` and `inspect --plot`: tensors beside each other, and their histograms.

use std::fmt::Write as _;

use serde_json::json;

use crate::pytorch::{self, Item};
use crate::run::{Folder, MODEL, TENSORS};

#[test]
fn figures_stand_beside_each_other() {
    let folder = Folder::new();
    folder.init("a.safetensors", &["--seed", "1"]);
    folder.init("b.safetensors", &["--seed", "2"]);
    // That they differ is no failure: 'diff' is for that.
    let answer = folder.done(&["inspect", "a.safetensors", "b.safetensors"]);
    assert_eq!(answer.stderr, "");
    let lines: Vec<_> = answer.stdout.lines().collect();
    assert!(
        lines[0].starts_with("A  a.safetensors (") && lines[1].starts_with("B  b.safetensors (")
    );
    let seed: Vec<_> = lines
        .iter()
        .find(|line| line.starts_with("weight_init.seed"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(seed, ["weight_init.seed", "1", "2"]);
    assert!(!answer.stdout.contains("weight_init.version"), "texts that both have are not said");
    let at = lines.iter().position(|line| line.starts_with("conv1.weight ")).unwrap();
    assert!(
        lines[at].contains(" 216 of 216, by up to ") && lines[at].contains("  A    [8, 3, 3, 3]"),
        "{answer:?}"
    );
    assert!(lines[at + 1].trim_start().starts_with("B    [8, 3, 3, 3]  F32"), "{answer:?}");
    let same = lines.iter().find(|line| line.starts_with("bn1.weight ")).unwrap();
    assert!(same.contains("  A=B  [8]"), "{same}");
    assert_eq!(lines.last(), Some(&"values 3, equal 8"));

    let json =
        folder.done(&["inspect", "a.safetensors", "b.safetensors", "--format", "json"]).json();
    assert_eq!(
        (&json["a"]["metadata"]["weight_init.seed"], &json["equal"]),
        (&json!("1"), &json!(8))
    );
    let pair = &json["tensors"][0];
    assert_eq!((&pair["differs"], &pair["values"]["elements"]), (&json!(["values"]), &json!(216)));
    assert_ne!(pair["a"]["mean"], pair["b"]["mean"]);
    let one = folder.done(&["inspect", "b.safetensors", "--format", "json"]).json();
    assert_eq!(pair["b"], one["tensors"][0]);
    let last = &json["tensors"][TENSORS.len() - 1];
    assert_eq!((&last["differs"], &last["values"]), (&json!([]), &json!(null)));
}

#[test]
fn what_one_has_alone_and_what_is_of_another_kind() {
    let folder = Folder::new();
    let of_a = [("w", Item::Ones(4)), ("of_a", Item::Ones(7)), ("s", Item::Ones(3))];
    let of_b = [("w", Item::Ones(4)), ("of_b", Item::Ones(5)), ("s", Item::Ones(2))];
    folder.write("a.pth", pytorch::file(&of_a));
    folder.write("b.pth", pytorch::file(&of_b));
    let table = folder.done(&["inspect", "a.pth", "b.pth"]).stdout;
    let words = |name: &str| -> Vec<&str> {
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        line.split("  ").map(str::trim).filter(|word| !word.is_empty()).take(4).collect()
    };
    assert_eq!(words("of_a"), ["of_a", "A only", "A", "[7]"], "{table}");
    assert_eq!(words("of_b"), ["of_b", "B only", "B", "[5]"], "{table}");
    assert_eq!(words("s"), ["s", "shape", "A", "[3]"], "{table}");
    assert_eq!(words("w"), ["w", "A=B", "[4]", "F32"], "{table}");
    assert!(table.ends_with("\nB only 1, A only 1, shape 1, equal 1\n"), "{table}");

    folder.init("m.safetensors", &[]);
    folder.init("half.safetensors", &["--dtype", "f16"]);
    let table = folder.done(&["inspect", "m.safetensors", "half.safetensors"]).stdout;
    let line = table.lines().find(|line| line.starts_with("conv1.weight ")).unwrap();
    assert!(line.contains("  dtype; ") && line.contains(" of 216, by up to "), "{table}");
    folder.run(&["inspect", "m.safetensors", "none.safetensors"]).refused(3, &["none.safetensors"]);
}

/// Folders of shards, files of PyTorch and of safetensors: whatever is inspected alone.
#[test]
fn every_format_stands_beside_every_other() {
    let folder = Folder::new();
    folder.init("m.safetensors", &[]);
    folder.done(&["init", "model.json", "--out", "hf", "--max-shard-size", "500KB"]);
    folder.done(&["init", "model.json", "--out", "parts", "--max-shard-size", "1KB"]);
    for (a, b) in [
        ("m.safetensors", "hf"),
        ("parts", "m.safetensors"),
        ("hf", "parts/model.safetensors.index.json"),
    ] {
        let table = folder.done(&["inspect", a, b]).stdout;
        assert!(table.ends_with("\nequal 11\n"), "{a} {b}: {table}");
        folder.done(&["inspect", a, b, "--plot", "both.svg"]);
        assert_eq!(drawn(&svg(&folder, "both.svg")), 11, "{a} {b}");
    }
    for file in ["m.safetensors", "hf", "parts"] {
        let answer = folder.done(&["inspect", file, "--plot", "one.svg"]);
        assert_eq!(answer.stderr, "wrote one.svg: 11 of 11 tensors\n", "{file}");
        assert_eq!(drawn(&svg(&folder, "one.svg")), 11, "{file}");
    }
    folder.write("w.pth", pytorch::file(&[("w", Item::Ones(4))]));
    folder.done(&["inspect", "w.pth", "--plot", "w.svg"]);
    assert_eq!(drawn(&svg(&folder, "w.svg")), 1);
}

/// A picture, whose elements are closed in the order in which they were opened, and load and run nothing.
#[track_caller]
fn svg(folder: &Folder, name: &str) -> String {
    let svg = String::from_utf8(folder.read(name)).unwrap();
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" ") && svg.ends_with("</svg>\n")
    );
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap();
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
        let name = tag.split_whitespace().next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{svg}"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
        assert!(["svg", "rect", "text", "g", "path"].contains(&name.trim_matches('/')), "{name}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!svg.contains("href"), "{svg}");
    svg
}

fn drawn(svg: &str) -> usize {
    svg.matches("<g ").count()
}

#[test]
fn a_picture_of_two_has_two_histograms_each() {
    let folder = Folder::new();
    folder.init("a.safetensors", &["--seed", "1"]);
    folder.init("b.safetensors", &["--seed", "2"]);
    folder.done(&["inspect", "a.safetensors", "--plot", "one.svg"]);
    folder.done(&["inspect", "a.safetensors", "b.safetensors", "--plot", "two.svg"]);
    let (one, two) = (svg(&folder, "one.svg"), svg(&folder, "two.svg"));
    assert_eq!(
        (
            one.matches("fill-opacity=\"0.55\" d=").count(),
            two.matches("fill-opacity=\"0.55\" d=").count()
        ),
        (11, 22)
    );
    assert!(one.contains("conv1.weight</text>") && one.contains("[8, 3, 3, 3] F32</text>"));
    assert_eq!(one, {
        folder.done(&["inspect", "a.safetensors", "--plot", "again.svg"]);
        svg(&folder, "again.svg")
    });
}

/// A module between the same others is another name of it.
#[test]
fn a_renamed_tensor_has_both_names_in_a_picture() {
    let folder = Folder::new();
    folder.init("a.safetensors", &[]);
    folder.write("model.json", MODEL.replace(r#""name": "fc""#, r#""name": "classifier""#));
    folder.init("b.safetensors", &[]);
    folder.done(&["inspect", "a.safetensors", "b.safetensors", "--plot", "two.svg"]);
    let picture = svg(&folder, "two.svg");
    assert!(picture.contains(">fc.weight | classifier.weight<"), "{picture}");
    assert!(picture.contains(">conv1.weight<"), "{picture}");
}

#[test]
fn names_in_a_picture_are_text() {
    let folder = Folder::new();
    let name = "</text><script>alert(1)</script>&\u{202e}\u{1b}\u{ffff}";
    let layer =
        json!({"name": name, "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]});
    folder.write("model.json", json!({"class": "Net", "children": [layer]}).to_string());
    folder.init("m.safetensors", &[]);
    folder.done(&["inspect", "m.safetensors", "--plot", "m.svg"]);
    assert!(svg(&folder, "m.svg").contains("&lt;/text&gt;&lt;script&gt;"));
}

#[test]
fn a_picture_is_bounded() {
    let folder = Folder::new();
    let mut model = String::from(r#"{"class": "Net", "children": ["#);
    for layer in 0..3000 {
        let (comma, rows) = (if layer == 0 { "" } else { "," }, 2 + usize::from(layer >= 2900));
        let _ = write!(
            model,
            r#"{comma}{{"name": "layer{layer}", "class": "Linear", "params": [{{"name": "weight", "shape": [{rows}, 2]}}]}}"#
        );
    }
    folder.write("model.json", model + "]}");
    folder.init("m.safetensors", &[]);
    let answer = folder.done(&["inspect", "m.safetensors", "--plot", "m.svg"]);
    assert_eq!(answer.stderr, "wrote m.svg: 400 of 3000 tensors\n");
    let picture = svg(&folder, "m.svg");
    assert!(drawn(&picture) == 400 && picture.len() < 600_000, "{}", picture.len());
    assert!(picture.contains(">layer2999.weight<"), "the largest are drawn");
}

#[test]
fn a_picture_that_cannot_be_written() {
    let folder = Folder::new();
    folder.init("m.safetensors", &[]);
    let before = folder.read("m.safetensors");
    for name in ["m.safetensors", "m.png", "m", "-"] {
        folder.run(&["inspect", "m.safetensors", "--plot", name]).refused(2, &["--plot", ".svg"]);
    }
    assert_eq!(folder.read("m.safetensors"), before);
    folder.run(&["inspect", "m.safetensors", "--plot", "none/m.svg"]).refused(3, &["none"]);
}

/// Numbers at the ends of their range, none at all, and none that is finite.
#[test]
fn odd_numbers_have_a_picture() {
    use safetensors::tensor::{Dtype, TensorView};

    let folder = Folder::new();
    let rows: [(&str, &[f64]); 6] = [
        ("wide", &[f64::MIN, 0.0, f64::MAX]),
        ("narrow", &[0.0, 5e-324]),
        ("one", &[3.0]),
        ("equal", &[0.0; 5]),
        ("odd", &[f64::NAN, f64::INFINITY]),
        ("none", &[]),
    ];
    let write = |file: &str, rows: &[(&str, &[f64])]| {
        let bytes: Vec<Vec<u8>> = rows
            .iter()
            .map(|(_, row)| row.iter().flat_map(|x| x.to_le_bytes()).collect())
            .collect();
        let views = rows.iter().zip(&bytes).map(|((name, row), bytes)| {
            (*name, TensorView::new(Dtype::F64, vec![row.len()], bytes).unwrap())
        });
        folder.write(file, safetensors::serialize(views.collect::<Vec<_>>(), None).unwrap());
    };
    write("a.safetensors", &rows);
    // Each beside another one: of a file without any number, of the widest range.
    let mut others = rows;
    others.rotate_left(1);
    let names = rows.iter().map(|(name, _)| *name);
    let others: Vec<_> = names.zip(others).map(|(name, (_, row))| (name, row)).collect();
    write("b.safetensors", &others);
    folder.done(&["inspect", "a.safetensors", "--plot", "one.svg"]);
    assert_eq!(drawn(&svg(&folder, "one.svg")), 4);
    folder.done(&["inspect", "a.safetensors", "b.safetensors", "--plot", "two.svg"]);
    assert_eq!(drawn(&svg(&folder, "two.svg")), 5);
}
