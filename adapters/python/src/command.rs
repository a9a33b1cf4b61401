//! The command line, run within the process of Python.

use std::ffi::OsString;

use pyo3::prelude::*;

use crate::register::registry;

/// Runs the command `weight-init`, whose name is the first of `words`, and returns its exit code.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| weight_init_cli::run_with(&registry(), words))
}
