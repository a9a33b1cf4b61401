//! Zip files byte by byte.

use super::{GOOD, refused, verdict};
use crate::forge::{Entry, state_dict, zip};

#[test]
fn zip_files_that_lie_are_refused() {
    let good = Entry::stored("net/data.pkl", &state_dict(&GOOD.bytes()));
    let storage = Entry::stored("net/data/0", &[0; 24]);
    let with = |entry: Entry| zip(&[good.clone(), entry], None);
    for name in ["../../etc/passwd", "/etc/passwd", "C:evil", "a\\..\\b", "net/../../x", "nul\0"] {
        let entry = Entry::stored(name, b"x");
        refused(
            "a.pth",
            &zip(&[good.clone(), storage.clone(), entry], None),
            "leads out of the archive",
        );
    }
    let of = |change: &dyn Fn(&mut Entry)| {
        let mut entry = storage.clone();
        change(&mut entry);
        with(entry)
    };
    refused("a.pth", &of(&|e| e.crc32 ^= 1), "its check sum is");
    refused("a.pth", &of(&|e| e.len = 25), "stored with 24 bytes, but said to have 25");
    refused("a.pth", &of(&|e| e.flags = 1), "it is encrypted");
    refused("a.pth", &of(&|e| e.method = 12), "neither stored nor deflated");
    refused("a.pth", &of(&|e| e.method = 8), "net/data/0");
    refused("a.pth", &of(&|e| e.offset = Some(0)), "its bytes are also those of");
    refused("a.pth", &of(&|e| e.offset = Some(1 << 30)), "net/data/0");
    refused("a.pth", &of(&|e| (e.method, e.len) = (8, u32::MAX)), "which cannot be");
    refused("a.pth", &of(&|e| e.name = "net/data.pkl".into()), "it stands there twice");
    refused("a.pth", &of(&|e| e.name = "other/data.pkl".into()), "more than one 'data.pkl'");
    refused("a.pth", &of(&|e| e.name = "net/constants.pkl".into()), "TorchScript");
    refused("a.pth", &of(&|e| e.name = "net/byteorder".into()), "at most 16 are right");
    refused("a.pth", &of(&|e| e.name = "n".repeat(5000)), "name has 5000 bytes");
    refused("a.pth", &with(Entry::stored("net/byteorder", b"mixed")), "neither 'little' nor 'big'");
    refused("a.pth", &zip(&[good.clone(), storage.clone()], Some(3)), "it says it has 3");
    refused("a.pth", &zip(&[good.clone(), storage.clone()], Some(1)), "it says it has 1");
    refused("a.pth", &zip(std::slice::from_ref(&storage), None), "no 'data.pkl'");
    refused("a.pth", &zip(&[], None), "no 'data.pkl'");
    refused("a.pth", b"PK\x03\x04", "it is broken");
    // Deflated bytes that go on after what they are said to be, or end before.
    let mut longer = Entry::deflated("net/data/0", &[0; 4096]);
    longer.len = 24;
    refused("a.pth", &with(longer), "its check sum is");
    let mut shorter = Entry::deflated("net/data/0", &[0; 8]);
    shorter.len = 24;
    refused("a.pth", &with(shorter), "it has 8 bytes, but is said to have 24");
}

#[test]
fn the_check_sum_of_the_description_counts() {
    let program = state_dict(&GOOD.bytes());
    for entry in
        [Entry::stored("net/data.pkl", &program), Entry::deflated("net/data.pkl", &program)]
    {
        let with = |change: &dyn Fn(&mut Entry)| {
            let mut entry = entry.clone();
            change(&mut entry);
            zip(&[entry, Entry::stored("net/data/0", &[0; 24])], None)
        };
        assert_eq!(verdict("a.pth", &with(&|_| ())), Ok(()));
        refused("a.pth", &with(&|e| e.crc32 ^= 1), "its check sum is");
    }
    // Bytes behind the end of the pickle count as well.
    let mut longer = Entry::stored("net/data.pkl", &[program.as_slice(), &[0; 100_000]].concat());
    let good = longer.clone();
    longer.data[program.len() + 99_000] = 1;
    let with = |entry| zip(&[entry, Entry::stored("net/data/0", &[0; 24])], None);
    assert_eq!(verdict("a.pth", &with(good)), Ok(()));
    refused("a.pth", &with(longer), "its check sum is");
}
