//! `--quiet`: warnings and errors alone on standard error, and the same results.

use crate::pytorch::{self, Item};
use crate::run::{Folder, MODEL};

/// A model whose rule loads a file, which lacks a parameter or has all.
fn pretrained(params: &[&str]) -> Folder {
    let folder = Folder::new();
    let weights = params.iter().map(|name| (*name, Item::Ones(4))).collect::<Vec<_>>();
    folder.write("w.pth", pytorch::file(&weights));
    folder.write(
        "model.json",
        r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Pretrained", "checkpoint": "w.pth"},
            "children": [{"name": "fc", "class": "Linear", "params": [{"name": "bias", "shape": [4]}]},
                         {"name": "head", "class": "Linear", "params": [{"name": "bias", "shape": [4]}]}]}"#,
    );
    folder
}

#[test]
fn progress_and_summaries_are_not_said() {
    let folder = Folder::new();
    let extend =
        r#"{"class": "Net", "init_cfg": {"extend": true, "type": "Normal", "layer": "Linear"}}"#;
    folder.write("extend.json", extend);
    let elsewhere = r#"{"class": "Net", "init_weights": "module",
        "init_cfg": {"type": "Pretrained", "checkpoint": "torchvision://resnet50"},
        "children": [{"name": "fc", "class": "Linear", "params": [{"name": "bias", "shape": [4]}]}]}"#;
    folder.write("elsewhere.json", elsewhere);
    for args in [
        &["init", "model.json", "--out", "m.safetensors"][..],
        &["init", "model.json", "--out", "folder", "--ranks", "0/1"],
        &["init", "model.json", "--out", "shared", "--ranks", "0/2", "--max-shard-size", "1KB"],
        &["report", "model.json"],
        &["inspect", "m.safetensors", "--plot", "m.svg"],
        &["config", "extend.json"],
        &["plan", "elsewhere.json"],
        &["explain", "elsewhere.json", "fc.bias"],
    ] {
        let home = folder.path("home");
        let run = |args: &[&str]| {
            let answer = crate::run::Answer::of(folder.command(args).env("TORCH_HOME", &home));
            assert_eq!(answer.code, 0, "{args:?}: {answer:?}");
            answer
        };
        let loud = run(args);
        assert!(!loud.stderr.is_empty(), "{args:?} says nothing");
        for quiet in [[args, &["--quiet"]].concat(), [&["-q"], args].concat()] {
            let answer = run(&quiet);
            assert_eq!((&*answer.stderr, &answer.stdout), ("", &loud.stdout), "{quiet:?}");
        }
    }
}

/// A terminal has a bar, which goes away at the end; a quiet one has none.
#[cfg(target_os = "linux")]
#[test]
fn progress_is_not_drawn() {
    let folder = Folder::new();
    for (args, bar) in [("", true), ("--quiet", false)] {
        let init = format!("init model.json --out m.safetensors {args}");
        let Some(mut terminal) = folder.on_a_terminal(24, &init) else { return };
        let output = terminal.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        assert_eq!(text.contains("[=="), bar, "{args}: {text:?}");
        assert_eq!(text.is_empty(), !bar, "{args}: {text:?}");
    }
}

#[test]
fn warnings_and_errors_stay() {
    let folder = Folder::new();
    folder.write("odd.json", MODEL.replace(r#""layer": "Conv2d""#, r#""layer": "Conv2D""#));
    let answer = folder.done(&["plan", "odd.json", "-q"]);
    assert!(answer.stderr.starts_with("warning: "), "{answer:?}");
    let answer = folder.run(&["plan", "odd.json", "-q", "--strict"]);
    assert!(answer.code == 2 && answer.stderr.contains("--strict makes"), "{answer:?}");
    folder.run(&["init", "none.json", "--out", "m.safetensors", "-q"]).refused(3, &["none.json"]);
    folder.run(&["plan", "model.json", "-q", "--stric"]).refused(2, &["--strict"]);
}

/// A checkpoint that does not match the model is no summary.
#[test]
fn a_checkpoint_that_does_not_match_is_said() {
    let init = ["init", "model.json", "--out", "m.safetensors", "--unknown", "ones", "-q"];
    let all = pretrained(&["fc.bias", "head.bias"]);
    assert_eq!(all.done(&init).stderr, "");
    let answer = pretrained(&["fc.bias"]).done(&init);
    assert!(answer.stderr.contains("missing in the checkpoint"), "{answer:?}");
}
