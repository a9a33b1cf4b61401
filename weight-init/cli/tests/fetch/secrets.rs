//! Parts of an address that may be secret stand in no message, report, plan or file.

use std::fs;
use std::path::Path;

use weight_init::fetch::Patience;

use crate::command::{Home, checkpoint, said};
use crate::download::{PATIENCE, fetch};
use crate::server::{Answer, Server};

const SECRET: &str = "s3cret";

/// The secret is neither in what the command said nor in any file or its name, but the model's own.
#[track_caller]
fn assert_hidden(home: &Home, what: &str, text: &str) {
    assert!(!text.contains(SECRET), "{what}: {text}");
    look(home.path(), what);
}

fn look(folder: &Path, what: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(!path.to_string_lossy().contains(SECRET), "{what}: {path:?}");
        if path.is_dir() {
            look(&path, what);
        } else if path.file_name().unwrap() != "model.json" {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!found, "{what}: {path:?}");
        }
    }
}

/// Every way in which an address can hold a secret.
fn addresses(host: &str, file: &str) -> Vec<String> {
    vec![
        format!("http://me:{SECRET}@{host}/{file}"),
        format!("http://{SECRET}@{host}/{file}"),
        format!("http://{host}/{file}?token={SECRET}"),
        format!("http://{host}/{file}?{SECRET}"),
        format!("http://{host}/{file}?a=b&X-Amz-Signature={SECRET}&c=d"),
        format!("http://{host}/{file}#{SECRET}"),
    ]
}

const COMMANDS: [&[&str]; 8] = [
    &["init", "model.json", "--out", "m.safetensors"],
    &["verify", "model.json", "m.safetensors"],
    &["plan", "model.json", "--format", "json"],
    &["plan", "model.json", "--pretrained", "load"],
    &["plan", "model.json", "--pretrained", "assume"],
    &["explain", "model.json", "weight"],
    &["init", "model.json", "--out", "n.safetensors", "--offline", "--dtype", "bf16"],
    &["inspect", "m.safetensors", "--format", "json"],
];

#[test]
fn a_download_that_succeeds_shows_no_secret() {
    let server = Server::start(|request, _| Answer::file(request, &checkpoint(), "\"1\""));
    let host = server.address.strip_prefix("http://").unwrap();
    for address in addresses(host, "net.safetensors") {
        let home = Home::new(&address);
        for args in COMMANDS {
            let output = home.run(args);
            let text = said(&output);
            assert_eq!(output.status.code(), Some(0), "{args:?}: {text}");
            assert_hidden(&home, &format!("{address} {args:?}"), &text);
        }
    }
}

#[test]
fn a_download_that_fails_shows_no_secret() {
    let other = Server::start(|_, _| Answer::new(200, b"not a checkpoint"));
    let there = other.address.clone();
    let server = Server::start(move |request, _| {
        let path = request.path.split('?').next().unwrap().to_owned();
        match path.as_str() {
            "/not_found.pth" => Answer::new(404, b""),
            "/forbidden.pth" => Answer::new(403, b""),
            "/other.pth" => Answer::new(200, b"not a checkpoint"),
            "/cut.pth" => Answer::new(200, b"not a").without("Content-Length"),
            "/net-01234567.pth" => Answer::new(200, b"another hash"),
            "/large.pth" => Answer::new(200, b"").with("Content-Length", "999999999999999"),
            "/away.pth" => {
                Answer::new(302, b"").with("Location", &format!("{there}/x.pth?signature={SECRET}"))
            }
            "/circle.pth" => Answer::new(302, b"").with("Location", &request.path),
            "/broken.pth" => Answer::new(302, b"")
                .with("Location", &format!("http://[{SECRET}/x.pth?token={SECRET}")),
            "/evil.index.json" => {
                Answer::new(200, format!(r#"{{"weight_map": "https://u:{SECRET}@h/"}}"#).as_bytes())
            }
            "/shards.index.json" => Answer::new(200, br#"{"weight_map": {"weight": "gone.bin"}}"#),
            _ => Answer::new(410, b""),
        }
    });
    let host = server.address.strip_prefix("http://").unwrap();
    let files = [
        "not_found.pth",
        "forbidden.pth",
        "other.pth",
        "cut.pth",
        "net-01234567.pth",
        "large.pth",
        "away.pth",
        "circle.pth",
        "broken.pth",
        "evil.index.json",
        "shards.index.json",
        "nul",
        "a:b.pth",
    ];
    let mut names: Vec<String> =
        files.iter().flat_map(|file| addresses(host, file)).chain(addresses(host, "")).collect();
    names.extend([
        format!("ftp://me:{SECRET}@host/net.pth"),
        format!("hf://me:{SECRET}@owner/repo/net.pth"),
        format!("hf://owner/repo/net.pth?token={SECRET}"),
        format!("s3://key:{SECRET}@bucket/net.pth"),
        format!("https://me:{SECRET}@/net.pth"),
        format!("http://me:{SECRET}@host name/net.pth"),
        format!("torchvision://me:{SECRET}@resnet50"),
    ]);
    for name in names {
        let home = Home::new(&name);
        for args in [COMMANDS[0], COMMANDS[3], COMMANDS[4], COMMANDS[6]] {
            let output = home.run(args);
            let text = said(&output);
            assert!(!text.contains("panicked"), "{name} {args:?}: {text}");
            assert!(!text.contains(SECRET), "{name} {args:?}: {text}");
            // The server's own answer may be kept as it came.
            if !name.contains("evil") {
                assert_hidden(&home, &format!("{name} {args:?}"), &text);
            }
        }
        assert_eq!(home.init().status.code().unwrap_or_default() / 2, 1, "{name}");
    }
}

#[test]
fn a_server_that_leads_astray_shows_no_secret() {
    let away = format!("http://u:{SECRET}@127.0.0.1:1/x?t={SECRET}#{SECRET}");
    let server = Server::start(move |_, _| Answer::new(302, b"").with("Location", &away));
    let home = tempfile::tempdir().unwrap();
    let tries = Patience { tries: 2, ..PATIENCE };
    let fetch = fetch(home.path()).with_patience(tries);
    let host = server.address.strip_prefix("http://").unwrap();
    for url in addresses(host, "net.pth").into_iter().chain([
        format!("http://me:pass/{SECRET}@host/net.pth"),
        format!("http://me:{SECRET}@127.0.0.1:1/net.pth"),
        format!("https://me:{SECRET}@127.0.0.1:1/net.pth"),
    ]) {
        let error = fetch.fetch(&url, &mut |_| ()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{url}: {error} {error:?}");
        let location = fetch.locate(&url).unwrap();
        assert!(!format!("{location:?}").contains(SECRET), "{location:?}");
    }
}

#[test]
fn a_mistake_beside_an_address_shows_no_secret() {
    let address = format!("https://me:{SECRET}@host/net.pth?token={SECRET}");
    let home = Home::new(&address);
    for rule in [
        format!(r#"{{"type": "Pretrained", "checkpont": "{address}"}}"#),
        format!(r#"{{"type": "Pretrained", "checkpoint": "{address}", "prefx": 1}}"#),
        format!(r#"{{"type": "Pretrained", "checkpoint": "{address}", "prefix": 1}}"#),
        format!(r#"{{"type": "{address}"}}"#),
        format!(r#"{{"type": "Constant", "val": "{address}"}}"#),
        format!(r#"{{"type": "Pretrained", "checkpoint": "{address}", "override": 3}}"#),
        format!(r#"{{"type": "Pretrained", "checkpoint": ["{address}"]}}"#),
    ] {
        let model = format!(r#"{{"class": "Net", "init_weights": "module", "init_cfg": {rule}}}"#);
        fs::write(home.path().join("model.json"), model).unwrap();
        let output = home.run(&["plan", "model.json"]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{rule}: {text}");
        assert!(!text.contains(SECRET), "{rule}: {text}");
        // The mark stands below the text that it marks.
        assert!(text.contains('^'), "{rule}: {text}");
    }
    // An address where a file should be.
    for args in [
        ["plan", address.as_str(), "--strict"],
        ["verify", "model.json", address.as_str()],
        ["inspect", address.as_str(), "--format=json"],
    ] {
        let output = home.run(&args);
        assert!(!said(&output).contains(SECRET), "{}", said(&output));
    }
    // A table of names that is none.
    fs::write(home.path().join("names.json"), format!(r#"{{"mmcls": "{address}"}}"#)).unwrap();
    home.model("mmcls://resnet50");
    let output = home.run(&[
        "plan",
        "model.json",
        "--checkpoint-names",
        "names.json",
        "--pretrained",
        "load",
    ]);
    assert!(!said(&output).contains(SECRET), "{}", said(&output));
}
