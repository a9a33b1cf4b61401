//! Files of PyTorch's older format.

use super::{GOOD, refused};
use crate::forge::{legacy, pickle, state_dict, text};

#[test]
fn files_of_the_older_format_that_lie_are_refused() {
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let good = state_dict(&GOOD.bytes());
    let count = |count: u64| [count.to_le_bytes().as_slice(), &[0; 24]].concat();
    for (file, part) in [
        (legacy(&good, &keys, &count(7)), "it is cut off"),
        (legacy(&good, &keys, &count(u64::MAX)), "it is cut off"),
        (legacy(&good, &keys, &count(5)), "but 20 bytes are there"),
        (legacy(&good, &keys, &[0; 7]), "it is cut off before storage '0'"),
        (legacy(&good, &pickle(&[b"]"]), &[]), "its storage, '0', is not in the file"),
        (
            legacy(&good, &pickle(&[b"]", &text("1"), b"a"]), &count(6)),
            "no tensor is said to lie in it",
        ),
        (legacy(&good, &pickle(&[b"]K\x01a"]), &count(6)), "the key of a storage is no text"),
        (legacy(&good, &pickle(&[b"N"]), &[]), "its list of storages is none"),
        (pickle(&[b"}"]), "a pickle of a dict, not a file that torch.save has written"),
        (
            [b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".as_slice(), b"\x80\x02K\x01."].concat(),
            "another version",
        ),
    ] {
        refused("a.pth", &file, part);
    }
}
