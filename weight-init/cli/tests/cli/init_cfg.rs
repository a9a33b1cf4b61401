//! init_cfg as mmengine takes it: truth values, class paths, scopes, and what a class reads by itself.

use serde_json::{Value, json};

use crate::run::Folder;

/// A module of this kind whose child `fc` is a Linear, with this init_cfg.
fn model(init_weights: &str, init_cfg: &Value) -> String {
    json!({
        "class": "Net", "bases": ["BaseModule"], "init_weights": init_weights, "init_cfg": init_cfg,
        "children": [{"name": "fc", "class": "Linear", "params": [
            {"name": "weight", "shape": [3, 2]}, {"name": "bias", "shape": [3]}]}]
    })
    .to_string()
}

/// The plan of the model, as JSON, and how the command ends with `--strict`.
fn plan(init_weights: &str, init_cfg: &Value) -> (Value, i32) {
    let folder = Folder::new();
    folder.write("m.json", model(init_weights, init_cfg));
    let answer = folder.done(&["plan", "m.json", "--format", "json"]);
    let strict = folder.run(&["plan", "m.json", "--format", "json", "--strict"]).code;
    (serde_json::from_str(&answer.stdout).unwrap(), strict)
}

/// Messages of the warnings that an init_cfg was read with.
fn doubts(plan: &Value) -> Vec<&str> {
    let warnings = plan["warnings"].as_array().unwrap().iter();
    warnings.filter(|w| w["kind"] == "doubtful").map(|w| w["message"].as_str().unwrap()).collect()
}

#[test]
fn truth_values_class_paths_and_scopes() {
    let (plan, code) = plan(
        "module",
        &json!({"type": "mmengine.model.TruncNormalInit", "layer": "Linear", "std": 1, "a": "-inf", "bias": false, "_scope_": "mmdet"}),
    );
    assert_eq!(plan["params"]["fc.weight"]["init"], "trunc_normal");
    assert_eq!(plan["params"]["fc.weight"]["args"]["a"], "-inf");
    assert_eq!(plan["params"]["fc.bias"]["args"]["val"], 0.0);
    assert_eq!((doubts(&plan), code), (vec![], 0));
}

#[test]
fn a_bias_that_is_true_is_one_and_probably_a_mistake() {
    let (plan, code) =
        plan("module", &json!([{"type": "Normal", "layer": "Linear", "bias": true}]));
    assert_eq!(plan["params"]["fc.bias"]["args"]["val"], 1.0);
    assert_eq!(
        doubts(&plan),
        [
            "the init_cfg of the model itself: rule 0 writes 1 to every bias, for a bias that is true is the number 1"
        ]
    );
    assert_eq!(code, 2);
}

#[test]
fn a_scoped_pretrained_takes_its_turn_in_the_list() {
    let rules = |pretrained| {
        json!([
            {"type": pretrained, "checkpoint": "w.pth"},
            {"type": "Constant", "val": 2, "layer": "Linear"}
        ])
    };
    let (last, _) = plan("module", &rules("Pretrained"));
    assert_eq!(last["params"]["fc.weight"]["init"], "pretrained");
    assert_eq!(doubts(&last), Vec::<&str>::new());
    for scoped in ["mmengine.Pretrained", "mmengine.model.weight_init.PretrainedInit"] {
        let (in_order, _) = plan("module", &rules(scoped));
        assert_eq!(in_order["params"]["fc.weight"]["init"], "constant");
        let doubts = doubts(&in_order);
        assert_eq!(doubts.len(), 1, "{doubts:?}");
        assert!(
            doubts[0].starts_with("rule 0 of the model itself loads its checkpoint in list order")
        );
    }
}

#[test]
fn a_class_with_its_own_init_weights_reads_its_init_cfg_as_it_likes() {
    for (init_cfg, remark, init) in [
        (
            json!({"checkpoint": "pvt.pth"}),
            "rule 0 is left out: a rule needs the key 'type'",
            "kaiming_uniform",
        ),
        (
            json!([{"type": "Xavier", "layer": "Linear", "temperature": 3}]),
            "rule 0 has the key 'temperature', which no initializer takes",
            "xavier_normal",
        ),
        (
            json!([{"type": "Mine"}, {"type": "Constant", "val": 1, "layer": "Linear"}]),
            "rule 0 is left out: 'Mine' is not an initializer",
            "constant",
        ),
    ] {
        let (lenient, _) = plan("custom", &init_cfg);
        let found = doubts(&lenient);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(
            "the init_cfg of the model itself is for its class to read (Net has an init_weights of its own): "
        ));
        assert!(found[0].contains(remark), "{found:?}");
        // A list of another kind of write is the constructor's, where no rule is left.
        let weight = &lenient["params"]["fc.weight"];
        let found = if weight["init"] == "untouched" {
            &weight["default"]["init"]
        } else {
            &weight["init"]
        };
        assert_eq!(found, init);

        let folder = Folder::new();
        folder.write("m.json", model("module", &init_cfg));
        assert_eq!(folder.run(&["plan", "m.json"]).code, 2, "{init_cfg}");
    }
}

#[test]
fn an_override_that_names_nothing_is_for_the_class_with_its_own_init_weights() {
    let init_cfg = json!({"type": "Normal", "layer": "Linear", "std": 0.5,
        "override": {"type": "Normal", "name": "atss_cls", "std": 0.01, "bias_prob": 0.01}});
    let (plan, code) = plan("custom", &init_cfg);
    assert_eq!(plan["params"]["fc.weight"]["args"]["std"], 0.5);
    let warnings = plan["warnings"].to_string();
    assert!(warnings.contains("override 0 ('atss_cls') of rule 0 (Normal)"), "{warnings}");
    assert_eq!(code, 2);
    let folder = Folder::new();
    folder.write("m.json", model("module", &init_cfg));
    assert_eq!(folder.run(&["plan", "m.json"]).code, 2);
}
