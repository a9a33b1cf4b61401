//! Gives the linker the script of the runtime and the memory of the emulated machine.

use std::{env, fs, path::PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let arch = env::var("TARGET").expect("cargo sets it");
    let memory = match arch.as_str() {
        "thumbv6m-none-eabi" => include_str!("memory/microbit.x"),
        "thumbv7em-none-eabihf" => include_str!("memory/mps2-an386.x"),
        _ => include_str!("memory/virt.x"),
    };
    fs::write(out.join("memory.x"), memory).expect("the folder is there");
    println!("cargo:rustc-link-search={}", out.display());
    if arch.starts_with("riscv") {
        println!("cargo:rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=memory");
}
