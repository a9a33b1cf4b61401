//! Declarative weight initialization.

pub mod config;
pub mod diagnostic;
pub mod value;
