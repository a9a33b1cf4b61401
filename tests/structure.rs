//! Proves that data flows one way in core: no module needs one that needs it, neither among the crate's modules nor among those of
//! the folders that were once circles. A module and the ones in its folder may name each other.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// For each name, the names that it needs.
type Needs = BTreeMap<String, BTreeSet<String>>;

/// The code of a module: its file and those of its folder, without tests, comments and what follows `#[cfg(test)]`.
fn code(path: &Path) -> String {
    let mut text = fs::read_to_string(path.with_extension("rs")).unwrap_or_default();
    let folder = fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path());
    let is_test = |path: &Path| {
        ["tests", "reference", "value_stability"]
            .map(Some)
            .contains(&path.file_stem().unwrap().to_str())
    };
    let modules: BTreeSet<_> =
        folder.filter(|path| !is_test(path)).map(|path| path.with_extension("")).collect();
    text.truncate(text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()));
    let own = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut all = own.map(|line| format!("{line}\n")).collect::<String>();
    modules.iter().for_each(|module| all += &code(module));
    all
}

/// The paths of a tree of `use`, each with its first names: `a::{b, c::d}` are `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let Some((front, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (place, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[begin..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(paths).map(|path| format!("{}{path}", front.trim())).collect()
}

/// Everything that a text uses.
fn uses(text: &str) -> Vec<String> {
    let statements = text.split("use ").skip(1).filter_map(|rest| rest.split_once(';'));
    statements.flat_map(|(tree, _)| paths(tree)).collect()
}

/// What the modules of a folder need of each other, where `root` begins the path of one: `crate::` or `super::`.
fn needs(folder: &Path, root: &str) -> Needs {
    let parent =
        if folder.ends_with("src") { folder.join("lib.rs") } else { folder.with_extension("rs") };
    let parent = fs::read_to_string(parent).unwrap();
    let modules: BTreeSet<String> = (parent.lines())
        .filter_map(|line| {
            line.trim_start_matches("pub ").trim_start_matches("(crate) ").strip_prefix("mod ")
        })
        .filter_map(|name| name.strip_suffix(';'))
        .filter(|name| !matches!(*name, "tests" | "reference"))
        .map(str::to_owned)
        .collect();
    // Names that the parent hands on.
    let handed: BTreeMap<String, String> = uses(&parent)
        .iter()
        .filter_map(|path| {
            let path = path.trim_start_matches("self::");
            let (module, name) = path.split_once("::")?;
            let name = name.rsplit("::").next()?;
            modules.contains(module).then(|| (name.to_owned(), module.to_owned()))
        })
        .collect();
    let of = |module: &String| {
        let text = code(&folder.join(module));
        let first = |path: String| {
            let name = path.strip_prefix(root)?.split("::").next()?.to_owned();
            modules.get(&name).cloned().or_else(|| handed.get(&name).cloned())
        };
        uses(&text).into_iter().filter_map(first).filter(|other| other != module).collect()
    };
    modules.iter().map(|module| (module.clone(), of(module))).collect()
}

/// Takes away modules that need none of the rest, as long as there are such: what is left needs itself.
fn circle(mut needs: Needs) -> Needs {
    loop {
        let free: BTreeSet<String> =
            needs.iter().filter(|(_, of)| of.is_empty()).map(|(name, _)| name.clone()).collect();
        if free.is_empty() {
            return needs;
        }
        needs.retain(|name, _| !free.contains(name));
        needs.values_mut().for_each(|of| of.retain(|name| !free.contains(name)));
    }
}

#[test]
fn no_module_of_core_needs_one_that_needs_it() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let found = needs(&core, "crate::");
    assert!(found["math"].contains("lanes") && found["float"].contains("math"), "{found:?}");
    assert!(
        found["in_place"].contains("resolve") && !found["lanes"].contains("float"),
        "{found:?}"
    );
    for (folder, root) in [
        (core.clone(), "crate::"),
        (core.join("lanes"), "super::"),
        (core.join("math"), "super::"),
        (core.join("resolve"), "super::"),
    ] {
        let circle = circle(needs(&folder, root));
        assert!(circle.is_empty(), "{} goes in a circle: {circle:?}", folder.display());
    }
}
