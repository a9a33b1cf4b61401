//! `#[derive(Layer)]`: what it shows and what it writes.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod documentation;
mod holders;
mod live;
mod zoo;
