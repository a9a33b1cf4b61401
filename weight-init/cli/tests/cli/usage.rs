//! Help, version and arguments that make no sense.

use crate::run::{Folder, MODEL};

#[test]
fn help_and_version_are_results() {
    let folder = Folder::new();
    for args in [&["--help"][..], &["plan", "--help"], &["init", "--help"], &["--version"]] {
        let answer = folder.done(args);
        assert!(!answer.stdout.is_empty() && answer.stderr.is_empty(), "{answer:?}");
    }
    let help = folder.done(&["--help"]).stdout;
    for word in [
        "plan",
        "init",
        "explain",
        "inspect",
        "verify",
        "report",
        "bench",
        "Examples",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word}");
    }
    let version = folder.done(&["--version"]).stdout;
    assert_eq!(version, concat!("weight-init ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_usage_is_code_2() {
    let folder = Folder::new();
    for args in [
        &[][..],
        &["plan"],
        &["plna", "model.json"],
        &["plan", "model.json", "more"],
        &["plan", "model.json", "--format", "xml"],
        &["plan", "model.json", "--stric"],
        &["init", "model.json"],
        &["init", "model.json", "--out", "x.safetensors", "--dtype", "int8"],
        &["init", "model.json", "--out", "x.safetensors", "--backend", "gpu"],
        &["init", "model.json", "--out", "x.safetensors", "--seed", "-1"],
        &["init", "model.json", "--out", "x.safetensors", "--seed", "18446744073709551616"],
        &["explain", "model.json"],
        &["verify", "model.json"],
        &["inspect"],
        &["bench", "--elements", "0"],
    ] {
        let answer = folder.run(args);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{args:?}: {answer:?}");
        assert!(!answer.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(folder.files(), ["model.json"]);
}

#[test]
fn the_nearest_option_is_named() {
    let folder = Folder::new();
    folder.run(&["plan", "model.json", "--stric"]).refused(2, &["--strict"]);
    folder.run(&["plna", "model.json"]).refused(2, &["plan"]);
    folder.run(&["plan", "model.json", "--quite"]).refused(2, &["--quiet"]);
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.done(&["completions", shell]).stdout.contains("weight-init"));
    }
    assert!(folder.done(&["man"]).stdout.contains(".TH weight-init 1"));
    let help = folder.done(&["--help"]).stdout;
    assert!(help.contains("\n  completions ") && help.contains("\n  man "), "{help}");
}

/// The completions that bash offers for the last of these words.
#[cfg(unix)]
fn completed(words: &str) -> Vec<String> {
    let script = r#"
        source <("$0" completions bash)
        complete -p weight-init > /dev/null || exit 1
        COMP_WORDS=($1)
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _weight__init weight-init "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "${COMPREPLY[@]}""#;
    let command = env!("CARGO_BIN_EXE_weight-init");
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", script, command, words])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{words}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_subcommands_and_behind_them() {
    if std::process::Command::new("bash").arg("--version").output().is_err() {
        return;
    }
    assert_eq!(completed("weight-init ver"), ["verify"]);
    assert_eq!(completed("weight-init rep"), ["report"]);
    assert_eq!(completed("weight-init plan --st"), ["--strict"]);
    assert_eq!(completed("weight-init init --un"), ["--unknown"]);
    assert_eq!(completed("weight-init init m.json --backend ra"), ["rayon"]);
    assert_eq!(completed("weight-init plan --format js"), ["json"]);
    assert_eq!(completed("weight-init completions ba"), ["bash"]);
    assert_eq!(completed("weight-init help insp"), ["inspect"]);
    assert!(completed("weight-init explain --").contains(&"--init-cfg".to_owned()));
}

/// Standard error that takes nothing changes neither results nor exit codes; standard output that takes nothing is code 3.
#[cfg(target_os = "linux")]
#[test]
fn full_and_closed_outputs() {
    let folder = Folder::new();
    folder.write("odd.json", MODEL.replace(r#""layer": "Conv2d""#, r#""layer": "Conv2D""#));
    folder.write("bad.json", "{");
    let run = |command: &str, redirect: &str| {
        let script = format!("\"$0\" {command} {redirect}");
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_weight-init")]);
        shell.current_dir(folder.path("")).output().unwrap()
    };
    for redirect in ["2>/dev/full", "2>&-"] {
        for (command, code) in [
            ("init model.json --out m.safetensors", 0),
            ("plan odd.json", 0),
            ("plan odd.json --strict", 2),
            ("plan bad.json", 2),
            ("plan none.json", 3),
            ("inspect none.safetensors", 3),
            ("plan", 2),
            ("nonsense", 2),
        ] {
            let output = run(command, redirect);
            assert_eq!(output.status.code(), Some(code), "{command} {redirect}: {output:?}");
        }
    }
    for command in
        ["plan model.json", "completions bash", "man", "config model.json", "bench --elements 1"]
    {
        let output = run(command, ">/dev/full");
        assert_eq!(output.status.code(), Some(3), "{command}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error: cannot write to standard output: "), "{command}: {said}");
        // A reader that has gone away.
        let script = format!("{{ {command}; echo $? >&2; }} | true").replacen(
            command,
            &format!("\"$0\" {command}"),
            1,
        );
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_weight-init")]);
        let output = shell.current_dir(folder.path("")).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "0\n", "{command}");
    }
}

/// A reader that goes away, as `| head` does, is no fault.
#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_it_quietly() {
    use std::process::{Command, Stdio};

    let folder = Folder::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args(["plan", "model.json", "--format", "json"])
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
