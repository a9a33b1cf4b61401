//! Long results and who reads them: rows for patterns of names, and the pager of a terminal.

use std::fmt::Write as _;

use crate::run::Folder;

/// A model of so many parameters: linear layers without biases.
fn model(params: usize) -> String {
    let mut model = String::from(r#"{"class": "Net", "children": ["#);
    for layer in 0..params {
        let comma = if layer == 0 { "" } else { "," };
        let _ = write!(
            model,
            r#"{comma}{{"name": "layer{layer}", "class": "Linear", "params": [{{"name": "weight", "shape": [2, 2]}}]}}"#
        );
    }
    model + "]}"
}

fn rows(table: &str) -> usize {
    table.lines().filter(|line| line.starts_with("layer")).count()
}

#[test]
fn above_sixty_parameters_a_row_is_a_pattern() {
    let folder = Folder::new();
    folder.write("60.json", model(60));
    folder.write("61.json", model(61));
    let table = |args: &[&str]| folder.done(&[&["plan"], args].concat()).stdout;
    assert_eq!(rows(&table(&["60.json"])), 60);
    let glance = table(&["61.json"]);
    assert_eq!(rows(&glance), 1, "{glance}");
    assert!(glance.contains("layer*.weight ×61"), "{glance}");
    assert_eq!(rows(&table(&["61.json", "--all"])), 61);
    // JSON is for programs, and has all of them.
    let json = folder.done(&["plan", "61.json", "--format", "json"]).json();
    assert_eq!(json["params"].as_object().map(serde_json::Map::len), Some(61));
}

/// Runs the command on a terminal of so many rows, and returns what its pager was given.
#[cfg(target_os = "linux")]
fn paged(folder: &Folder, terminal: &mut assert_cmd::Command) -> Option<String> {
    let recorded = folder.path("recorded");
    let _ = std::fs::remove_file(&recorded);
    let pager = format!("{} first", folder.path("recorder").display());
    let output = terminal.env("PAGER", pager).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&recorded).ok();
    let shown = String::from_utf8_lossy(&output.stdout).contains("layer0.weight");
    assert_eq!(shown, text.is_none(), "either the pager has it or the terminal: {output:?}");
    text
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_long_results_through_the_pager() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    folder.write("net.json", model(61));
    folder.write("recorder", "#!/bin/sh\n{ echo \"$1\"; cat; } > recorded\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path("recorder"), mode).unwrap();

    let Some(mut terminal) = folder.on_a_terminal(10, "plan net.json --all") else { return };
    let text = paged(&folder, &mut terminal).unwrap();
    assert!(text.starts_with("first\n") && rows(&text) == 61, "{text}");
    for (rows, args) in [(10, "plan net.json --all --no-pager"), (200, "plan net.json --all")] {
        let mut terminal = folder.on_a_terminal(rows, args).unwrap();
        assert_eq!(paged(&folder, &mut terminal), None, "{rows} {args}");
    }
}
