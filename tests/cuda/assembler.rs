//! NVIDIA's own assembler takes the PTX, for every generation of devices, and keeps all in registers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Registers of a thread, at most.
const REGISTERS: u32 = 128;

/// The assembler on the path, or the one that `PTXAS` names, or that of PyPI's package, installed here.
fn assembler() -> Option<PathBuf> {
    if let Some(named) = env::var_os("PTXAS") {
        return Some(named.into());
    }
    if Command::new("ptxas").arg("--version").output().is_ok() {
        return Some("ptxas".into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nvidia-cuda-nvcc");
    find(&folder).or_else(|| {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "nvidia-cuda-nvcc",
            "--target",
        ];
        let installed = Command::new("python3").args(pip).arg(&folder).output().ok()?;
        installed.status.success().then(|| find(&folder)).flatten()
    })
}

fn find(folder: &Path) -> Option<PathBuf> {
    let paths = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let found = files.into_iter().find(|file| file.ends_with("bin/ptxas"));
    found.or_else(|| folders.iter().find_map(|folder| find(folder)))
}

#[test]
fn every_generation_assembles_without_spills() {
    let Some(assembler) = assembler() else {
        assert!(
            env::var_os("CI").is_none(),
            "ptxas is required: neither on the path nor to be had from PyPI"
        );
        eprintln!(
            "not checked: that ptxas assembles the kernels; it is not on the path and cannot be had from PyPI"
        );
        return;
    };
    let ptx = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backends/src/cuda/kernels.ptx");
    for generation in ["sm_75", "sm_80", "sm_90", "sm_100"] {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{generation}.cubin"));
        let done = Command::new(&assembler)
            .args(["-v", "-arch", generation, "-o"])
            .args([&out, &ptx])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        let stack = "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads";
        assert_eq!(said.matches(stack).count(), 16, "{said}");
        for line in said.lines().filter(|line| line.contains("Used ")) {
            let used = line.split("Used ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
            assert!(used.parse::<u32>().unwrap() <= REGISTERS, "{generation}: {line}");
        }
    }
}
