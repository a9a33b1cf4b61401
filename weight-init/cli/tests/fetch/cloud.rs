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
