//! Faults of the library as exceptions of `weight_init.errors`.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use weight_init::create::CreateError;
use weight_init::diagnostic::Diagnostic;
use weight_init::plan::LowerError;
use weight_init::run::RunError;

/// Why nothing came of a call.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Rules or a model that are wrong, with the place.
    InitCfg(Diagnostic),
    /// Rules that cannot be carried out on a tensor.
    Lower(String),
    /// A model or memory that cannot be used.
    Model(String),
    /// A checkpoint that cannot be had, read or written.
    Checkpoint(String),
    /// An exception of Python that ended the work.
    Interrupted(PyErr),
}

impl From<Diagnostic> for Fault {
    fn from(error: Diagnostic) -> Self {
        Self::InitCfg(error)
    }
}

impl From<LowerError> for Fault {
    fn from(error: LowerError) -> Self {
        Self::Lower(error.to_string())
    }
}

impl<E: std::fmt::Display> From<RunError<E>> for Fault {
    fn from(error: RunError<E>) -> Self {
        match error {
            RunError::Lower(error) => error.into(),
            RunError::Stored(error) => Self::Checkpoint(error.to_string()),
            RunError::Backend(error) => Self::Model(error.to_string()),
            RunError::Taker(error) => Self::Model(error.to_string()),
        }
    }
}

impl From<CreateError> for Fault {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Lower(error) => error.into(),
            CreateError::Split(error) => Self::Model(error.to_string()),
            CreateError::Checkpoint(error) => Self::Checkpoint(error.to_string()),
            CreateError::Backend(error) => Self::Model(error.to_string()),
        }
    }
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> Self {
        Python::attach(|py| exception(py, &fault).unwrap_or_else(|error| error))
    }
}

fn exception(py: Python<'_>, fault: &Fault) -> PyResult<PyErr> {
    let errors = py.import("weight_init.errors")?;
    let (class, text) = match fault {
        Fault::InitCfg(error) => ("InitCfgError", error.render(false)),
        Fault::Lower(message) => ("InitCfgError", message.clone()),
        Fault::Model(message) => ("ModelError", message.clone()),
        Fault::Checkpoint(message) => ("CheckpointError", message.clone()),
        Fault::Interrupted(exception) => return Ok(exception.clone_ref(py)),
    };
    let details = PyDict::new(py);
    if let Fault::InitCfg(error) = fault {
        details.set_item("file", error.file())?;
        details.set_item("path", error.path())?;
        details.set_item("line", error.line())?;
        details.set_item("column", error.column())?;
        details.set_item("message", error.message())?;
        details.set_item("help", error.help_text())?;
    }
    Ok(PyErr::from_value(errors.getattr(class)?.call((text.trim_end(),), Some(&details))?))
}
