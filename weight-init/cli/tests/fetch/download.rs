use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use weight_init::fetch::{Fetch, FetchError, Patience};

use crate::server::{Answer, Request, Server};

/// More than fits into the buffers on the way.
pub(crate) fn content() -> Vec<u8> {
    (0..3_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// A name that holds the content's hash, as PyTorch names files.
pub(crate) fn name() -> String {
    let digest = Sha256::digest(content());
    format!("net-{:02x}{:02x}{:02x}{:02x}.pth", digest[0], digest[1], digest[2], digest[3])
}

pub(crate) const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    read: Duration::from_secs(1),
    window: Duration::from_secs(1),
    least: 10_000,
    connection: Duration::from_secs(4),
    tries: 4,
    first_wait: Duration::from_millis(5),
    stalled: Duration::from_secs(1),
};

pub(crate) fn fetch(home: &Path) -> Fetch {
    Fetch::from_env().unwrap().with_torch_home(home).with_patience(PATIENCE)
}

/// Every file below a folder, by name.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = paths
        .flat_map(|path| {
            let name = || path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() { files(&path) } else { vec![name()] }
        })
        .collect();
    names.sort();
    names
}

/// Fetches the file from a server that answers so; what comes of it, and what was asked.
fn from(
    answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
) -> (Result<Vec<u8>, FetchError>, Vec<Request>, TempDir) {
    let (server, cache) = (Server::start(answer), tempfile::tempdir().unwrap());
    let url = format!("{}/{}", server.address, name());
    let path = fetch(cache.path()).fetch(&url, &mut |_| ());
    if path.is_err() {
        assert!(!files(cache.path()).contains(&name()));
    }
    (path.map(|path| fs::read(path).unwrap()), server.requests(), cache)
}

/// As [`from`], and the file must come whole.
fn whole(answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Vec<Request> {
    let (found, requests, cache) = from(answer);
    assert!(found.unwrap() == content());
    // The lock alone is left beside it.
    assert_eq!(files(cache.path()), [name(), name() + ".lock"]);
    requests
}

#[test]
fn a_file_comes_once_and_is_kept() {
    let server = Server::start(|request, _| Answer::file(request, &content(), "\"1\""));
    let home = tempfile::tempdir().unwrap();
    let (fetch, url) = (fetch(home.path()), format!("{}/models/{}", server.address, name()));
    let mut last = None;
    for _ in 0..2 {
        let path = fetch.fetch(&url, &mut |progress| last = Some(format!("{progress:?}"))).unwrap();
        assert!(fs::read(path).unwrap() == content());
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(last.unwrap(), "Received { done: 3000000, total: Some(3000000) }");
    // Without the network what is here is found, and what is not is named with its place.
    let offline = fetch.offline(true);
    assert!(offline.fetch(&url, &mut |_| ()).is_ok());
    let error = offline.fetch(&format!("{}/other.pth", server.address), &mut |_| ()).unwrap_err();
    assert!(error.is_io() && error.to_string().contains("other.pth belongs at"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_download_that_was_cut_off_goes_on_where_it_ended() {
    let requests = whole(|request, number| {
        let answer = Answer::file(request, &content(), "\"1\"");
        if number < 3 { answer.cut(700_000) } else { answer }
    });
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[3].headers["range"], "bytes=2100000-");
    assert_eq!(requests[3].headers["if-range"], "\"1\"");
}

#[test]
fn a_server_that_knows_no_parts_is_asked_for_the_whole_again() {
    let requests = whole(|_, number| {
        let answer = Answer::new(200, &content()).with("ETag", "\"1\"");
        if number == 0 { answer.cut(1_000_000) } else { answer }
    });
    assert!(requests[1].headers.contains_key("range"));
    // Without a version, or with a weak one, a part could be of another file.
    for header in ["X-Nothing", "ETag"] {
        let requests = whole(move |request, number| {
            let answer = Answer::file(request, &content(), "").with(header, "W/\"1\"");
            let answer = if header == "ETag" { answer } else { answer.without("ETag") };
            if number == 0 { answer.cut(1_000_000) } else { answer }
        });
        assert!(!requests[1].headers.contains_key("range"), "{requests:?}");
    }
}

#[test]
fn a_file_that_has_changed_in_between_is_begun_anew() {
    whole(|request, number| match number {
        0 => Answer::file(request, &[7; 2_000_000], "\"old\"").cut(1_500_000),
        _ => Answer::file(request, &content(), "\"new\""),
    });
    // And one that has become shorter, on a server that does not look at versions.
    whole(|request, number| match number {
        0 => Answer::new(200, &[7; 9_000_000]).with("ETag", "\"old\"").cut(8_000_000),
        _ => {
            let mut request = request.clone();
            request.headers.remove("if-range");
            Answer::file(&request, &content(), "\"new\"")
        }
    });
    // And a server that sends another part than was asked for.
    whole(|request, number| match (number, request.headers.contains_key("range")) {
        (0, _) => Answer::file(request, &content(), "\"1\"").cut(1_500_000),
        (_, true) => {
            Answer::new(206, &content()[5..]).with("Content-Range", "bytes 5-2999999/3000000")
        }
        _ => Answer::file(request, &content(), "\"1\""),
    });
}

#[test]
fn what_may_pass_is_tried_again_and_the_rest_is_not() {
    for status in [500, 502, 503, 408] {
        let answer = move |request: &Request, number| match number {
            0 | 1 => Answer::new(status, b"not now"),
            _ => Answer::file(request, &content(), "\"1\""),
        };
        assert_eq!(whole(answer).len(), 3);
    }
    let requests = whole(|request, number| match number {
        0 => Answer::new(429, b"").with("Retry-After", "0"),
        _ => Answer::file(request, &content(), "\"1\""),
    });
    assert_eq!(requests.len(), 2);
    for (status, says) in [
        (404, "no such file"),
        (403, "not allowed"),
        (401, "HF_TOKEN"),
        (410, "no such file"),
        (400, "400"),
    ] {
        let (found, requests, _) = from(move |_, _| Answer::new(status, b"no"));
        let error = found.unwrap_err();
        assert!(error.is_io() && error.to_string().contains(says), "{error}");
        assert_eq!(requests.len(), 1);
    }
    let (found, requests, _) = from(|_, _| Answer::new(503, b""));
    assert!(found.unwrap_err().to_string().contains("tried 4 times"));
    assert_eq!(requests.len(), 4);
}

#[test]
fn slow_silent_and_lying_servers_end() {
    // Silent in the middle: goes on with the rest.
    whole(|request, number| {
        let answer = Answer::file(request, &content(), "\"1\"");
        if number == 0 { answer.pausing(100_000, Duration::from_secs(3)) } else { answer }
    });
    // Silent for ever.
    let (found, ..) = from(|_, _| Answer::new(200, &content()).pausing(0, Duration::from_secs(3)));
    assert!(found.unwrap_err().to_string().contains("tried 4 times"));
    // Slow, but not silent.
    whole(|request, _| {
        Answer::file(request, &content(), "\"1\"").pausing(2_000_000, Duration::from_millis(150))
    });
    // More or less than it says, every time.
    for length in ["4000000", "99999999999999999999"] {
        let (found, ..) =
            from(move |_, _| Answer::new(200, &content()).with("Content-Length", length));
        assert!(found.is_err(), "{length}");
    }
    let (found, ..) = from(|_, _| Answer::new(200, &content()).with("Content-Length", "2000000"));
    assert!(matches!(found, Err(FetchError::Hash { .. })), "{found:?}");
    // Without a length the end of the connection is the end, and the hash tells.
    whole(|_, _| Answer::new(200, &content()).without("Content-Length"));
    let (found, ..) = from(|_, _| Answer::new(200, &content()).without("Content-Length").cut(1000));
    assert!(matches!(found, Err(FetchError::Hash { .. })), "{found:?}");
}

#[test]
fn what_is_not_what_its_name_says_is_thrown_away() {
    let (found, _, cache) = from(|_, _| Answer::new(200, &[1; 1000]));
    let error = found.unwrap_err().to_string();
    assert!(error.contains("its name says") && error.contains("thrown away"), "{error}");
    assert_eq!(files(cache.path()), [name() + ".lock"]);
}

#[test]
fn redirects_are_followed_and_never_take_a_token_along() {
    let target = Arc::new(Server::start(|request, _| Answer::file(request, &content(), "\"1\"")));
    let there = target.address.clone();
    let server = Server::start(move |_, _| {
        Answer::new(302, b"").with("Location", &format!("{there}/elsewhere"))
    });
    let cache = tempfile::tempdir().unwrap();
    // As for hf://, whose server is named by the environment of a process of its own.
    let checkpoint = format!("hf://owner/repo/sub/{}@abc", name());
    let model = format!(
        r#"{{"class": "Net", "init_weights": "module", "init_cfg": {{"type": "Pretrained", "checkpoint": "{checkpoint}"}},
            "params": [{{"name": "weight", "shape": [1]}}]}}"#
    );
    fs::write(cache.path().join("model.json"), model).unwrap();
    let run = assert_cmd::Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args(["init", "model.json", "--out", "m.safetensors"])
        .current_dir(cache.path())
        .env("TORCH_HOME", cache.path())
        .env("HF_ENDPOINT", &server.address)
        .env("HF_TOKEN", "secret")
        .output()
        .unwrap();
    // It came, and is no checkpoint.
    assert_eq!(run.status.code(), Some(2), "{run:?}");
    assert_eq!(files(&cache.path().join("weight-init")), [name(), name() + ".lock"]);
    let (first, second) = (&server.requests()[0], &target.requests()[0]);
    assert_eq!(first.path, format!("/owner/repo/resolve/abc/sub/{}", name()));
    assert_eq!(first.headers["authorization"], "Bearer secret");
    assert_eq!(second.path, "/elsewhere");
    assert!(!second.headers.contains_key("authorization"));

    let (found, requests, _) =
        from(|request, _| Answer::new(302, b"").with("Location", &request.path));
    assert!(found.unwrap_err().to_string().contains("redirect"), "{requests:?}");
    assert!(requests.len() < 20);
}

#[test]
fn a_proxy_is_asked_where_the_environment_names_one() {
    let proxy = Server::start(|request, _| Answer::file(request, b"not a checkpoint", "\"1\""));
    let folder = tempfile::tempdir().unwrap();
    let model = r#"{"class": "Net", "init_weights": "module",
        "init_cfg": {"type": "Pretrained", "checkpoint": "http://models.invalid/net.pth"},
        "params": [{"name": "weight", "shape": [1]}]}"#;
    fs::write(folder.path().join("model.json"), model).unwrap();
    let run = assert_cmd::Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args(["plan", "model.json", "--pretrained", "load"])
        .current_dir(folder.path())
        .env("TORCH_HOME", folder.path())
        .env("HTTP_PROXY", &proxy.address)
        .env("http_proxy", &proxy.address)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("ALL_PROXY")
        .env_remove("all_proxy")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2), "{run:?}");
    let asked = proxy.requests();
    assert_eq!(
        (asked[0].method.as_str(), asked[0].path.as_str()),
        ("CONNECT", "models.invalid:80")
    );
    assert_eq!(asked[1].path, "/net.pth");
}

#[test]
fn two_that_want_the_same_file_take_turns() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let server = Server::start(move |request, _| {
        count.fetch_add(1, Ordering::SeqCst);
        Answer::file(request, &content(), "\"1\"").pausing(1_000_000, Duration::from_millis(200))
    });
    let cache = tempfile::tempdir().unwrap();
    let url = format!("{}/{}", server.address, name());
    let paths: Vec<PathBuf> = thread::scope(|scope| {
        let fetch_it = || fetch(cache.path()).fetch(&url, &mut |_| ()).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(fetch_it)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(paths.iter().all(|path| fs::read(path).unwrap() == content()));
    assert_eq!(served.load(Ordering::SeqCst), 1);
}

#[test]
fn an_index_brings_its_files_along() {
    let index = r#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/net/model.safetensors.index.json" => Answer::new(200, index.as_bytes()),
        path => Answer::new(200, path.as_bytes()),
    });
    let cache = tempfile::tempdir().unwrap();
    let url = format!("{}/net/model.safetensors.index.json", server.address);
    let path = fetch(cache.path()).fetch(&url, &mut |_| ()).unwrap();
    for number in ["1", "2"] {
        let name = format!("model-{number}.safetensors");
        assert_eq!(fs::read_to_string(path.with_file_name(&name)).unwrap(), format!("/net/{name}"));
    }
    assert_eq!(server.requests().len(), 3);

    let evil = r#"{"weight_map": {"a": "../../evil.safetensors"}}"#;
    let server = Server::start(move |_, _| Answer::new(200, evil.as_bytes()));
    let url = format!("{}/net/model.safetensors.index.json", server.address);
    let error = fetch(cache.path()).fetch(&url, &mut |_| ()).unwrap_err();
    assert!(!error.is_io() && error.to_string().contains("../../evil"), "{error}");
    assert_eq!(server.requests().len(), 1);
}
