//! Declarative weight initialization.

pub mod checkpoint;
pub mod config;
pub mod diagnostic;
pub mod value;
