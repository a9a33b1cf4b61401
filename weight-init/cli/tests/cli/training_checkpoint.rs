//! Pretrained rules and what people have: checkpoints of training, state dicts under other keys, names with other beginnings.

use crate::pretrained::{RULE, checkpoint};
use crate::pytorch::{self, Item};
use crate::run::Folder;

/// A model of one layer, called `backbone`, with a rule for the root and one for the layer.
fn nested(root: &str, below: &str) -> String {
    let rules = |rule: &str| match rule {
        "" => String::new(),
        rule => format!(r#""init_cfg": {rule},"#),
    };
    format!(
        r#"{{"class": "Net", "init_weights": "module", {} "children": [
             {{"name": "backbone", "class": "Linear", "init_weights": "module", {}
               "params": [{{"name": "weight", "shape": [2]}}, {{"name": "bias", "shape": [3]}}]}}]}}"#,
        rules(root),
        rules(below)
    )
}

const INIT: [&str; 4] = ["init", "model.json", "--out", "m.safetensors"];

#[test]
fn a_training_checkpoint_is_loaded_whatever_is_beside_the_weights() {
    let folder = Folder::new();
    folder.write("model.json", nested(&RULE.replace("net.safetensors", "net.pth"), ""));
    let weights = [("backbone.weight", Item::Ones(2)), ("backbone.bias", Item::Ones(3))];
    let file = pytorch::file(&[
        ("meta", Item::Object("mmengine.logging.history_buffer", "HistoryBuffer")),
        ("state_dict", Item::Dict(&weights)),
    ]);
    folder.write("net.pth", file);
    let answer = folder.done(&INIT);
    assert!(answer.stderr.contains("2 tensors loaded, everything matches"), "{answer:?}");
    // Where a parameter is such an object, the rule that wants it is named, and nothing is written.
    let object = Item::Object("torch._utils", "_rebuild_qtensor");
    folder.write(
        "net.pth",
        pytorch::file(&[("backbone.weight", object), ("backbone.bias", Item::Ones(3))]),
    );
    std::fs::remove_file(folder.path("m.safetensors")).unwrap();
    let parts = [
        "holds 'backbone.weight' as an object of 'torch._utils._rebuild_qtensor', which is not read",
        "nothing in a file is run",
        "model.json:1",
    ];
    folder.run(&INIT).refused(2, &parts);
    assert!(!folder.path("m.safetensors").exists());
}

#[test]
fn a_key_names_one_of_several_state_dicts() {
    let folder = Folder::new();
    let of = |bias| [("backbone.weight", Item::Ones(2)), ("backbone.bias", Item::Ones(bias))];
    folder.write("one.pth", pytorch::file(&[("model_state", Item::Dict(&of(3)))]));
    let several = [("generator", Item::Dict(&of(3))), ("discriminator", Item::Dict(&of(4)))];
    folder.write("several.pth", pytorch::file(&several));
    let rule =
        |file: &str, key: &str| format!(r#"{{"type": "Pretrained", "checkpoint": "{file}"{key}}}"#);
    folder.write("model.json", nested(&rule("one.pth", ""), ""));
    let answer = folder.done(&INIT);
    assert!(
        answer.stderr.contains("key 'model_state', which mmengine does not look for"),
        "{answer:?}"
    );

    folder.write("model.json", nested(&rule("several.pth", ""), ""));
    let parts = ["'generator' (2 tensors), 'discriminator' (2 tensors)", "--checkpoint-key KEY"];
    folder.run(&INIT).refused(2, &parts);
    let with = |key| [INIT.as_slice(), &["--checkpoint-key", key]].concat();
    let answer = folder.done(&with("generator"));
    assert!(answer.stderr.contains("2 tensors loaded, everything matches"), "{answer:?}");
    folder.done(&["verify", "model.json", "m.safetensors", "--checkpoint-key", "generator"]);
    let plan = ["plan", "model.json", "--checkpoint-key", "discriminator"];
    let answer = folder.done(&plan);
    assert!(answer.stdout.contains("1 of another shape: backbone.bias"), "{answer:?}");
    folder.run(&with("generatr")).refused(2, &["did you mean 'generator'?"]);
    folder.done(&["explain", "model.json", "backbone.weight", "--checkpoint-key", "generator"]);

    // A rule's own key goes before the option.
    for model in [
        nested(&rule("several.pth", r#", "key": "generator""#), ""),
        nested("", &rule("several.pth", r#", "key": "generator", "prefix": "backbone""#)),
        nested(
            &format!(
                r#"{{"type": "Constant", "val": 1, "override": {}}}"#,
                rule(
                    "several.pth",
                    r#", "name": "backbone", "key": "generator", "prefix": "backbone""#
                )
            ),
            "",
        ),
    ] {
        folder.write("model.json", &model);
        let answer = folder.done(&with("discriminator"));
        assert!(
            answer.stderr.contains("2 tensors loaded, everything matches"),
            "{model} {answer:?}"
        );
        let plan = ["plan", "model.json", "--format", "json"];
        assert_eq!(folder.done(&plan).json()["checkpoints"][0]["key"], "generator");
    }
    // An export says that mmengine does not know it.
    let answer = folder.done(&["config", "model.json", "--format", "yaml"]);
    assert!(answer.stderr.contains("mmengine refuses a rule that has it"), "{answer:?}");
    folder.write("model.json", nested(&rule("several.pth", r#", "key": 3"#), ""));
    folder.run(&INIT).refused(2, &["the key of a Pretrained rule is a text", "model.json:1"]);
    folder.write("model.json", nested(r#"{"type": "Constant", "val": 1, "key": "a"}"#, ""));
    folder.run(&INIT).refused(2, &["unknown key 'key' of a Constant rule"]);
    // Rules for the root alone have keys too.
    folder.write("model.json", nested("", ""));
    folder.write("rules.json", rule("several.pth", r#", "key": "generator""#));
    let answer = folder.done(&[INIT.as_slice(), &["--init-cfg", "rules.json"]].concat());
    assert!(answer.stderr.contains("key 'generator'"), "{answer:?}");
}

#[test]
fn a_load_that_matches_nothing_says_what_would_match() {
    let folder = Folder::new();
    let tensors: [(&str, &[usize], f32); 2] =
        [("module.model.weight", &[2], 1.0), ("module.model.bias", &[3], 1.0)];
    checkpoint(&folder, "net.safetensors", &tensors);
    folder.write("model.json", nested("", RULE));
    let answer = folder.run(&["plan", "model.json"]);
    let advice = "nothing matches; prefix='module.model.' would match 2 tensors: in the checkpoint 'module.model.' stands \
                  before their names, and must be stripped";
    assert!(answer.stdout.contains(advice), "{answer:?}");
    let plan = folder.run(&["plan", "model.json", "--format", "json"]).json();
    let expected = serde_json::json!({"prefix": "module.model.", "tensors": 2});
    assert_eq!(plan["checkpoints"][0]["advice"], expected);
    folder.write("model.json", nested("", &RULE.replace('}', r#", "prefix": "module.model."}"#)));
    let answer = folder.run(&["plan", "model.json"]);
    assert!(answer.stdout.contains("2 tensors loaded, everything matches"), "{answer:?}");

    // The other way round, the rule belongs to another module.
    checkpoint(&folder, "net.safetensors", &[("weight", &[2], 1.0), ("bias", &[3], 1.0)]);
    folder.write("model.json", nested(RULE, ""));
    let answer = folder.run(&["plan", "model.json"]);
    let advice = "nothing matches; a rule in the init_cfg of 'backbone' would match 2 tensors";
    assert!(answer.stdout.contains(advice), "{answer:?}");
    folder.write("model.json", nested("", RULE));
    let answer = folder.run(&["plan", "model.json"]);
    assert!(answer.stdout.contains("2 tensors loaded, everything matches"), "{answer:?}");

    // Names that fit but for their shapes are no advice, nor is a file that has nothing of it.
    checkpoint(&folder, "net.safetensors", &[("a.weight", &[9], 1.0), ("b", &[3], 1.0)]);
    let answer = folder.run(&["plan", "model.json"]);
    assert!(
        answer.stdout.contains("0 tensors loaded") && !answer.stdout.contains("nothing matches")
    );
}
