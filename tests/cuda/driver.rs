//! Builds the mock driver and runs the tests that need it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use crate::mock::compile;

/// Where the driver's library is to be found, as the backend reads it.
const DRIVER: &str = "WEIGHT_INIT_CUDA_DRIVER";

/// The mock driver's library, compiled when first needed.
fn mock() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        compile(repository, Path::new(env!("CARGO_TARGET_TMPDIR")))
    })
}

/// Runs the ignored tests whose names begin with `tests` in a process where the mock, of some kind, is the driver.
fn run(tests: &str, driver: &Path, kind: &str, coverage: Option<&Path>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([tests, "--ignored"]).env(DRIVER, driver).env("MOCK_CUDA", kind);
    if let Some(coverage) = coverage {
        command.env("MOCK_CUDA_COVERAGE", coverage);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("running 0 tests"), "there are no tests {tests}");
}

#[test]
fn every_kernel_gives_the_bits_of_the_reference() {
    let coverage = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mock_cuda_coverage");
    let _ = fs::remove_file(&coverage);
    run("mocked::", mock(), "", Some(&coverage));

    // Of each kernel, the instructions that no launch of any test has carried out.
    let mut never: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string(&coverage).unwrap().lines() {
        let mut words = line.split('\x1f');
        let name = words.next().unwrap().to_owned();
        let here: Vec<_> = words.map(str::to_owned).collect();
        never
            .entry(name)
            .and_modify(|never| never.retain(|index| here.contains(index)))
            .or_insert(here);
    }
    assert_eq!(never.len(), 16, "kernels that ran: {:?}", never.keys());
    // No launch has more blocks than tiles, so no thread leaves at the first instruction that could send it away.
    never.retain(|_, never| never.len() != 1 || !never[0].starts_with("7: @%p1 bra"));
    assert!(never.is_empty(), "instructions that no test runs: {never:?}");
}

#[test]
fn machines_without_a_device_that_will_do() {
    run("machines::without_a_device", mock(), "no_device", None);
    run("machines::with_an_old_device", mock(), "old_device", None);
    run("machines::with_two_devices", mock(), "two_devices", None);
    run("machines::whose_events_cannot_be_recorded", mock(), "no_record", None);
    run("machines::with_little_memory", mock(), "memory=1000000", None);
    run("machines::without_a_driver", Path::new("/nowhere/libcuda.so.1"), "", None);
}
