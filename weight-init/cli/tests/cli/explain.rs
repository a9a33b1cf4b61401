//! `explain`: everything that was considered, and who won.

use crate::run::Folder;

#[test]
fn the_winner_is_marked_among_all_that_was_considered() {
    let answer = Folder::new().done(&["explain", "model.json", "head.weight"]);
    assert_eq!(answer.stderr, "");
    let lines: Vec<_> =
        answer.stdout.lines().filter(|line| line.contains("the model itself, rule")).collect();
    assert_eq!(lines.len(), 4, "{}", answer.stdout);
    let expected = [
        ("-", "rule 0", "names neither Linear"),
        ("-", "rule 1", "names neither Linear"),
        ("+", "rule 2", "overwritten"),
        ("=>", "rule 2, override 0", "wins"),
    ];
    for (line, (mark, rule, reason)) in lines.iter().zip(expected) {
        assert!(line.trim_start().starts_with(mark), "{line}");
        assert!(line.contains(rule) && line.contains(reason), "{line}");
    }
    assert!(answer.stdout.contains("[4, 10] float64 in Linear"), "{}", answer.stdout);
    assert_eq!(answer.stdout.matches("=>").count(), 1);
}

#[test]
fn an_untouched_parameter_is_explained_by_its_constructor() {
    let folder = Folder::new();
    folder.write("rules.json", r#"{"type": "Xavier", "layer": "Conv2d"}"#);
    let args = ["explain", "model.json", "fc.weight", "--init-cfg", "rules.json"];
    let answer = folder.done(&args);
    assert!(answer.stdout.contains("untouched"), "{}", answer.stdout);
    assert!(!answer.stdout.contains("=>"), "{}", answer.stdout);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let folder = Folder::new();
    for (wrong, right) in [
        ("haed.weight", "head.weight"),
        ("head.wieght", "head.weight"),
        ("module.conv1.bias", "conv1.bias"),
    ] {
        let answer = folder.run(&["explain", "model.json", wrong]);
        answer.refused(2, &[&format!("'{wrong}'"), &format!("did you mean '{right}'?")]);
    }
    folder.run(&["explain", "model.json", "zzz"]).refused(2, &["'zzz'"]);
}

#[test]
fn a_buffer_is_no_parameter() {
    Folder::new().run(&["explain", "model.json", "bn1.running_mean"]).refused(2, &["running_mean"]);
}
