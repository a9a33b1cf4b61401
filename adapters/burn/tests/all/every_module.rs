//! Whether the tests know every module of burn-nn, and the statistics of what is written into each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use weight_init_burn::{description, init, init_cfg};

use crate::check::values;
use crate::nets::modules;

/// A release of burn-nn with a module that the list of [`modules`] lacks fails here.
#[test]
fn the_list_has_every_module_of_burn_nn_that_has_parameters() {
    let mut fields = BTreeMap::new();
    read(&burn_nn().join("src"), &mut fields);
    let mut expected: BTreeSet<&str> = BTreeSet::new();
    // A module has parameters if a field is one, or a module that has.
    loop {
        let known = expected.len();
        for (module, types) in &fields {
            if types.iter().any(|name| name == "Param" || expected.contains(name.as_str())) {
                expected.insert(module);
            }
        }
        if expected.len() == known {
            break;
        }
    }
    assert!(expected.contains("Linear") && expected.len() > 25, "{expected:?}");
    let mut listed = BTreeSet::new();
    classes(&description(&modules(&Device::flex())).unwrap(), &mut listed);
    let missing: Vec<_> = expected.iter().filter(|module| !listed.contains(**module)).collect();
    assert!(missing.is_empty(), "{missing:?} of burn-nn are not in `Modules`");
}

/// Kolmogorov and Smirnov's distance of each parameter from the distribution of the rule.
#[test]
fn what_is_written_has_the_distribution_of_the_rule() {
    let rules = init_cfg(r#"{"type": "Uniform", "a": 0, "b": 1, "params": "*"}"#).unwrap();
    let (written, report) = init(modules(&Device::flex()), &rules, 42).unwrap();
    let mut by_rules = 0;
    for (name, value) in values(&written) {
        if name.contains("running_") {
            continue;
        }
        let mut sample: Vec<f32> = value.try_to_vec().unwrap();
        sample.sort_by(f32::total_cmp);
        let count = sample.len() as f64;
        let distance = sample.iter().enumerate().map(|(place, x)| {
            let (below, x) = (place as f64, f64::from(*x));
            (x - below / count).abs().max((x - (below + 1.0) / count).abs())
        });
        let distance = distance.fold(0.0, f64::max);
        // By chance 1.2e-5 for a parameter (Massart's bound, whose logarithm of 2/1.2e-5 is 12.02), of which there are about 200.
        let bound = (12.02 / (2.0 * count)).sqrt();
        assert!(distance < bound, "{name}: {distance} of {count}");
        by_rules += 1;
    }
    assert_eq!(by_rules, report.plan().params().len());
}

/// The folder of the sources that the tests are built with.
fn burn_nn() -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments = ["metadata", "--offline", "--locked", "--format-version", "1"];
    let mut command = Command::new(env!("CARGO"));
    let run = command.args(arguments).args(["--manifest-path", manifest]).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "burn-nn").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// The names in the fields of every module that the files of a folder declare.
fn read(folder: &Path, fields: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, fields);
        } else if path.extension().is_some_and(|it| it == "rs") {
            declared(&std::fs::read_to_string(path).unwrap(), fields);
        }
    }
}

/// The modules of one file: each is declared behind its `derive`, with comments and other attributes between.
fn declared(text: &str, fields: &mut BTreeMap<String, BTreeSet<String>>) {
    for piece in text.split("#[derive(").skip(1) {
        let (derived, rest) = piece.split_once(")]").unwrap();
        if !words(derived).any(|word| word == "Module") {
            continue;
        }
        // The modules of its own tests are private.
        let public = rest.find("\npub struct ").or_else(|| rest.find("\npub enum "));
        let Some(at) = public else { continue };
        let declaration = &rest[at..];
        let name = words(declaration).nth(2).unwrap();
        // A flag is no tensor.
        let body = declaration.split("\n}").next().unwrap().replace("Param<Flag>", "");
        let code = body.lines().filter(|line| !line.trim_start().starts_with("//"));
        let names = code.flat_map(words).filter(|word| *word != name).map(str::to_owned);
        fields.entry(name.to_owned()).or_default().extend(names);
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty())
}

/// The classes of a description.
fn classes(layer: &serde_json::Value, found: &mut BTreeSet<String>) {
    found.extend(layer["class"].as_str().map(str::to_owned));
    let children = layer["children"].as_array().into_iter().flatten();
    children.for_each(|child| classes(child, found));
}
