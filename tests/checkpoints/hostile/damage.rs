//! Files that are no checkpoint, and good ones that were damaged.

use std::fs;
use std::path::Path;

use super::{read_all, verdict};

#[test]
fn a_file_that_is_no_checkpoint_is_not_shown() {
    let secret = "s3cret";
    for text in [
        "s3cret\n",
        "root:s3cret:20000:0:99999:7:::\n",
        "12345678{s3cret}",
        "12345678{\"s3cret\":1}\n",
        "{\"s3cret\": \"s3cret\"}",
        "{\"weight_map\": \"s3cret\"}",
        "[\"s3cret\"]",
        "-----BEGIN PRIVATE KEY-----\ns3cret",
    ] {
        for name in ["shadow", "a.pth", "a.json", "a.index.json", "a.safetensors"] {
            let message = verdict(name, text.as_bytes()).unwrap_err();
            // Not as a number of eight bytes either.
            let number = text
                .get(..8)
                .map_or(0, |start| u64::from_le_bytes(start.as_bytes().try_into().unwrap()));
            let message = message.split_once('`').unwrap().1.split_once('`').unwrap().1;
            assert!(!message.contains(secret), "{name}: {message}");
            assert!(number == 0 || !message.contains(&number.to_string()), "{name}: {message}");
            assert!(
                !message.contains(&text.len().to_string()) || text.len() < 8,
                "{name}: {message}"
            );
        }
    }
}

/// The files of real libraries, with their names.
fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/checkpoints");
    let names = [
        "views.pth",
        "views_legacy.pth",
        "views_deflated.pth",
        "arrays_compressed.npz",
        "dtypes.safetensors",
        "runner_epoch_2.pth",
        "objects_legacy.pth",
    ];
    names.map(|name| (name.to_owned(), fs::read(folder.join(name)).unwrap())).to_vec()
}

/// Every byte of a small file, every few ones of a larger one.
fn places(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len()).step_by(1 + bytes.len() / 4096)
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in samples() {
        for len in places(&bytes) {
            let path = folder.path().join(&name);
            fs::write(&path, &bytes[..len]).unwrap();
            assert!(read_all(&path).is_err(), "{name}, {len} bytes");
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_another_value_but_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut refusals = 0;
    for (name, bytes) in samples() {
        // One bit of a byte.
        for at in places(&bytes) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let path = folder.path().join(&name);
            fs::write(&path, bytes).unwrap();
            refusals += usize::from(read_all(&path).is_err());
        }
    }
    assert!(refusals > 5000, "{refusals}");
}
