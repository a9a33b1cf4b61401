//! Files that lie, or mean harm: each is refused with its cause, and nothing of it is executed.

mod damage;
mod index;
mod legacy;
mod npz;
mod pickle;
mod tensor;
mod zip;

use std::fs;
use std::path::Path;

use weight_init::checkpoint::StateDict;

use crate::forge::{Entry, Forged, legacy, npy, pickle, pth, state_dict, text, zip};

/// The result of opening a file of these bytes and reading all of its tensors.
fn verdict(name: &str, bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    read_all(&path)
}

fn read_all(path: &Path) -> Result<(), String> {
    let dict = StateDict::open(path).map_err(|error| error.to_string())?;
    for (position, tensor) in dict.tensors().iter().enumerate() {
        let elements: u64 = tensor.shape().iter().product();
        let mut bytes = vec![0; (elements.min(10_000) * tensor.dtype().bits() / 8) as usize];
        dict.read_at(position, 0, &mut bytes).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[track_caller]
fn refused(name: &str, bytes: &[u8], part: &str) {
    match verdict(name, bytes) {
        Ok(()) => panic!("taken, where '{part}' should be said"),
        Err(message) => assert!(message.contains(part), "'{part}' is not in: {message}"),
    }
}

const GOOD: Forged<'static> = Forged { elements: 6, offset: 0, shape: &[2, 3], strides: &[3, 1] };

#[test]
fn forged_files_are_taken_when_nothing_is_wrong_with_them() {
    assert_eq!(verdict("a.pth", &pth(&state_dict(&GOOD.bytes()), &[0; 24])), Ok(()));
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let storages = [6_u64.to_le_bytes().as_slice(), &[0; 24]].concat();
    assert_eq!(verdict("a.pth", &legacy(&state_dict(&GOOD.bytes()), &keys, &storages)), Ok(()));
    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", &[0; 24]);
    assert_eq!(verdict("a.npz", &zip(&[Entry::deflated("w.npy", &array)], None)), Ok(()));
}
