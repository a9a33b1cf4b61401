//! Proves that downloads come whole or not at all, from a server that does everything wrong.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod bounds;
mod cache;
#[cfg(feature = "cloud")]
mod cloud;
mod command;
mod crash;
mod download;
mod ranks;
mod secrets;
mod server;
