//! The limits of the command on a config: 2 s of a processor for each MB of input, and 64 MiB of memory and 20 times the
//! input. Every config is evaluated or refused within them.

mod operations;
mod texts;
mod values;

use std::fs::{self, File};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::run::{Answer, Folder};

/// Runs `config` on a file whose bases have `more` bytes, and holds it to the limits.
#[track_caller]
fn within(folder: &Folder, name: &str, more: u64) -> Answer {
    let bytes = fs::metadata(folder.path(name)).unwrap().len() + more;
    let memory = (64 << 20) + 20 * bytes;
    let seconds = 2 * bytes.div_ceil(1_000_000).max(1);
    // Beside what it takes, the process reserves 128 MiB for a stack, and as much for the allocator.
    let reserved = memory + (400 << 20);
    let limits =
        format!("ulimit -t {seconds}; ulimit -v {}; exec \"$0\" config \"$1\"", reserved >> 10);
    let (out, err) = (folder.path("stdout"), folder.path("stderr"));
    let mut child = Command::new("sh")
        .args(["-c", &limits, env!("CARGO_BIN_EXE_weight-init"), name])
        .current_dir(folder.path(""))
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        // The high-water mark itself; a process that has ended has none any more.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            line.and_then(|line| line.trim().strip_suffix(" kB")).map(|kib| kib.parse::<u64>());
        peak = peak.max(kib.map_or(0, |kib| 1024 * kib.unwrap()));
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let answer = Answer { code: ended.code().unwrap_or(-1), stdout: text(out), stderr: text(err) };
    assert!([0, 2].contains(&answer.code), "{name}: {ended}, {}", answer.stderr);
    assert!(peak < memory, "{name}: {} MiB of {}", peak >> 20, memory >> 20);
    answer
}

/// A text that is evaluated or refused within the limits, whichever.
#[track_caller]
fn bounded(name: &str, text: impl AsRef<[u8]>) -> Answer {
    let folder = Folder::new();
    folder.write(name, text);
    within(&folder, name, 0)
}

#[track_caller]
fn refused(text: &str, part: &str) {
    let answer = bounded("bad.py", text);
    answer.refused(2, &["bad.py", part]);
}

#[test]
fn bases_that_are_large_or_named_often() {
    let folder = Folder::new();
    let base = "#".repeat((2 << 20) - 1) + "\n";
    folder.write("base.py", &base);
    folder.write("bad.py", "_base_ = ['base.py'] * 999");
    within(&folder, "bad.py", base.len() as u64);
    folder.write("bad.py", "_base_ = ['x' * (15 << 20)] * 999");
    within(&folder, "bad.py", 0);
    let file = File::create(folder.path("sparse.py")).unwrap();
    file.set_len(900 << 20).unwrap();
    folder.write("bad.py", "_base_ = 'sparse.py'");
    within(&folder, "bad.py", 0).refused(2, &["larger than"]);
    folder.write("bad.yaml", "_base_: sparse.py");
    within(&folder, "bad.yaml", 0).refused(2, &["larger than"]);
}

#[test]
fn much_of_what_is_right_is_read() {
    let labels = bounded("labels.py", "d = {i: 0 for i in range(100000)}");
    assert_eq!(labels.json()["d"]["99999"], 0);
    let labels: String = (0..100_000).map(|i| format!("{i}: 'label', ")).collect();
    assert_eq!(bounded("labels.py", format!("d = {{{labels}}}")).json()["d"]["7"], "label");
    let named: String = (0..130_000).map(|i| format!("a{i}={i},")).collect();
    assert_eq!(bounded("named.py", format!("d = dict({named})")).json()["d"]["a129999"], 129_999);
    let many = "d = {str(i): i for i in range(20000)}\ndef f(**k): return k\nd = f(**d)";
    assert_eq!(bounded("many.py", many).json()["d"]["19999"], 19_999);
    let wide: String = (0..20_000).map(|i| format!("a{i}=0, ")).collect();
    let wide = format!("def f({wide}): return a7\nx = [f(), f(1), f(a19999=2), f(a7=3)]");
    assert_eq!(bounded("wide.py", wide).json()["x"].to_string(), "[0,0,0,3]");
    assert_eq!(bounded("long.py", format!("x = [{}]", "1,".repeat(500_000))).code, 0);
    let keys: String = (0..100_000).map(|i| format!("k{i}: 1\n")).collect();
    assert_eq!(bounded("keys.yaml", &keys).code, 0);
    assert_eq!(bounded("keys.toml", keys.replace(": ", " = ")).code, 0);
    let keys: Vec<_> = (0..100_000).map(|i| format!("\"k{i}\":1")).collect();
    assert_eq!(bounded("keys.json", format!("{{{}}}", keys.join(","))).code, 0);
}
