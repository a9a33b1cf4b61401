//! Compiles the mock driver.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The mock driver's library, compiled anew in a folder. It depends on nothing, so the compiler alone does it.
pub(crate) fn compile(repository: &Path, folder: &Path) -> PathBuf {
    let library = folder.join("libmock_cuda.so");
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let done = Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "mock_cuda"])
        .args(["-O", "-D", "warnings", "-o"])
        .arg(&library)
        .arg(repository.join("tests/cuda/mock_driver.rs"))
        .status()
        .unwrap();
    assert!(done.success(), "the mock driver does not compile");
    library
}
