//! An object store that speaks S3, on this machine.

use std::fs;
use std::process::Command;

use crate::server::{Answer, Server};

#[test]
fn a_checkpoint_comes_from_an_object_store() {
    let server = Server::start(|request, _| {
        Answer::file(request, b"not a checkpoint", "\"1\"")
            .with("Last-Modified", "Mon, 23 Nov 2026 00:00:00 GMT")
    });
    let folder = tempfile::tempdir().unwrap();
    let model = r#"{"class": "Net", "init_weights": "module",
        "init_cfg": {"type": "Pretrained", "checkpoint": "s3://bucket/models/net.safetensors"},
        "params": [{"name": "weight", "shape": [4]}]}"#;
    fs::write(folder.path().join("model.json"), model).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args(["init", "model.json", "--out", "m.safetensors"])
        .current_dir(folder.path())
        .env("TORCH_HOME", folder.path())
        .env("AWS_ENDPOINT", &server.address)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-central-1")
        .output()
        .unwrap();
    // It came, and is no checkpoint.
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.contains("net.safetensors"), "{said}");
    let requests = server.requests();
    assert!(
        requests.iter().all(|request| request.path == "/bucket/models/net.safetensors"),
        "{requests:?}"
    );
    assert!(requests[0].headers["authorization"].starts_with("AWS4-HMAC-SHA256 Credential=key/"));
    let own = folder.path().join("weight-init");
    let kept = fs::read_dir(own).unwrap().next().unwrap().unwrap().path().join("net.safetensors");
    assert_eq!(fs::read(kept).unwrap(), b"not a checkpoint");
}

/// What is wrong with the way to a folder in a store is told at once, before anything is made.
#[test]
fn a_folder_in_a_store_that_cannot_be_reached_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = r#"{"class": "Net", "params": [{"name": "weight", "shape": [4], "value": 0}]}"#;
    fs::write(folder.path().join("model.json"), model).unwrap();
    for (address, code, says) in [
        (
            "s3://bucket/net",
            3,
            "no server can be reached at http://127.0.0.1:9, as AWS_ENDPOINT_URL says",
        ),
        (
            "s3://bucket",
            2,
            "it is a whole bucket; give the name of a folder in it: s3://bucket/model",
        ),
        ("s3://bucket/", 2, "s3://bucket/model"),
        ("s3:///net", 2, "it is not of the form s3://BUCKET/FOLDER"),
        ("s3://bucket/net?versionId=s3cret", 2, "it is not of the form s3://BUCKET/FOLDER"),
        ("s3://user:s3cret@bucket/net", 2, "it is not of the form s3://BUCKET/FOLDER"),
        ("s3://bucket/net.safetensors", 2, "is to be one file"),
        ("az://container/net", 3, "AZURE_STORAGE_ACCOUNT_NAME"),
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_weight-init"))
            .args(["init", "model.json", "--out", address])
            .current_dir(folder.path())
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "s3cret")
            .env_remove("AZURE_STORAGE_ACCOUNT_NAME")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(code), "{address}: {said}");
        assert!(said.contains(says) && !said.contains("s3cret"), "{address}: {said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{address}");
    }
}
