//! A file in the cache that PyTorch shares has the hash that its name carries, and no other file is there.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use weight_init::fetch::Fetch;

use crate::command::{Home, checkpoint, said};
use crate::download::{fetch, files};
use crate::server::{Answer, Server};

/// `STEM-HASH.EXTENSION` of this content.
fn named(stem: &str, content: &[u8], extension: &str) -> String {
    let digest = Sha256::digest(content);
    let digits: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{stem}-{digits}{extension}")
}

#[test]
fn an_index_with_a_hash_in_its_name_plants_nothing() {
    let index = br#"{"weight_map": {"weight": "yolov5s.pt"}}"#;
    let server = Server::start(move |request, _| {
        if request.path.ends_with(".index.json") {
            Answer::new(200, index)
        } else {
            Answer::new(200, b"\x80\x02cos\nsystem\n.")
        }
    });
    let name = named("net", index, ".safetensors.index.json");
    let home = Home::new(&format!("{}/{name}", server.address));
    let output = home.init();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(files(&home.shared()), [""; 0]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn files_of_hosts_that_no_table_names_are_not_shared() {
    let name = named("resnet50", &checkpoint(), ".pth");
    let server = Server::start(|request, _| Answer::file(request, &checkpoint(), "\"1\""));
    let home = Home::new(&format!("{}/{name}", server.address));
    let output = home.init();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(files(&home.shared()), [""; 0]);
    // A file of that name in the shared cache is not taken for the one at this address.
    fs::create_dir_all(home.shared()).unwrap();
    fs::write(home.shared().join(&name), "another").unwrap();
    assert_eq!(home.init().status.code(), Some(0));
}

#[test]
fn a_file_of_a_table_is_kept_where_pytorch_keeps_it() {
    let (good, bad) = (named("net", &checkpoint(), ".pth"), "net-01234567.pth");
    let server = Server::start(|request, _| Answer::file(request, &checkpoint(), "\"1\""));
    let url = |name: &str| format!("{}/models/{name}", server.address);
    let home = Home::new("torchvision://good");
    let table = serde_json::json!({"torchvision": {"good": url(&good), "bad": url(bad), "plain": url("plain.pth")}});
    fs::write(home.path().join("names.json"), table.to_string()).unwrap();
    let init = || {
        home.run(&[
            "init",
            "model.json",
            "--out",
            "m.safetensors",
            "--checkpoint-names",
            "names.json",
        ])
    };
    for _ in 0..2 {
        let output = init();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert_eq!(server.requests().len(), 1);
    // Neither a lock nor a part of a file stands there.
    assert_eq!(files(&home.shared()), [good.as_str()]);
    assert_eq!(fs::read(home.shared().join(&good)).unwrap(), checkpoint());
    // A name that is not the hash of the content, or has none, brings nothing there.
    home.model("torchvision://bad");
    let output = init();
    assert!(said(&output).contains("its name says 01234567"), "{}", said(&output));
    home.model("torchvision://plain");
    assert_eq!(init().status.code(), Some(0));
    assert_eq!(files(&home.shared()), [good.as_str()]);
    // Another address on a host of the table.
    home.model(&url(&named("other", &checkpoint(), ".pth")));
    assert_eq!(init().status.code(), Some(0));
    assert_eq!(files(&home.shared()).len(), 2);
}

#[test]
fn a_shared_file_that_is_cut_is_named_with_what_to_do() {
    let server = Server::start(|request, _| Answer::file(request, &checkpoint(), "\"1\""));
    let name = named("net", &checkpoint(), ".pth");
    let home = Home::new("torchvision://net");
    let table = serde_json::json!({"torchvision": {"net": format!("{}/{name}", server.address)}});
    fs::write(home.path().join("names.json"), table.to_string()).unwrap();
    fs::create_dir_all(home.shared()).unwrap();
    let path = home.shared().join(&name);
    fs::write(&path, &checkpoint()[..75]).unwrap();
    let output = home.run(&[
        "init",
        "model.json",
        "--out",
        "m.safetensors",
        "--checkpoint-names",
        "names.json",
    ]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [path.to_str().unwrap(), "its name says", "remove it"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_download_without_a_length_is_kept_only_if_it_is_whole() {
    let server = Server::start(|_, number| {
        let answer = Answer::new(200, &checkpoint()).without("Content-Length");
        if number == 0 { answer.cut(75) } else { answer }
    });
    let home = Home::new(&format!("{}/net.safetensors", server.address));
    let output = home.init();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("does not say how long") && text.contains("thrown away"), "{text}");
    assert_eq!(files(&home.path().join("weight-init")), ["net.safetensors.lock"]);
    let output = home.init();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_chunked_download_is_whole_when_the_server_says_so() {
    let chunked = |end: &'static str| {
        move |_: &crate::server::Request, _| {
            let text = format!("10\r\n0123456789abcdef\r\n{end}");
            Answer::new(200, text.as_bytes())
                .without("Content-Length")
                .with("Transfer-Encoding", "chunked")
        }
    };
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(chunked("0\r\n\r\n"));
    let path = fetch(home.path()).fetch(&format!("{}/net.pth", server.address), &mut |_| ());
    assert_eq!(fs::read(path.unwrap()).unwrap(), b"0123456789abcdef");
    let server = Server::start(chunked("10\r\n0123"));
    let error = fetch(home.path()).fetch(&format!("{}/cut.pth", server.address), &mut |_| ());
    assert!(error.unwrap_err().to_string().contains("tried 4 times"));
}

#[test]
fn a_file_of_ours_that_is_cut_later_is_named_with_what_to_do() {
    let server = Server::start(|request, _| Answer::file(request, &checkpoint(), "\"1\""));
    let url = format!("{}/net.safetensors?token=s3cret", server.address);
    let home = Home::new(&url);
    assert_eq!(home.init().status.code(), Some(0));
    let path = Fetch::from_env().unwrap().with_torch_home(home.path()).find(&url).unwrap().unwrap();
    fs::write(&path, &checkpoint()[..75]).unwrap();
    let output = home.init();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in [path.to_str().unwrap(), "downloaded from http://127.0.0.1", "remove it"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
    fs::remove_file(path).unwrap();
    assert_eq!(home.init().status.code(), Some(0));
}

#[test]
fn every_address_and_revision_has_a_place_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    // A file exists where `find` says that one is.
    let place = |checkpoint: &str| {
        let weight_init::fetch::Location::Remote { path, .. } =
            fetch(home.path()).locate(checkpoint).unwrap()
        else {
            panic!("{checkpoint}")
        };
        path
    };
    let places: Vec<PathBuf> = [
        "hf://o/r/b/c@a",
        "hf://o/r/c@a/b",
        "hf://o/r/a/b/c",
        "hf://o/r/c",
        "https://a.org/c",
        "https://b.org/c",
        "http://a.org/c",
        "https://a.org:444/c",
        "https://a.org/c?version=2",
        "https://a.org/c#2",
        "https://me@a.org/c",
        "https://a.org/sub/c",
        "https://a.org//c",
        "s3://a.org/c",
    ]
    .map(place)
    .to_vec();
    for (index, path) in places.iter().enumerate() {
        assert_eq!(path.file_name().unwrap(), "c");
        assert!(path.starts_with(home.path().join("weight-init")), "{path:?}");
        assert!(!places[..index].contains(path), "{path:?}");
    }
    // The hub is told where a revision ends.
    let weight_init::fetch::Location::Remote { url, .. } =
        fetch(home.path()).locate("hf://o/r/c@a/b").unwrap()
    else {
        panic!()
    };
    assert!(url.secret().ends_with("/o/r/resolve/a%2Fb/c"), "{url}");
}

#[test]
fn an_index_names_plain_files_alone() {
    for shard in [
        "../yolov5s.pt",
        "/tmp/yolov5s.pt",
        "a/b.bin",
        "a\\b.bin",
        "C:b.bin",
        "b.bin:s",
        "b\u{1}.bin",
        "CON",
        "nul.bin",
        "a.bin.partial",
        "net.safetensors.index.json",
        "b.JSON",
        "b?c",
        "%2e%2e%2fb",
        "",
        "..",
        ".b",
        "b.",
    ] {
        let index = serde_json::json!({"weight_map": {"weight": shard}}).to_string();
        let server = Server::start(move |_, _| Answer::new(200, index.as_bytes()));
        let home = tempfile::tempdir().unwrap();
        let url = format!("{}/net.safetensors.index.json", server.address);
        let error = fetch(home.path()).fetch(&url, &mut |_| ()).unwrap_err();
        assert!(!error.is_io() && error.to_string().contains("plain names"), "{shard}: {error}");
        // No request is sent, no file is made.
        assert_eq!(server.requests().len(), 1, "{shard}");
        let name = "net.safetensors.index.json";
        assert_eq!(files(home.path()), [name.to_owned(), format!("{name}.lock")], "{shard}");
    }
}
