//! The compiled part of the Python package `weight_init`: plans of described models, carried out in memory that Python owns.
//!
//! ```text
//! description, init_cfg (JSON) ─► plan ─► fill, verify ─► memory
//!                                    └──► save ─► checkpoint
//! ```

mod command;
mod error;
mod fill;
mod memory;
mod plan;
mod pool;
mod register;
mod save;
mod single;
mod verify;

use pyo3::prelude::*;

/// The compiled part of `weight_init`; its names are not part of the interface.
#[pymodule]
mod _weight_init {
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::plan::Plan;
    #[pymodule_export]
    use super::pool::{after_fork, threads};
    #[pymodule_export]
    use super::register::register_initializer;
    #[pymodule_export]
    use super::single::fill_tensor;

    /// Version of the random stream: values change only together with it.
    #[pymodule_export]
    const STREAM_VERSION: &str = weight_init::create::STREAM_VERSION;
}
