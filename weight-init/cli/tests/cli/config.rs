//! `config`, `--config` and models that are built from a config.

mod packages;
mod scopes;
mod values;
mod yaml;

use crate::run::Folder;

const BASE: &str = "\
norm = dict(type='BN', requires_grad=True)
model = dict(
    head=dict(init_cfg=dict(type='Constant', val=1, layer='Linear')),
    neck=dict(type='FPN', norm_cfg=norm))
lr = 0.01 / 2
";

const CHILD: &str = "\
_base_ = ['./base.py']
model = dict(neck=dict(_delete_=True, type='PAFPN', scale=float('inf')), extra=None)
sizes = [(2**i, f'{i:02d}') for i in range(2)]
first, *rest = {{_base_.lr}}, 'a', 'b'
";

fn configs() -> Folder {
    let folder = Folder::new();
    folder.write("base.py", BASE);
    folder.write("child.py", CHILD);
    folder
}

#[test]
fn a_config_is_evaluated_with_its_base() {
    let folder = configs();
    let answer = folder.done(&["config", "child.py"]);
    assert_eq!(
        answer.stdout,
        r#"{
  "norm": {
    "type": "BN",
    "requires_grad": true
  },
  "model": {
    "head": {
      "init_cfg": {
        "type": "Constant",
        "val": 1,
        "layer": "Linear"
      }
    },
    "neck": {
      "type": "PAFPN",
      "scale": 1e9999
    },
    "extra": null
  },
  "lr": 0.005,
  "sizes": [
    [1, "00"],
    [2, "01"]
  ],
  "first": 0.005,
  "rest": ["a", "b"]
}
"#
    );
    let yaml = folder.done(&["config", "child.py", "--format", "yaml"]).stdout;
    assert!(yaml.contains("  neck:\n    type: PAFPN\n    scale: .inf\n  extra: null\n"), "{yaml}");
    assert!(yaml.contains("sizes:\n  - - 1\n    - \"00\"\n"), "{yaml}");
    let toml = folder.done(&["config", "child.py", "--format", "toml"]).stdout;
    assert!(toml.contains("[model.neck]\ntype = \"PAFPN\"\nscale = inf\n"), "{toml}");
    assert!(toml.contains("extra = { __null__ = true }\n"), "{toml}");
}

#[test]
fn what_is_printed_reads_back() {
    let folder = configs();
    for format in ["json", "yaml", "toml"] {
        let text = folder.done(&["config", "child.py", "--format", format]).stdout;
        let name = format!("again.{format}");
        folder.write(&name, &text);
        assert_eq!(folder.done(&["config", &name, "--format", format]).stdout, text);
    }
}

#[test]
fn errors_show_the_line_of_the_file_or_of_its_base() {
    let folder = configs();
    folder.write("bad.py", "_base_ = 'base.py'\nmodel = dict(\n    neck=_base_.model.nek)\n");
    folder.run(&["config", "bad.py"]).refused(
        2,
        &[
            "the dict has no key 'nek'",
            "bad.py:3:23",
            "neck=_base_.model.nek)",
            "did you mean 'neck'?",
        ],
    );
    folder.write("text.py", "_base_ = 'base.py'\n'{{_base_.lr}}'  # {{_base_.lr}}\na = {{_base_.lr}}\nb = 'x/{{_base_.lr}}'");
    folder.run(&["config", "text.py"]).refused(2, &["text.py:4:5", "write f'{_base_.x}'"]);
    folder.write("base.py", "x = [1, 2\n");
    folder.run(&["config", "child.py"]).refused(2, &["base.py:"]);
    folder.write("lost.py", "_base_ = './bse.py'\n");
    folder
        .run(&["config", "lost.py"])
        .refused(2, &["lost.py:1:10", "no base './bse.py'", "'base.py'"]);
    folder.run(&["config", "none.py"]).refused(3, &["none.py"]);
    folder.run(&["config", "config.ini"]).refused(2, &["the suffix is not .py"]);
}

#[test]
fn the_init_cfg_of_a_config_are_laid_onto_a_description() {
    let folder = configs();
    let model = r#"{"class": "Net", "init_weights": "module", "children": [
        {"name": "head", "class": "Head", "bases": ["BaseModule"], "init_weights": "module", "children": [
            {"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]}]},
        {"name": "neck", "class": "Neck"}]}"#;
    folder.write("model.json", model);
    let plan = ["plan", "model.json", "--config", "child.py", "--format", "json"];
    let answer = folder.done(&plan).json();
    assert_eq!(answer["params"]["head.fc.weight"]["by"]["module"], "head");
    assert_eq!(answer["params"]["head.fc.weight"]["args"]["val"], 1.0);

    let explained =
        folder.done(&["explain", "model.json", "head.fc.weight", "--config", "child.py"]);
    assert!(explained.stdout.contains("constant(val=1)"), "{explained:?}");
    folder.done(&["init", "model.json", "--config", "child.py", "--out", "a.safetensors"]);
    folder.done(&["verify", "model.json", "a.safetensors", "--config", "child.py"]);
    assert_eq!(folder.run(&["verify", "model.json", "a.safetensors"]).code, 1);

    folder.write(
        "other.py",
        "model = dict(heads=dict(init_cfg=dict(type='Xavier', layer='Linear')))",
    );
    folder.run(&["plan", "model.json", "--config", "other.py"]).refused(
        2,
        &["no layer 'heads'", "other.py:1:34 at $.model.heads.init_cfg", "did you mean 'head'?"],
    );
    folder.write("wrong.py", "model = dict(head=dict(init_cfg=dict(type='Constant', val=1,\n    override=dict(name='cf'))))");
    folder
        .run(&["plan", "model.json", "--config", "wrong.py"])
        .refused(2, &["'cf'", "wrong.py:2:14 at $.model.head.init_cfg.override"]);
    folder.write("none.py", "x = 1");
    folder.run(&["plan", "model.json", "--config", "none.py"]).refused(2, &["no 'model'"]);
}

#[test]
fn a_file_without_suffix_is_json() {
    let folder = Folder::new();
    folder.write("pipe", folder.read("model.json"));
    assert_eq!(folder.done(&["plan", "pipe"]).stdout, folder.done(&["plan", "model.json"]).stdout);
}

#[test]
fn rules_for_the_root_come_from_any_format() {
    let folder = Folder::new();
    folder.write("rules.py", "init_cfg = [dict(type='Constant', val=v, layer=l) for v, l in [(1, 'Linear'), (2, 'Conv2d')]]");
    folder.write(
        "rules.yaml",
        "- {type: Constant, val: 1, layer: Linear}\n- {type: Constant, val: 2, layer: Conv2d}\n",
    );
    let plan = |rules| {
        folder.done(&["plan", "model.json", "--init-cfg", rules, "--format", "json"]).stdout
    };
    assert_eq!(plan("rules.py"), plan("rules.yaml"));
    folder.write("rules.py", "init_cfg = dict(\n    type='Xavir', layer='Linear')");
    folder
        .run(&["plan", "model.json", "--init-cfg", "rules.py"])
        .refused(2, &["rules.py:2:10 at $.init_cfg.type", "'Xavier'"]);
}

#[test]
fn bases_beside_the_folder_are_read_where_the_layout_is_openmmlabs() {
    let folder = Folder::new();
    for inner in ["nets/_base_", "nets/small", "other"] {
        std::fs::create_dir_all(folder.path(inner)).unwrap();
    }
    folder.write("nets/_base_/default.py", "x = 1");
    folder.write("nets/small/net.py", "_base_ = '../_base_/default.py'");
    folder.write("nets/small/out.py", "_base_ = '../../other/away.py'");
    folder.write("other/away.py", "y = 2");
    // From another working folder, so that only the layout tells.
    let run = |file: &str, more: &[&str]| {
        let path = folder.path(file);
        Folder::new().run(&[&["config", path.to_str().unwrap()], more].concat())
    };
    assert_eq!(run("nets/small/net.py", &[]).json()["x"], 1);
    run("nets/small/out.py", &[]).refused(2, &["outside of", "--config-root"]);
    let root = folder.path("");
    assert_eq!(run("nets/small/out.py", &["--config-root", root.to_str().unwrap()]).json()["y"], 2);
}

#[test]
fn a_model_is_built_from_a_config_of_any_format() {
    let folder = Folder::new();
    let text = "\
model = dict(
    type='Module', init_cfg=dict(type='Kaiming', layer='Conv2d'),
    stem=[dict(type='Conv2d', in_channels=3, out_channels=8, kernel_size=3), dict(type='BatchNorm2d', num_features=8)],
    fc=dict(type='nn.Linear', in_features=8, out_features=2))
";
    folder.write("net.py", text);
    folder.done(&["init", "net.py", "--out", "py.safetensors", "--seed", "7"]);
    for format in ["json", "yaml", "toml"] {
        let name = format!("net.{format}");
        folder.write(&name, folder.done(&["config", "net.py", "--format", format]).stdout);
        folder.done(&["init", &name, "--out", "other.safetensors", "--seed", "7"]);
        if format != "toml" {
            assert!(folder.read("py.safetensors") == folder.read("other.safetensors"), "{format}");
        }
        folder.done(&["verify", &name, "py.safetensors"]);
    }
    folder.write("net.py", text.replace("num_features", "num_feature"));
    folder.run(&["plan", "net.py"]).refused(
        2,
        &[
            "BatchNorm2d needs the argument 'num_features'",
            "net.py:3:78 at $.model.stem[1]",
            "'num_feature'",
        ],
    );
}
