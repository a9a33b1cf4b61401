//! Tests on the host of the code that the microcontroller runs.

use std::string::ToString;
use std::vec::Vec;

use weight_init_backends::embedded::initialize;
use weight_init_core::in_place::{All, KaimingNormal, init_weights};

use crate::blob::{BLOB, Decoded, checksum_of, decode};
use crate::damage;
use crate::net::{INIT_CFG, KeywordNet, SEED};

#[test]
fn the_bytes_in_flash_are_those_of_the_table() {
    let mut bytes = postcard::to_allocvec(&INIT_CFG).expect("it is valid");
    bytes.extend(checksum_of(&bytes));
    if std::env::var_os("UPDATE_BLOB").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/init_cfg.postcard");
        std::fs::write(path, &bytes).expect("the file can be written");
    }
    assert_eq!(BLOB, bytes);
    let decoded: Decoded<'_> = decode(BLOB).expect("it is valid");
    assert_eq!(std::format!("{decoded:?}"), std::format!("{INIT_CFG:?}"));
}

fn digests(net: &KeywordNet<f32>) -> Vec<(std::string::String, u64)> {
    let mut digests = Vec::new();
    net.digests(&mut |name, digest| digests.push((name.to_string(), digest)));
    digests
}

#[test]
fn table_and_bytes_and_a_smaller_set_write_the_same() {
    let mut nets = [KeywordNet::<f32>::ZERO, KeywordNet::ZERO, KeywordNet::ZERO];
    let [all, smaller, bytes] = &mut nets;
    assert_eq!(init_weights(all, SEED).expect("it fits").written, 12);
    let done = weight_init_backends::embedded::init_weights::<(KaimingNormal,)>(smaller, SEED);
    assert_eq!(done.expect("it fits").written, 12);
    let init_cfg = decode(BLOB).expect("it is valid");
    initialize::<All>(bytes, &init_cfg, SEED).expect("it fits");
    let [all, smaller, bytes] = nets.each_ref().map(digests);
    assert_eq!(all, smaller);
    assert_eq!(all, bytes);
    let distinct: std::collections::BTreeSet<_> = all.iter().map(|(_, digest)| digest).collect();
    // Both norms are ones, and the biases of as many channels the same zeros.
    assert_eq!(distinct.len(), 8);
}

#[test]
fn malformed_bytes_are_refused_one_and_all() {
    let counts = damage::all();
    let cases = BLOB.len() + 8 * BLOB.len();
    assert_eq!(counts.refused as usize, cases);
    assert!(counts.other > 0, "without the checksum some bits are those of numbers");
}
