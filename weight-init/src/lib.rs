//! Declarative weight initialization.
