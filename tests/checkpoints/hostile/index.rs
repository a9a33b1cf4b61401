//! Indices of checkpoints in several files.

use std::fs;

use super::{read_all, refused};
use crate::forge::{Entry, npy, zip};

#[test]
fn indices_that_lie_are_refused() {
    for (index, part) in [
        (r#"{"weight_map": {"a": "../evil.safetensors"}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "/etc/passwd"}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": ""}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "a.index.json"}}"#, "it is an index"),
        (r#"{"weight_map": {"a": "C:evil.bin"}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "CON"}}"#, "it is a device"),
        (r#"{"weight_map": {"a": ".."}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "absent.safetensors"}}"#, "absent.safetensors"),
        (r#"{"weight_map": {"a": 3}}"#, "no index of a checkpoint"),
        (r#"{"weights": {}}"#, "an object whose 'weight_map' gives each tensor a file"),
    ] {
        refused("a.index.json", index.as_bytes(), part);
    }
    refused("a.index.json", &b"{\"a\":".repeat(100_000), "no index of a checkpoint");
    let folder = tempfile::tempdir().unwrap();
    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", &[0; 24]);
    fs::write(folder.path().join("part.npz"), zip(&[Entry::stored("w.npy", &array)], None))
        .unwrap();
    let index = folder.path().join("a.index.json");
    fs::write(&index, r#"{"weight_map": {"w": "part.npz"}}"#).unwrap();
    assert_eq!(read_all(&index), Ok(()));
    fs::write(&index, r#"{"weight_map": {"w": "part.npz", "v": "part.npz"}}"#).unwrap();
    assert!(read_all(&index).unwrap_err().contains("holds 'v', but it does not"));
}
