//! The models of the README and of the pages beside it are what is said of them, and links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::Folder;

/// The README and every page of `docs/`.
fn pages() -> Vec<(PathBuf, String)> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let docs = fs::read_dir(repository.join("docs")).unwrap();
    let docs = docs.map(|page| page.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let paths = docs
        .chain(["README.md", "SECURITY.md", "CONTRIBUTING.md"].map(|name| repository.join(name)));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The blocks of code in a language.
pub(crate) fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("```{language}\n");
    let starts = page.match_indices(&fence).map(|(at, _)| at + fence.len());
    starts.map(|start| &page[start..][..page[start..].find("```").unwrap()]).collect()
}

#[test]
fn models_pass_their_own_strict() {
    let mut models = 0;
    for (_, page) in pages() {
        let json = blocks(&page, "json").into_iter().filter(|text| text.contains("\"class\""));
        let python = blocks(&page, "python").into_iter().filter(|text| text.starts_with("model ="));
        let json = json.map(|text| ("net.json", text));
        for (name, text) in json.chain(python.map(|text| ("net.py", text))) {
            let folder = Folder::new();
            folder.write(name, text);
            let answer = folder.done(&["plan", name, "--strict"]);
            assert_eq!(answer.stderr, "", "{text}");
            folder.done(&["init", name, "--strict", "--out", "net.safetensors"]);
            folder.done(&["verify", name, "net.safetensors"]);
            models += 1;
        }
    }
    assert!(models >= 2);
}

#[test]
fn links_lead_to_files() {
    for (path, page) in pages() {
        for (at, _) in page.match_indices("](") {
            let link = &page[at + 2..][..page[at + 2..].find(')').unwrap()];
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() {
                let target = path.parent().unwrap().join(file);
                assert!(target.exists(), "{}: {link}", path.display());
            }
        }
    }
}
