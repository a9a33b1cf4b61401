//! safetensors files: as they are, headers behind a right length, and indices of several files.
#![no_main]

mod checkpoint;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b'h', header)) => {
            let file = [(header.len() as u64).to_le_bytes().as_slice(), header, &[7; 96]].concat();
            checkpoint::open(&file, "safetensors");
        }
        Some((b'j', index)) => checkpoint::open(index, "json"),
        _ => checkpoint::open(bytes, "safetensors"),
    }
});
