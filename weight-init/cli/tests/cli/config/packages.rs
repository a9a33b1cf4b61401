//! Where bases lie: packages, and paths as they were given.

use std::fs;

use crate::run::{Folder, json};

/// A folder with a package and a project beside it.
fn project() -> Folder {
    let folder = Folder::new();
    for inner in
        ["site/pkg/.mim/configs/sub", "site/pkg/configs", "site/pkg/models", "project/configs"]
    {
        fs::create_dir_all(folder.path(inner)).unwrap();
    }
    folder.write(
        "site/pkg/.mim/configs/base.py",
        "_base_ = './sub/more.py'\nmodel = dict(type='Net', depth=18)",
    );
    folder.write("site/pkg/.mim/configs/sub/more.py", "lr = 1");
    folder.write("site/pkg/configs/lazy.py", "import torch\nlr = 2");
    folder.write("site/pkg/models/secret.py", "lr = 3");
    folder.write("project/configs/child.py", "_base_ = 'pkg::base.py'\nmodel = dict(depth=50)");
    folder
}

#[test]
fn a_base_of_a_package_is_read_from_a_project() {
    let folder = project();
    let expected = json(r#"{"lr":1,"model":{"type":"Net","depth":50,"_scope_":"pkg"}}"#);
    let answer = folder.done(&[
        "config",
        "project/configs/child.py",
        "--packages",
        "project",
        "--packages",
        "site",
    ]);
    assert_eq!(answer.json().to_string(), expected);
    folder
        .run(&["config", "project/configs/child.py"])
        .refused(2, &["child.py:1:10", "the package 'pkg'", "--packages names the folder"]);
    folder.write("project/configs/lazy.py", "from mmengine.config import read_base\nwith read_base():\n    from pkg.configs.lazy import *");
    assert_eq!(
        folder.done(&["config", "project/configs/lazy.py", "--packages", "site"]).json()["lr"],
        2
    );
    // The configs of a package alone are read.
    for base in [
        "pkg::../../models/secret.py",
        "pkg::../../models/../models/secret.py",
        "../pkg::base.py",
        "::base.py",
    ] {
        folder.write("project/configs/bad.py", format!("_base_ = '{base}'"));
        folder
            .run(&["config", "project/configs/bad.py", "--packages", "site"])
            .refused(2, &["bad.py:1:10"]);
    }
    folder.run(&["config", "project/configs/child.py", "--packages", "none"]).refused(3, &["none"]);
}

#[test]
#[cfg(unix)]
fn packages_of_the_active_environment_are_found_without_python() {
    let folder = project();
    let site = folder.path("env/lib/python3.11/site-packages");
    fs::create_dir_all(folder.path("env/lib/python3.11")).unwrap();
    fs::create_dir_all(folder.path("env/bin")).unwrap();
    fs::rename(folder.path("site"), &site).unwrap();
    // No program: whoever runs it fails.
    folder.write("env/bin/python3", "");
    let env = folder.path("env").display().to_string();
    let bin = folder.path("env/bin").display().to_string();
    for variables in [
        [("VIRTUAL_ENV", env.as_str()), ("PATH", "/nowhere")],
        [("CONDA_PREFIX", &env), ("PATH", "")],
        [("A", ""), ("PATH", &bin)],
    ] {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_weight-init"));
        command.current_dir(folder.path("")).env_clear().envs(variables);
        let answer = crate::run::Answer::of(command.args(["config", "project/configs/child.py"]));
        assert_eq!(answer.json()["model"]["depth"], 50, "{variables:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_placeholder_is_the_path_as_it_was_given() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("real/_base_")).unwrap();
    std::os::unix::fs::symlink(folder.path("real"), folder.path("link")).unwrap();
    folder.write("real/_base_/b.py", "w = '{{ fileDirname }}/{{ fileBasename }}'");
    folder.write("real/a.py", "_base_ = './_base_/../_base_/b.py'\nx = '{{ fileDirname }}'");
    let answer = folder.done(&["config", "link/a.py"]).json();
    let link = std::path::absolute(folder.path("link")).unwrap().display().to_string();
    assert_eq!(
        (answer["w"].as_str(), answer["x"].as_str()),
        (Some(&*format!("{link}/_base_/b.py")), Some(&*link))
    );
    // In a lazy config they stand for themselves.
    folder.write("lazy.py", "import torch\nx = '{{ fileDirname }}'");
    assert_eq!(folder.done(&["config", "lazy.py"]).json()["x"], "{{ fileDirname }}");
}

#[test]
fn reserved_names_are_refused_in_every_format() {
    let folder = Folder::new();
    for (name, text) in [
        ("a.json", r#"{"x": 1, "filename": 2}"#),
        ("a.yaml", "x: 1\npretty_text: 2\n"),
        ("a.toml", "x = 1\nenv_variables = 2\n"),
        ("a.py", "x = 1\ntext = 2\n"),
    ] {
        folder.write(name, text);
        folder.run(&["config", name]).refused(2, &[name, "is reserved by mmengine"]);
    }
    folder.write("a.json", r#"{"x": {"filename": 2}}"#);
    assert_eq!(folder.done(&["config", "a.json"]).json()["x"]["filename"], 2);
}
