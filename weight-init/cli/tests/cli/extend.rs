//! `extend`: rules of a config that add to the module's own; and types by the names that configs give them.

use crate::run::Folder;

/// A model whose neck has rules of its own.
const NECK: &str = r#"{"class": "Net", "bases": ["BaseModule"], "init_weights": "module", "children": [
  {"name": "neck", "class": "Neck", "bases": ["BaseModule"], "init_weights": "module",
   "init_cfg": [{"type": "Kaiming", "layer": "Conv2d"}, {"type": "Constant", "val": 1, "layer": "_BatchNorm"}],
   "children": [
    {"name": "conv", "class": "Conv2d", "bases": ["_ConvNd"], "params": [{"name": "weight", "shape": [8, 3, 3, 3]}]},
    {"name": "bn", "class": "BatchNorm2d", "bases": ["_BatchNorm"], "params": [{"name": "weight", "shape": [8]}]},
    {"name": "fc", "class": "Linear", "bases": ["Module"], "params": [{"name": "weight", "shape": [4, 8]}]}]}]}"#;

/// The same two rules in every format.
const ADDED: [(&str, &str); 4] = [
    (
        "config.py",
        "model = dict(neck=dict(init_cfg=[
            dict(type='HeNormal', layer='Linear', extend=True),
            dict(type='Constant', val=0, layer='_BatchNorm', extend=True)]))",
    ),
    (
        "config.json",
        r#"{"model": {"neck": {"init_cfg": [
            {"type": "HeNormal", "layer": "Linear", "extend": true},
            {"type": "Constant", "val": 0, "layer": "_BatchNorm", "extend": true}]}}}"#,
    ),
    (
        "config.toml",
        "[[model.neck.init_cfg]]\ntype = 'HeNormal'\nlayer = 'Linear'\nextend = true\n
         [[model.neck.init_cfg]]\ntype = 'Constant'\nval = 0\nlayer = '_BatchNorm'\nextend = true\n",
    ),
    (
        "config.yaml",
        "model:
  neck:
    init_cfg:
    - {type: HeNormal, layer: Linear, extend: true}
    - {type: Constant, val: 0, layer: _BatchNorm, extend: true}
",
    ),
];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.json", NECK);
    for (name, text) in ADDED {
        folder.write(name, text);
    }
    folder
}

#[test]
fn rules_of_any_format_come_after_those_of_the_module() {
    let folder = folder();
    for (config, _) in ADDED {
        let args = ["--config", config];
        let plan = folder.done(&[&["plan", "model.json", "--strict"], &args[..]].concat()).stdout;
        for (name, init, by) in [
            ("conv", "kaiming_normal(a=0, mode=fan_out, nonlinearity=relu)", "neck, rule 0"),
            ("bn", "constant(val=0)", "neck, rule 3"),
            (
                "fc",
                "variance_scaling(scale=2, mode=fan_in, distribution=truncated_normal",
                "neck, rule 2",
            ),
        ] {
            let start = format!("neck.{name}.weight ");
            let row = plan.lines().find(|row| row.starts_with(&start)).unwrap();
            assert!(row.contains(init) && row.ends_with(by), "{config}: {row}");
        }
        let explain = [&["explain", "model.json", "neck.bn.weight"], &args[..]].concat();
        let explained = folder.done(&explain).stdout;
        assert!(explained.contains("+ neck, rule 1: constant(val=1) — writes"), "{explained}");
        assert!(explained.contains("=> neck, rule 3: constant(val=0) — wins"), "{explained}");
        folder.done(&[&["init", "model.json", "--out", "net.safetensors"], &args[..]].concat());
        folder.done(&[&["verify", "model.json", "net.safetensors"], &args[..]].concat());
    }
}

#[test]
fn the_written_name_of_a_type_stands_beside_its_initializer() {
    let folder = folder();
    let args = ["--config", "config.py"];
    let plan = folder.done(&[&["plan", "model.json"], &args[..]].concat()).stdout;
    assert!(plan.contains("neck, rule 2  HeNormal = VarianceScaling  "), "{plan}");
    assert!(plan.contains("neck, rule 3  Constant  "), "{plan}");
    let explained =
        folder.done(&[&["explain", "model.json", "neck.fc.weight"], &args[..]].concat());
    assert_eq!(
        explained.stdout.matches("HeNormal = variance_scaling(scale=2, ").count(),
        2,
        "{explained:?}"
    );

    // Also in overrides, in rules for the root alone, and in warnings.
    folder.write(
        "rules.py",
        "init_cfg = dict(type='normal_', layer='Conv3d', override=[dict(name='neck', type='zeros_'), dict(name='neck')])",
    );
    let args = ["--init-cfg", "rules.py"];
    let answer = folder.done(&[&["plan", "model.json"], &args[..]].concat());
    assert!(answer.stdout.contains("rule 0  normal_ = Normal  "), "{answer:?}");
    let warned = "override 0 ('neck') of rule 0 (normal_) of the model itself never wins";
    assert!(answer.stderr.contains(warned), "{answer:?}");
    let explained =
        folder.done(&[&["explain", "model.json", "neck.fc.weight"], &args[..]].concat());
    let lines = [
        "rule 0, override 0: zeros_ = constant(val=0) — writes, but is overwritten",
        "rule 0, override 1: normal_ = normal(mean=0, std=1) — wins",
        "written by (model), rule 0, override 1: normal_ = normal(",
    ];
    for line in lines {
        assert!(explained.stdout.contains(line), "{line}: {explained:?}");
    }
}

#[test]
fn an_error_is_shown_in_the_text_of_its_rule() {
    let folder = folder();
    let plan = ["plan", "model.json", "--config", "wrong.py"];
    let added = |rule: &str| format!("model = dict(neck=dict(init_cfg={rule}))");
    folder.write(
        "wrong.py",
        added("dict(type='Normal', layer='Linear', override=dict(name='cnv'), extend=True)"),
    );
    folder
        .run(&plan)
        .refused(2, &["wrong.py:1:", "at $.model.neck.init_cfg.override", "did you mean 'conv'?"]);
    folder.write("wrong.py", added("dict(type='Xavier', layer='_BatchNorm', extend=True)"));
    folder
        .run(&plan)
        .refused(2, &["wrong.py:1:", "at $.model.neck.init_cfg", "neck.bn.weight of shape [8]"]);

    folder.write(
        "model.json",
        NECK.replace(r#""val": 1"#, r#""val": 1, "override": [{"name": "bm"}]"#),
    );
    folder.write("wrong.py", added("dict(type='Normal', layer='Linear', extend=True)"));
    folder.run(&plan).refused(
        2,
        &["model.json:3:", "at $.children[0].init_cfg[1].override[0]", "did you mean 'bn'?"],
    );
}

#[test]
fn rules_agree_whether_they_add() {
    let folder = folder();
    let plan = ["plan", "model.json", "--config", "wrong.py"];
    for (rules, parts) in [
        (
            "[dict(type='Normal', extend=True), dict(type='Constant', val=0)]",
            [
                "rule 0 adds to the module's own init_cfg (extend = true), and rule 1 does not",
                "at $.model.neck.init_cfg[1]",
            ],
        ),
        (
            "[dict(type='Normal'), dict(type='Constant', val=0, extend=True)]",
            [
                "rule 1 adds to the module's own init_cfg (extend = true), and rule 0 does not",
                "at $.model.neck.init_cfg[1].extend",
            ],
        ),
        (
            "dict(type='Normal', extend=1)",
            ["'extend' is true or false, found an integer", "at $.model.neck.init_cfg.extend"],
        ),
        (
            "dict(type='Normal', extend=None)",
            ["'extend' is true or false, found null", "at $.model.neck.init_cfg.extend"],
        ),
        ("dict(extend=True)", ["a rule of nothing but 'extend' adds nothing", "give it a 'type'"]),
        (
            "dict(type='Normal', override=dict(name='fc', type='Normal', extend=True))",
            [
                "unknown key 'extend' of a Normal override",
                "at $.model.neck.init_cfg.override.extend",
            ],
        ),
    ] {
        folder.write("wrong.py", format!("model = dict(neck=dict(init_cfg={rules}))"));
        folder.run(&plan).refused(2, &["wrong.py:1:", parts[0], parts[1]]);
    }
    // `extend=False` says what is so without it.
    folder.write("right.py", "model = dict(neck=dict(init_cfg=[dict(type='Normal', layer='Linear', extend=False), dict(type='Zeros')]))");
    let answer = folder.done(&["plan", "model.json", "--config", "right.py"]);
    assert!(
        answer.stdout.contains("neck, rule 0") && !answer.stdout.contains("neck, rule 2"),
        "{answer:?}"
    );
}

#[test]
fn rules_for_the_root_alone_have_nothing_to_add_to() {
    let folder = folder();
    let plan = ["plan", "model.json", "--init-cfg", "rules.json"];
    folder.write("rules.json", r#"[{"type": "Normal", "layer": "Linear", "extend": true}]"#);
    let parts = [
        "rules.json:1:",
        "at $[0].extend",
        "no module's own runs beside these rules",
        "leave 'extend' out",
    ];
    folder.run(&plan).refused(2, &parts);
    folder.write("rules.json", r#"{"type": "Normal", "layer": "Linear", "extend": false}"#);
    folder.done(&plan);
}

#[test]
fn a_module_without_rules_gets_these() {
    let folder = folder();
    let text =
        "model = dict(type='Module', init_cfg=dict(type='Ones', layer='Linear', extend=True),
        fc=dict(type='Linear', in_features=2, out_features=2))";
    folder.write("net.py", text);
    let answer = folder.done(&["plan", "net.py", "--strict"]);
    assert!(answer.stdout.contains("constant(val=1)  (model), rule 0"), "{answer:?}");
}

#[test]
fn a_class_that_reads_its_init_cfg_itself_is_warned_of_what_is_wrong() {
    let folder = folder();
    folder.write(
        "model.json",
        NECK.replace(
            r#""class": "Neck", "bases": ["BaseModule"], "init_weights": "module""#,
            r#""class": "Neck", "bases": ["BaseModule"], "init_weights": "custom""#,
        ),
    );
    let plan = ["plan", "model.json", "--config", "added.py"];
    let added = |rules: &str| {
        folder.write("added.py", format!("model = dict(neck=dict(init_cfg={rules}))"))
    };
    added("[dict(type='Normal', layer='Linear', extend=True), dict(type='Nrmal', extend=True)]");
    let answer = folder.done(&plan);
    assert!(answer.stdout.contains("neck, rule 2"), "{answer:?}");
    assert!(
        answer.stderr.contains("rule 3 is left out: 'Nrmal' is not an initializer"),
        "{answer:?}"
    );
    added("[dict(type='Normal', layer='Linear', extend='yes')]");
    let answer = folder.done(&plan);
    assert!(answer.stderr.contains("'extend' is true or false, found a string"), "{answer:?}");
    assert!(!answer.stdout.contains("neck, rule 1"), "{answer:?}");
}

#[test]
fn an_export_says_that_mmengine_does_not_know_it() {
    let folder = folder();
    let answer = folder.done(&["config", "config.py", "--format", "json"]);
    assert!(answer.stdout.contains(r#""extend": true"#), "{answer:?}");
    assert!(
        answer.stderr.contains("the 'extend' of a rule is weight-init's own; mmengine refuses"),
        "{answer:?}"
    );
    folder.write("plain.py", "model = dict(init_cfg=dict(type='Normal'), extend=True)");
    let answer = folder.done(&["config", "plain.py", "--format", "json"]);
    assert_eq!(answer.stderr, "");
}
