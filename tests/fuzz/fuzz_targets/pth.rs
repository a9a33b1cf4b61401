//! PyTorch files: as they are, and pickles in a sound zip file or behind a sound beginning of the older format.
#![no_main]

mod checkpoint;

use libfuzzer_sys::fuzz_target;

const LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\0.";

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b'z', pickle)) => {
            let file = checkpoint::zip(&[("net/data.pkl", pickle), ("net/data/0", &[7; 96])]);
            checkpoint::open(&file, "pth");
        }
        Some((b'l', rest)) => checkpoint::open(&[LEGACY, rest].concat(), "pth"),
        _ => checkpoint::open(bytes, "pth"),
    }
});
