//! Tests of the whole system, and what they share: golden data, comparison of plans, statistics.
//!
//! Each file beside this folder proves one thing and says which in its first line.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "a test fails by a panic"
)]

pub mod bits;
pub mod cuts;
pub mod every;
pub mod golden;
pub mod plan;
pub mod statistics;
pub mod tape;
