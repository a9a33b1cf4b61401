//! `init --out s3://...` in a build that cannot reach object stores.

use crate::run::Folder;

#[test]
fn a_build_without_object_stores_says_so() {
    let folder = Folder::new();
    for address in ["s3://bucket/net", "gs://bucket/net", "az://container/net"] {
        let answer = folder.run(&["init", "model.json", "--out", address]);
        answer.refused(2, &[address, "build with --features cloud"]);
    }
    let answer = folder.run(&["init", "model.json", "--out", "s3://bucket/net.safetensors"]);
    answer.refused(2, &["to be one file", "--layout hf"]);
    assert_eq!(folder.files(), ["model.json"]);
}
