//! The README's models are what it says of them.

use crate::run::Folder;

const README: &str = include_str!("../../README.md");

/// The blocks of code in a language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let fence = format!("```{language}\n");
    let starts: Vec<_> = README.match_indices(&fence).map(|(at, _)| at + fence.len()).collect();
    starts.into_iter().map(|start| {
        let rest = &README[start..];
        &rest[..rest.find("```").unwrap()]
    })
}

#[test]
fn its_models_pass_their_own_strict() {
    let json =
        blocks("json").filter(|text| text.contains("\"class\"")).map(|text| ("net.json", text));
    let python =
        blocks("python").filter(|text| text.starts_with("model =")).map(|text| ("net.py", text));
    let models: Vec<_> = json.chain(python).collect();
    assert!(models.len() >= 2);
    for (name, text) in models {
        let folder = Folder::new();
        folder.write(name, text);
        let answer = folder.done(&["plan", name, "--strict"]);
        assert_eq!(answer.stderr, "", "{text}");
        folder.done(&["init", name, "--strict", "--out", "net.safetensors"]);
        folder.done(&["verify", name, "net.safetensors"]);
    }
}
