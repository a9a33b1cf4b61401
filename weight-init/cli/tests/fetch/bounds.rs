//! A download takes no more room and time than it may, whatever the server does.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{io::Read, thread};

use weight_init::fetch::{FetchError, Patience, Progress};

use crate::command::{Home, checkpoint, said};
use crate::download::{PATIENCE, fetch, files};
use crate::server::{Answer, Server};

/// A body in chunks that never ends.
fn endless() -> Answer {
    let chunk = [b"100000\r\n".as_slice(), &vec![7; 1 << 20], b"\r\n"].concat();
    Answer::new(200, b"")
        .without("Content-Length")
        .with("Transfer-Encoding", "chunked")
        .forever(&chunk, Duration::ZERO)
}

#[test]
fn a_body_that_never_ends_ends_at_the_most_that_is_allowed() {
    let server = Server::start(|_, _| endless());
    let home = tempfile::tempdir().unwrap();
    let url = format!("{}/net.pth", server.address);
    let fetch = fetch(home.path()).with_most_bytes(10 << 20);
    let error = fetch.fetch(&url, &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { bytes: None, .. }), "{error}");
    assert!(error.to_string().contains("WEIGHT_INIT_MAX_DOWNLOAD"), "{error}");
    // The received bytes are removed.
    assert_eq!(files(home.path()), ["net.pth.lock"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_environment_says_how_much_is_allowed() {
    let server = Server::start(|_, _| Answer::new(200, b"x").with("Content-Length", "3000000000"));
    let home = Home::new(&format!("{}/net.pth", server.address));
    let init = |gib: &str| {
        let mut command = home.command(&["init", "model.json", "--out", "m.safetensors"]);
        command.env("WEIGHT_INIT_MAX_DOWNLOAD", gib).output().unwrap()
    };
    let output = init("2");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("it has 3000000000 bytes, but only 2147483648"),
        "{}",
        said(&output)
    );
    let output = init("many");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_file_that_the_disk_has_no_room_for_is_not_begun() {
    let server =
        Server::start(|_, _| Answer::new(200, b"x").with("Content-Length", "4000000000000000000"));
    let home = tempfile::tempdir().unwrap();
    let fetch = fetch(home.path()).with_most_bytes(u64::MAX);
    let error = fetch.fetch(&format!("{}/net.pth", server.address), &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::NoRoom { bytes: Some(_), .. }), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_files_of_an_index_count_together() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/net.safetensors.index.json" => {
            Answer::new(200, br#"{"weight_map": {"a": "1.bin", "b": "2.bin", "c": "3.bin"}}"#)
        }
        _ => Answer::new(200, &[0; 1000]),
    });
    let home = tempfile::tempdir().unwrap();
    let fetch = fetch(home.path()).with_most_bytes(2500);
    let url = format!("{}/net.safetensors.index.json", server.address);
    let error = fetch.fetch(&url, &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { bytes: Some(1000), most: 500, .. }), "{error}");
}

#[test]
fn an_index_is_measured_before_it_is_received_and_before_it_is_read() {
    let server = Server::start(|_, _| Answer::new(200, b"{").with("Content-Length", "2147483648"));
    let home = tempfile::tempdir().unwrap();
    let url = format!("{}/net.index.json", server.address);
    let error = fetch(home.path()).fetch(&url, &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");

    // An index that is here already, of two GiB without content.
    let path = match fetch(home.path()).locate(&url).unwrap() {
        weight_init::fetch::Location::Remote { path, .. } => path,
        weight_init::fetch::Location::File(_) => panic!(),
    };
    File::create(&path).unwrap().set_len(2 << 30).unwrap();
    let before = bytes_read();
    let error = fetch(home.path()).fetch(&url, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("more than 100000000 bytes"), "{error}");
    assert!(bytes_read() - before < 1 << 30, "{} bytes were read", bytes_read() - before);
}

/// What this process has read so far, where the system counts it; the other tests beside this one read megabytes.
fn bytes_read() -> u64 {
    let counts = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let read = counts.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.map_or(0, |read| read.parse().unwrap())
}

#[test]
fn a_server_that_is_too_slow_is_given_up() {
    let drop = Duration::from_millis(100);
    let headers = |answer: Answer| answer.with("ETag", "\"1\"");
    let length = || headers(Answer::new(200, b"").with("Content-Length", "3000000"));
    let chunked = || headers(endless_headers());
    for (what, answer) in [
        ("a byte at a time", length().forever(b"x", drop)),
        ("a chunk at a time", chunked().forever(b"1\r\nx\r\n", drop)),
        ("the size of a chunk", chunked().forever(b" ", drop)),
    ] {
        let server = Server::start(move |_, _| answer.clone());
        let home = tempfile::tempdir().unwrap();
        let patience = Patience { tries: 2, ..PATIENCE };
        let fetch = fetch(home.path()).with_patience(patience);
        let start = Instant::now();
        let error = fetch.fetch(&format!("{}/net.pth", server.address), &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("tried 2 times"), "{what}: {error}");
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?}", start.elapsed());
    }
    // Trailers without end behind a body that is whole.
    let answer = Answer::new(200, b"1\r\nx\r\n0\r\n")
        .without("Content-Length")
        .with("Transfer-Encoding", "chunked")
        .forever(b"a: b\r\n", drop);
    let server = Server::start(move |_, _| answer.clone());
    let home = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let fetch = fetch(home.path()).with_patience(Patience { tries: 2, ..PATIENCE });
    let _ = fetch.fetch(&format!("{}/net.pth", server.address), &mut |_| ());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

fn endless_headers() -> Answer {
    Answer::new(200, b"").without("Content-Length").with("Transfer-Encoding", "chunked")
}

#[test]
fn who_waits_for_another_process_says_so_and_does_not_wait_for_ever() {
    let server = Server::start(|request, _| {
        Answer::file(request, &checkpoint(), "\"1\"").pausing(50, Duration::from_secs(4))
    });
    let home = Home::new(&format!("{}/net.safetensors", server.address));
    let start = || {
        let mut command = home.command(&["init", "model.json", "--out", "m.safetensors"]);
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut first = start();
    while server.requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let mut second = start();
    let mut text = String::new();
    second.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("note: another process downloads 'http://127.0.0.1"), "{text}");
    assert!(text.contains("net.safetensors.lock; waiting for it"), "{text}");
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success(), "{text}");
    assert_eq!(server.requests().len(), 1);

    // A process that holds the lock and receives nothing.
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/other.safetensors", server.address);
    let fetch = fetch(folder.path());
    let weight_init::fetch::Location::Remote { path, .. } = fetch.locate(&url).unwrap() else {
        panic!()
    };
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lock = File::create(path.with_file_name("other.safetensors.lock")).unwrap();
    lock.lock().unwrap();
    let mut waiting = 0;
    let error = fetch
        .fetch(&url, &mut |step| waiting += u32::from(matches!(step, Progress::Waiting { .. })))
        .unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }) && error.is_io(), "{error}");
    assert_eq!(waiting, 1);
    drop(lock);
    assert!(fetch.fetch(&url, &mut |_| ()).is_ok());
}
