//! `describe`: the script that describes PyTorch models, which nothing here can run: PyTorch is not there.

use std::process::Command;

use weight_init_core::{DType, Opaque};

use crate::run::Folder;

const SCRIPT: &str = weight_init::model::DESCRIBE_PY;

#[test]
fn the_script_is_printed() {
    let folder = Folder::new();
    let answer = folder.done(&["describe"]);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), (SCRIPT, ""));
    assert!(folder.done(&["--help"]).stdout.contains("describe"));
    assert!(folder.done(&["describe", "--help"]).stdout.contains("describe.py"));
}

#[test]
fn the_script_is_python() {
    let folder = Folder::new();
    folder.write("describe.py", SCRIPT);
    let compiled = Command::new("python3")
        .args(["-m", "py_compile", "describe.py"])
        .current_dir(folder.path(""))
        .output();
    // Without Python there is nothing to ask.
    if let Ok(output) = compiled {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A type that the script names and a description cannot have would make the description unreadable.
#[test]
fn the_script_knows_the_element_types_of_descriptions() {
    let table =
        SCRIPT.split_once("DTYPES = {").and_then(|(_, rest)| rest.split_once('}')).unwrap().0;
    let names: Vec<&str> = table
        .split(',')
        .filter_map(|entry| entry.split_once(':'))
        .map(|(name, _)| name.trim().trim_matches('"'))
        .collect();
    assert!(names.iter().all(|name| DType::from_name(name).is_some()), "{names:?}");
    // The last one stands for all others.
    let known = DType::ALL.len() + Opaque::ALL.len() - 1;
    assert_eq!(names.len(), known, "{names:?}");
}
