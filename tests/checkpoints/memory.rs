//! Memory stays in proportion to the file, whatever it says: each file is opened by a process of its own.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use weight_init::checkpoint::StateDict;

use crate::forge::{Entry, legacy, npy, pth, zip};

const FILE: &str = "WEIGHT_INIT_TEST_FILE";
const MIB: u64 = 1 << 20;

/// What the other test starts: opens a file and says the most memory that this process has held.
#[test]
fn child() {
    let Some(path) = env::var_os(FILE) else { return };
    let refused = match StateDict::open(&path) {
        Ok(dict) => dict.tensors().len().to_string(),
        Err(error) => error.to_string(),
    };
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("\npeak {} {refused}", line.trim().strip_suffix(" kB").unwrap());
}

/// The most memory of a process that opens the file, in bytes, and what it says.
fn open(path: &Path) -> (u64, String) {
    let run = Command::new(env::current_exe().unwrap())
        .args(["memory::child", "--exact", "--nocapture"])
        .env(FILE, path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("peak "))
        .unwrap_or_else(|| panic!("{run:?}"));
    let (kib, says) = line.split_once(' ').unwrap();
    (1024 * kib.parse::<u64>().unwrap(), says.to_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn no_file_takes_more_than_three_times_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pth");
    fs::write(&path, pth(b"\x80\x02}.", &[])).unwrap();
    let (base, _) = open(&path);
    let program = |instructions: &[u8], count: usize| {
        [b"\x80\x02", instructions.repeat(count).as_slice()].concat()
    };
    let memo: Vec<u8> =
        (0..3_000_000_u32).flat_map(|i| [b"r".as_slice(), &i.to_le_bytes()].concat()).collect();
    let memo = [b"\x80\x02N".as_slice(), &memo].concat();
    let texts = program(&[b"X".as_slice(), &100_u32.to_le_bytes(), &[b'a'; 100]].concat(), 200_000);
    let call = [
        b"\x80\x02(]".as_slice(),
        b"ccollections\nOrderedDict\nq\0".as_slice(),
        &b"h\0)R".repeat(3_000_000),
    ]
    .concat();
    let many: Vec<_> = (0..60_000).map(|i| Entry::stored(&format!("{i}"), b"")).collect();
    let array =
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (33554432,), }", &vec![0; 1 << 27]);
    let header: String = (0..150_000)
        .map(|i| format!(r#""{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},"#))
        .collect();
    let header = format!("{{{}}}", header.trim_end_matches(','));
    let safetensors = [(header.len() as u64).to_le_bytes().as_slice(), header.as_bytes()].concat();
    let much = "need far more memory";
    for (what, bytes, part) in [
        ("lists", pth(&program(b"]", 20_000_000), &[]), much),
        ("dicts", pth(&program(b"}", 20_000_000), &[]), much),
        ("tuples", pth(&program(b")", 20_000_000), &[]), much),
        ("values", pth(&program(b"N", 40_000_000), &[]), much),
        ("copies", pth(&[b"\x80\x02]".as_slice(), &b"2".repeat(40_000_000)].concat(), &[]), much),
        ("marks", pth(&program(b"(", 40_000_000), &[]), much),
        (
            "nested tuples",
            pth(&[b"\x80\x02N".as_slice(), &b"\x85".repeat(20_000_000)].concat(), &[]),
            much,
        ),
        ("memo", pth(&memo, &[]), much),
        ("texts", pth(&texts, &[]), "cut off"),
        ("calls", pth(&call, &[]), much),
        ("legacy", legacy(&program(b"]", 20_000_000), &[], &[]), much),
        (
            "deflated pickle",
            zip(&[Entry::deflated("a/data.pkl", &program(b"]", 100_000_000))], None),
            much,
        ),
        ("deflated zeros", zip(&[Entry::deflated("w.npy", &array)], None), "1"),
        ("entries", zip(&many, None), "no 'data.pkl'"),
        ("header", safetensors, "150000"),
    ] {
        fs::write(&path, &bytes).unwrap();
        let (peak, says) = open(&path);
        let most = base + 3 * bytes.len() as u64 + 64 * MIB;
        println!(
            "{what}: {} MiB in the file, peak {} MiB above {}: {says}",
            bytes.len() as u64 / MIB,
            peak.saturating_sub(base) / MIB,
            base / MIB
        );
        assert!(says.contains(part), "{what}: {says}");
        assert!(peak <= most, "{what}: {} of at most {} MiB", peak / MIB, most / MIB);
    }
}
