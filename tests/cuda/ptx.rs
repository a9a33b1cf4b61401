//! The checked-in PTX: made of the sources that are here, and of instructions that round as the reference does.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

pub(crate) const PTX: &str = include_str!("../../backends/src/cuda/kernels.ptx");

#[test]
fn it_is_made_of_the_sources_that_are_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sources: Vec<_> = PTX.lines().filter_map(|line| line.strip_prefix("// source: ")).collect();
    assert!(sources.len() > 20, "{sources:?}");
    let mut changed = Vec::new();
    for source in sources {
        let (hash, path) = source.split_once(' ').unwrap();
        let text = fs::read_to_string(root.join(path)).unwrap_or_default();
        if code_hash(&text) != hash {
            changed.push(path);
        }
    }
    assert!(
        changed.is_empty(),
        "the PTX of the CUDA kernels is older than {changed:?}; backends/kernels/build.sh compiles it anew"
    );
}

/// SHA-256 of the lines that are neither empty nor comments, as `build.sh` takes it.
fn code_hash(text: &str) -> String {
    let mut hash = Sha256::new();
    for line in
        text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"))
    {
        hash.update(line);
        hash.update("\n");
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[test]
fn it_rounds_as_the_reference_does() {
    let forbidden = |line: &str| {
        let operation =
            line.trim_start_matches(|c: char| c == '@' || !c.is_whitespace()).trim_start();
        let operation = if line.starts_with('@') { operation } else { line };
        let name = operation.split_whitespace().next().unwrap_or_default().trim_end_matches(';');
        let of_floats = name.contains(".f32") || name.contains(".f64") || name.contains(".f16");
        let arithmetic =
            ["add", "sub", "mul", "div", "sqrt", "cvt"].iter().any(|op| name.starts_with(op));
        let exact = name.contains(".rn");
        let inexact =
            ["fma", "mad.f", "mad.rn", "rcp", "rsqrt", "sin", "cos", "lg2", "ex2", "tanh"];
        let calls =
            [".extern", ".func", "call", ".local", "st.local", "ld.local", ".callprototype"];
        name.contains(".ftz")
            || name.contains(".approx")
            || name.contains(".sat")
            || inexact.iter().any(|op| name.starts_with(op))
            || calls.iter().any(|word| name == *word || name.starts_with(&format!("{word}.")))
            || (of_floats && arithmetic && !exact)
    };
    for line in [
        "fma.rn.f32 %r1, %r2, %r3, %r4;",
        "add.f32 %r1, %r2, %r3;",
        "@%p1 mul.rn.ftz.f32 %r1, %r2, %r3;",
        ".extern .func f",
        "div.approx.f32 %r1, %r2, %r3;",
        "st.local.b32 [%rd1], %r1;",
        "call.uni f;",
    ] {
        assert!(forbidden(line), "{line}");
    }
    for line in
        ["add.rn.f32 %r1, %r2, %r3;", "add.s32 %r1, %r2, %r3;", "mad.lo.s32 %r1, %r2, %r3, %r4;"]
    {
        assert!(!forbidden(line), "{line}");
    }
    let found: Vec<_> = PTX
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//") && forbidden(line))
        .collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(PTX.matches(".visible .entry ").count(), 16);
    // One wide store in each kernel, and it is what the kernel is fast by.
    assert_eq!(PTX.matches("st.global.v4.b32").count(), 16);
}
