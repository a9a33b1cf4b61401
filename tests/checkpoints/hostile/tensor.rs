//! Tensors that are not where they are said to be.

use super::{GOOD, refused};
use crate::forge::{Entry, Forged, pth, state_dict, zip};

#[test]
fn tensors_that_reach_beyond_their_storage_are_refused() {
    let of = |elements, offset, shape, strides| Forged { elements, offset, shape, strides };
    for (tensor, part) in [
        (of(6, 1, &[2, 3], &[3, 1]), "reaches beyond the 24 bytes"),
        (of(6, 0, &[3, 3], &[3, 1]), "reaches beyond the 24 bytes"),
        (of(6, 0, &[2, 3], &[4, 1]), "reaches beyond the 24 bytes"),
        (of(6, i64::MAX, &[1], &[1]), "reaches beyond"),
        (of(6, 0, &[2, 2], &[i64::MAX, i64::MAX]), "reaches beyond"),
        (of(6, 0, &[i64::MAX], &[1]), "more bytes than this machine can count"),
        (of(6, 0, &[1 << 40, 1 << 40], &[0, 0]), "more bytes than this machine can count"),
        (of(6, -1, &[1], &[1]), "begins -1 elements"),
        (of(6, 0, &[-1], &[1]), "is -1"),
        (of(6, 0, &[2], &[-1]), "is -1"),
        (of(6, 0, &[2, 3], &[1]), "2 dimensions, but 1 strides"),
        (of(-6, 0, &[1], &[1]), "negative size"),
        (of(7, 0, &[1], &[1]), "said to have 7 elements of 4 bytes, but 24 bytes"),
        (of(i64::MAX, 0, &[1], &[1]), "but 24 bytes are there"),
        (of(6, 0, &[1; 65], &[1; 65]), "65 dimensions"),
    ] {
        refused("a.pth", &pth(&state_dict(&tensor.bytes()), &[0; 24]), part);
    }
    let elsewhere = zip(&[Entry::stored("net/data.pkl", &state_dict(&GOOD.bytes()))], None);
    refused("a.pth", &elsewhere, "its storage, 'net/data/0', is not in the file");
}
