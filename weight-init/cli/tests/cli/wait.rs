//! `init --wait`: a process that waits for the files of the others.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::run::Folder;

const INIT: [&str; 6] = ["init", "model.json", "--out", "net", "--max-shard-size", "500"];

#[test]
fn who_waits_in_vain_ends_with_code_3() {
    let folder = Folder::new();
    let begun = Instant::now();
    let answer = folder.run(&[&INIT[..], &["--ranks", "0/2", "--wait", "1"]].concat());
    answer.refused(3, &["after 1 s, 2 of 3 files are still missing", "The same command"]);
    let seconds = begun.elapsed().as_secs_f64();
    assert!((1.0..10.0).contains(&seconds), "{seconds}");
    // Its share stays, and the others complete it.
    let answer = folder.done(&[&INIT[..], &["--ranks", "1/2", "--wait", "1"]].concat());
    assert!(answer.stderr.contains("of which this run wrote 2"), "{answer:?}");
    // There is nothing to wait for.
    let answer = folder.done(&[&INIT[..], &["--ranks", "0/2", "--wait", "0"]].concat());
    assert!(answer.stderr.contains("net is there already"), "{answer:?}");
}

#[test]
fn a_process_waits_for_the_others() {
    let folder = Folder::new();
    let waiting = Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args([&INIT[..], &["--ranks", "0/2", "--wait", "60"]].concat())
        .current_dir(folder.path(""))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !folder.path("net.partial").exists() {
        std::thread::yield_now();
    }
    folder.done(&[&INIT[..], &["--ranks", "1/2"]].concat());
    let output = waiting.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("finished net: "), "{said}");
    assert_eq!(folder.files(), ["model.json", "net"]);
}

#[test]
fn a_file_of_one_process_is_not_waited_for() {
    let folder = Folder::new();
    let answer = folder.run(&["init", "model.json", "--out", "m.safetensors", "--wait", "1"]);
    answer.refused(2, &["--wait is about the files of a folder"]);
}
