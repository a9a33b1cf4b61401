//! Proves laws that hold for every model, every init_cfg and every number, on random ones.
//!
//! The number of cases and their seed are fixed, so that a run today and one tomorrow see the same.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]
#![allow(
    clippy::disallowed_methods,
    reason = "a reference to compare with, never part of a weight"
)]

mod bounds;
mod formats;
mod homes;
mod in_place;
mod net;
mod reenactment;
mod resolution;
mod rules;
mod siblings;

use proptest::test_runner::{Config, RngSeed};

/// This many cases from a fixed seed.
fn cases(cases: u32) -> Config {
    Config { rng_seed: RngSeed::Fixed(42), failure_persistence: None, ..Config::with_cases(cases) }
}
