//! NumPy files: as they are, and arrays in a sound zip file.
#![no_main]

mod checkpoint;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b'z', array)) => checkpoint::open(&checkpoint::zip(&[("w.npy", array)]), "npz"),
        _ => checkpoint::open(bytes, "npz"),
    }
});
