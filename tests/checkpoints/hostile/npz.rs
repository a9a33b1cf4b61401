//! Arrays of NumPy.

use super::refused;
use crate::forge::{Entry, npy, zip};

#[test]
fn arrays_that_lie_are_refused() {
    let of = |header: &str, data: &[u8]| zip(&[Entry::stored("w.npy", &npy(header, data))], None);
    let shape = |descr: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
    };
    for (header, part) in [
        (shape("|O", "(1,)"), "objects are pickles"),
        (shape("<U4", "(1,)"), "elements of type '<U4'"),
        (shape("<f4", "(7,)"), "does not have the 24 bytes"),
        (
            shape("<f4", "(18446744073709551615, 18446744073709551615)"),
            "does not have the 24 bytes",
        ),
        (shape("<f4", "(99999999999999999999999,)"), "no number"),
        (shape("<f4", "(-6,)"), "no number"),
        (shape("<f4", &format!("({})", "1,".repeat(80))), "64 dimensions"),
        (shape("<f4", "(6 7)"), "where ')' must be"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}".to_owned(), "records"),
        ("{'descr': __import__('os'), 'shape': (6,)}".to_owned(), "must be"),
        ("(".repeat(60_000), "where '{' must be"),
        ("{'shape': (6,)}".to_owned(), "lacks 'descr'"),
    ] {
        refused("a.npz", &of(&header, &[0; 24]), part);
    }
    refused("a.npz", &zip(&[Entry::stored("w.npy", b"\x93NUMPY\x09\0")], None), "not known");
    refused(
        "a.npz",
        &zip(&[Entry::stored("w.npy", b"\x93NUM")], None),
        "it ends within its header",
    );
    refused(
        "a.npz",
        &zip(&[Entry::stored("w.npy", b"anything else")], None),
        "does not begin as one",
    );
    let long = [b"\x93NUMPY\x02\0".as_slice(), &u32::MAX.to_le_bytes()].concat();
    refused("a.npz", &zip(&[Entry::stored("w.npy", &long)], None), "longer than that of any array");
}
