//! `initializers`: what the declarations say.

use crate::run::Folder;

#[test]
fn the_table_has_every_type_with_its_defaults() {
    let answer = Folder::new().done(&["initializers"]);
    assert_eq!(answer.stderr, "");
    let line = |name: &str| {
        let found = answer.stdout.lines().find(|line| line.starts_with(name));
        found.unwrap_or_else(|| panic!("{name}: {}", answer.stdout)).to_owned()
    };
    assert!(line("Constant").contains("val  "), "{}", answer.stdout);
    assert!(line("TruncNormal").contains("mean=0, std=1, a=-2, b=2"), "{}", answer.stdout);
    assert!(line("Xavier").ends_with("Variance gain²·2/(fan_in + fan_out)."), "{}", answer.stdout);
    assert!(line("Pretrained").contains("checkpoint, prefix, map_location, key"));
}

#[test]
fn a_page_tells_arguments_and_paper() {
    let page = Folder::new().done(&["initializers", "Kaiming"]).stdout;
    for expected in [
        "Kaiming(a=0, mode=fan_out, nonlinearity=relu, distribution=normal, fan=torch, parts=1)",
        "Variance gain²/fan.",
        "Delving deep into rectifiers, ICCV 2015, https://arxiv.org/abs/1502.01852.",
        "mode          fan_in, fan_out",
        "Which fan scales the variance.",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(
        !page.contains("weight_init_core"),
        "examples in Rust are for its documentation: {page}"
    );
    assert!(Folder::new().done(&["initializers", "Caffe2Xavier"]).stdout.contains("Kaiming with"));
    assert!(Folder::new().done(&["initializers", "Pretrained"]).stdout.contains("checkpoint"));
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let answer = Folder::new().run(&["initializers", "kaimming"]);
    answer.refused(2, &["'kaimming' is not an initializer", "did you mean 'Kaiming'?"]);
}
