//! What `#[derive(Layer)]` says about mistakes.

/// Mistakes are errors with a place and a way out; correct uses compile.
#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}
