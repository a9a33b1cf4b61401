//! The firmware on emulated microcontrollers and its digests on WebAssembly: every digest is the host's, and the firmware takes
//! no more than it may.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use weight_init_firmware_network::{blob, damage, report};

/// The measurements that `firmware/run.sh` prints of a target.
#[derive(Deserialize)]
struct Report {
    target: String,
    flash_bytes: BTreeMap<String, u32>,
    ram_bytes: BTreeMap<String, u32>,
    panics: u32,
    digests: BTreeMap<String, String>,
    malformed: Malformed,
    instructions_per_element: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Malformed {
    refused: u32,
    other: u32,
}

/// The results that `firmware/wasm/run.sh` prints of a target.
#[derive(Deserialize)]
struct WasmReport {
    target: String,
    digests: BTreeMap<String, String>,
    malformed: Malformed,
}

/// Exit code of the scripts when a tool is missing.
const MISSING: i32 = 77;

/// The lines that a script prints; `None` where its tools are missing, which they must not in CI if they are `needed` there.
fn run<R: DeserializeOwned>(script: &str, needed: bool) -> Option<Vec<R>> {
    let output = Command::new("bash")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware").join(script))
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/firmware"))
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    if output.status.code() == Some(MISSING) && !(is_ci && needed) {
        eprintln!("skipped: {}", said.lines().next_back().unwrap_or_default());
        return None;
    }
    assert!(output.status.success(), "{said}");
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The results of the same code on the host.
fn expected() -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    report::digests(&mut |name, digest| {
        digests.insert(name.join("."), format!("{digest:016x}"));
    })
    .unwrap();
    digests
}

/// Instructions that an element may take at most: by target, case and element type. They change with the compiler; no
/// more than this, so that a slower sampler is noticed.
const INSTRUCTIONS: [(&str, &str, f64); 12] = [
    ("thumbv7em-none-eabihf", "constant.f32", 2.0),
    ("thumbv7em-none-eabihf", "uniform.f32", 45.0),
    ("thumbv7em-none-eabihf", "normal.f32", 90.0),
    ("thumbv7em-none-eabihf", "trunc_normal.f32", 105.0),
    ("thumbv6m-none-eabi", "constant.f32", 6.0),
    ("thumbv6m-none-eabi", "uniform.f32", 900.0),
    ("thumbv6m-none-eabi", "normal.f32", 4100.0),
    ("thumbv6m-none-eabi", "trunc_normal.f32", 3100.0),
    ("riscv32imac-unknown-none-elf", "constant.f32", 4.0),
    ("riscv32imac-unknown-none-elf", "uniform.f32", 400.0),
    ("riscv32imac-unknown-none-elf", "normal.f32", 1900.0),
    ("riscv32imac-unknown-none-elf", "trunc_normal.f32", 1500.0),
];

#[test]
fn microcontrollers_write_the_bits_of_the_host() {
    let Some(reports) = run::<Report>("run.sh", true) else { return };
    let expected = expected();
    assert_eq!(reports.len(), 3);
    for report in &reports {
        let target = &report.target;
        assert_eq!(report.digests, expected, "{target}");
        assert_eq!(report.panics, 0, "{target}: panicking code in the network's firmware");
        let counts = damage::sample();
        assert_eq!(report.malformed.refused, counts.refused, "{target}");
        assert_eq!(report.malformed.other, counts.other, "{target}");
        // One cut and one flipped bit for every byte.
        assert_eq!(counts.refused as usize, 2 * blob::BLOB.len());
        for (_, case, most) in INSTRUCTIONS.iter().filter(|(of, ..)| of == target) {
            let found = report.instructions_per_element[*case];
            assert!(found > 0.0 && found <= *most, "{target}, {case}: {found}, at most {most}");
        }
        eprintln!(
            "{target}: flash {:?}, RAM {:?}, instructions {:?}",
            report.flash_bytes, report.ram_bytes, report.instructions_per_element
        );
    }
    let smallest = reports.iter().find(|report| report.target == "thumbv6m-none-eabi").unwrap();
    let (table, postcard) = (smallest.flash_bytes["table"], smallest.flash_bytes["postcard"]);
    assert!(table <= 11_800, "the network takes {table} bytes of flash");
    assert!(postcard <= 15_900, "with its decoder it takes {postcard} bytes of flash");
    let ram = smallest.ram_bytes["table"];
    // The walk to a layer two levels down, and there the samples in soft floats; 512 are the goal.
    assert!(ram <= 600, "{ram} bytes of RAM beside the weights");
}

/// Not every CI has the standard library for WebAssembly: `.ci/run` says so where it is missing.
#[test]
fn webassembly_writes_the_bits_of_the_host() {
    let Some(reports) = run::<WasmReport>("wasm/run.sh", false) else { return };
    let (expected, counts) = (expected(), damage::sample());
    assert_eq!(reports.len(), 2);
    for WasmReport { target, digests, malformed } in &reports {
        assert_eq!(*digests, expected, "{target}");
        let found = (malformed.refused, malformed.other);
        assert_eq!(found, (counts.refused, counts.other), "{target}");
    }
}
