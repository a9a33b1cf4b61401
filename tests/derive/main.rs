//! `#[derive(Layer)]`: what it shows, what it writes, and what it says about mistakes.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod documentation;
mod holders;
mod live;
mod zoo;

/// Mistakes are errors with a place and a way out; correct uses compile.
#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("derive/pass/*.rs");
    cases.compile_fail("derive/fail/*.rs");
}
