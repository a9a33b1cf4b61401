//! Tells the code of the vector levels whether there are vectors, and whether the compiler optimizes.
//!
//! Every little-endian 64-bit processor of x86 or Arm has vectors.
//!
//! Samplers are inlined into one function per level. Without optimization each of their temporaries has a place of
//! its own on the stack: 5.8 MB with AVX-512, where a thread has 2 MiB.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(unoptimized, vectors)");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("ENDIAN") == "little" && matches!(&*target("ARCH"), "x86_64" | "aarch64") {
        println!("cargo::rustc-cfg=vectors");
    }
    if env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo::rustc-cfg=unoptimized");
    }
}
