//! Declarative weight initialization.

pub mod bench;
pub mod create;
pub mod model;
pub mod plan;
pub mod run;
pub mod checkpoint;
pub mod config;
pub mod diagnostic;
pub mod inspect;
pub mod value;
