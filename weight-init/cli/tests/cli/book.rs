//! The book of `docs/`: every page is in its contents, its commands do what they are said to do, and its list of options is the
//! command's.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::readme::blocks;
use crate::run::Folder;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("docs")
}

fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(docs()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter(|name| name.ends_with(".md"));
    pages.map(|name| (name.clone(), fs::read_to_string(docs().join(name)).unwrap())).collect()
}

#[test]
fn every_page_is_in_the_contents() {
    let summary = fs::read_to_string(docs().join("SUMMARY.md")).unwrap();
    for (name, _) in pages().iter().filter(|(name, _)| name != "SUMMARY.md") {
        assert!(summary.contains(&format!("]({name})")), "{name}");
    }
}

/// The anchor that GitHub and mdBook make of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// That files are there is a test of all links, in `readme.rs`.
#[test]
fn anchors_of_links_are_headings() {
    let pages = pages();
    let mut found = 0;
    for (name, page) in &pages {
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let Some((file, fragment)) = link.split_once('#') else { continue };
            let target = if file.is_empty() { name } else { file };
            let Some((_, target)) = pages.iter().find(|(page, _)| page == target) else { continue };
            let mut headings = target.lines().filter_map(|line| line.split_once("# "));
            assert!(
                headings.any(|(_, heading)| anchor(heading) == fragment),
                "{name}: {link} names no heading"
            );
            found += 1;
        }
    }
    assert!(found > 0);
}

/// The blocks of `sh` of a page run one after the other in one folder, which has the examples. `sh,ignore` marks those that need
/// more than the command.
#[cfg(unix)]
#[test]
fn commands_of_pages_are_done() {
    let examples = docs().with_file_name("examples");
    let binary = Path::new(env!("CARGO_BIN_EXE_weight-init")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.display());
    let mut ran = 0;
    for (name, page) in pages() {
        let blocks = blocks(&page, "sh");
        let folder = Folder::new();
        std::os::unix::fs::symlink(&examples, folder.path("examples")).unwrap();
        for block in blocks {
            let output = std::process::Command::new("bash")
                .args(["-euc", block])
                .current_dir(folder.path(""))
                .env("PATH", &path)
                .stdin(std::process::Stdio::null())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name}:\n{block}\n{said}");
            ran += 1;
        }
    }
    assert!(ran >= 8, "{ran}");
}

/// The help of the command and of each subcommand; `UPDATE_DOCS=1` writes it.
#[test]
fn every_option_is_in_the_book() {
    let folder = Folder::new();
    let help = |words: &[&str]| folder.done(&[words, &["--help"]].concat()).stdout;
    let whole = help(&[]);
    let listed = whole.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let starts = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let commands = starts.filter_map(|line| line.split_whitespace().next());
    let mut expected = "# Every option\n\nMade of the command's own help by \
        `UPDATE_DOCS=1 cargo test -p weight-init-cli --test cli book::`.\n"
        .to_owned();
    write!(expected, "\n```text\n{whole}```\n").unwrap();
    for command in commands.filter(|command| *command != "help") {
        write!(expected, "\n## {command}\n\n```text\n{}```\n", help(&[command])).unwrap();
    }
    let file = docs().join("cli.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(file, expected).unwrap();
        return;
    }
    assert!(fs::read_to_string(file).unwrap() == expected, "UPDATE_DOCS=1 writes docs/cli.md anew");
}
