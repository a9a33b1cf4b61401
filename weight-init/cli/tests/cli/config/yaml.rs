//! YAML as PyYAML reads it, and of version 1.2.

use crate::run::{Folder, json};

#[test]
fn the_version_is_a_choice() {
    let folder = Folder::new();
    folder.write("a.yaml", "lr: 1e-4\nflip: yes\nmode: 010\ntime: 1:30\n");
    assert_eq!(
        folder.done(&["config", "a.yaml"]).json().to_string(),
        json(r#"{"lr":"1e-4","flip":true,"mode":8,"time":90}"#)
    );
    assert_eq!(
        folder.done(&["config", "a.yaml", "--yaml", "1.2"]).json().to_string(),
        json(r#"{"lr":0.0001,"flip":"yes","mode":10,"time":"1:30"}"#)
    );
    folder.run(&["config", "a.yaml", "--yaml", "2"]).refused(2, &["--yaml"]);
    folder.write("net.yaml", "{class: Net, init_cfg: {type: Constant, val: 010, layer: Linear}, init_weights: module, children: [\n  {name: fc, class: Linear, params: [{name: weight, shape: [2, 2]}]}\n]}");
    let plan = |more: &[&str]| {
        let plan = folder.done(&[&["plan", "net.yaml", "--format", "json"], more].concat()).json();
        plan["params"]["fc.weight"]["args"]["val"].clone()
    };
    assert_eq!((plan(&[]), plan(&["--yaml", "1.2"])), (8.0.into(), 10.0.into()));
}

#[test]
fn faults_are_shown_where_they_are() {
    let folder = Folder::new();
    let cases: [(&str, &[&str]); 9] = [
        ("a: 1\nb: c: d", &["a.yaml:2:5", "needs quotes"]),
        ("a: [1, 2\nb: 3", &["a.yaml:2:", "stands behind a value in brackets"]),
        ("é: 'x\ny: 1\n", &["a.yaml:1:4", "the quote is not closed"]),
        ("a: 1\n b: 2", &["a.yaml:2:3"]),
        ("a: &x 1\nb: *y", &["a.yaml:2:4", "no anchor 'y'"]),
        ("a: \u{1}", &["a.yaml:1:4", "has no place in YAML"]),
        ("a: 1\na: 2", &["a.yaml:2:1", "duplicate key 'a'"]),
        ("a: |x\n  b", &["a.yaml:1:5", "next line"]),
        ("a:\n\t- 1", &["a.yaml:2:1", "a tab"]),
    ];
    for (text, parts) in cases {
        folder.write("a.yaml", text);
        folder.run(&["config", "a.yaml"]).refused(2, parts);
    }
}
