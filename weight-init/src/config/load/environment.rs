//! Where the active Python environment keeps its packages. Python itself is not run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Entries of a folder that are looked at, at most.
const MAX_ENTRIES: usize = 10_000;

/// The folders that packages are installed in: of `VIRTUAL_ENV`, else of `CONDA_PREFIX`, else of the first Python on
/// `PATH`.
pub(super) fn site_packages() -> Vec<PathBuf> {
    let named = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(env::var_os);
    let named = named.filter(|prefix| !prefix.is_empty()).map(PathBuf::from);
    let mut prefixes = named.chain(python());
    prefixes
        .find_map(|prefix| Some(below(&prefix)).filter(|found| !found.is_empty()))
        .unwrap_or_default()
}

/// The folders around the first Python on `PATH`, as it is named there, and as it is found behind links.
fn python() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    let names = ["python3", "python", "python3.exe", "python.exe"];
    let found = folders.find_map(|folder| {
        names.iter().map(|name| folder.join(name)).find(|python| python.is_file())
    });
    let Some(found) = found else { return Vec::new() };
    let behind = fs::canonicalize(&found).ok();
    let around = |python: &Path| python.parent().and_then(Path::parent).map(Path::to_owned);
    // The installer of Windows puts Python beside its library.
    let beside = found.parent().map(Path::to_owned);
    [around(&found), behind.as_deref().and_then(around), beside].into_iter().flatten().collect()
}

/// The folders of packages below a prefix, in the layouts of Python, Debian and Windows.
fn below(prefix: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for library in ["lib", "lib64", "local/lib"] {
        let entries = fs::read_dir(prefix.join(library)).into_iter().flatten();
        let mut versions: Vec<PathBuf> = entries
            .take(MAX_ENTRIES)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with("python3"))
            })
            .collect();
        versions.sort();
        for version in versions {
            found.extend(["site-packages", "dist-packages"].map(|name| version.join(name)));
        }
    }
    found.push(prefix.join("Lib/site-packages"));
    found.retain(|folder| folder.is_dir());
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn packages_lie_below_the_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let of = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let expected = [
            of("lib/python3.11/site-packages"),
            of("lib/python3/dist-packages"),
            of("Lib/site-packages"),
        ];
        of("lib/pythonic/site-packages");
        of("lib/python3.12/elsewhere");
        let mut found = below(folder.path());
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        found.dedup();
        expected.dedup();
        assert_eq!(found, expected);
    }
}
