//! Files that are being written, and those that killed processes left behind.
//!
//! The process that writes a temporary holds a lock on it, which the system takes from it however it ends. A temporary
//! that another process can lock is therefore nobody's, also among containers or machines that share a folder, where the
//! number of a process says nothing.

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The end of a temporary's name.
pub(crate) const SUFFIX: &str = ".tmp";

/// How often a temporary is begun anew that another process took for nobody's before it was locked.
const MOST_TRIES: usize = 16;

/// Files of a folder that are looked at, at most.
const MOST_FILES: usize = 100_000;

/// Removes the temporaries in `folder` that begin with `prefix` and that no process holds.
pub(super) fn remove_abandoned(folder: &Path, prefix: &str) {
    // A link or a pipe of such a name is not opened.
    for path in of(folder, prefix).filter(|path| is_file(path)) {
        let Ok(opened) = OpenOptions::new().write(true).open(&path) else { continue };
        // The lock is held until the file is gone: otherwise its writer could take it in between and believe it safe.
        if opened.try_lock().is_ok() {
            let _ = fs::remove_file(&path);
        }
        drop(opened);
    }
}

/// Removes the temporaries of all files in `folder`, whoever writes them.
pub(crate) fn remove_all(folder: &Path) {
    for path in of(folder, ".").filter(|path| is_file(path)) {
        let _ = fs::remove_file(&path);
    }
}

/// Bytes of the temporaries of all files in `folder`.
pub(crate) fn bytes(folder: &Path) -> u64 {
    let sizes = of(folder, ".").filter_map(|path| Some(fs::symlink_metadata(path).ok()?.len()));
    sizes.fold(0, u64::saturating_add)
}

/// What has the name of a temporary in `folder` that begins with `prefix`.
pub(crate) fn of(folder: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().take(MOST_FILES).flatten();
    files
        .filter(move |file| {
            file.file_name().to_str().is_some_and(|name| is_temporary(name, prefix))
        })
        .map(|file| file.path())
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// Whether a name is `prefix`, a number, a hyphen, random letters and the suffix; of the prefix `.`, that of any file.
fn is_temporary(name: &str, prefix: &str) -> bool {
    let middle = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
    let middle = match prefix {
        "." => middle.and_then(|middle| Some(middle.rsplit_once('.')?.1)),
        _ => middle,
    };
    middle.and_then(|middle| middle.split_once('-')).is_some_and(|(process, random)| {
        process.parse::<u32>().is_ok()
            && random.len() == 8
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A new temporary, locked where the file system has locks.
pub(super) fn create_locked(
    builder: &tempfile::Builder<'_, '_>,
    folder: &Path,
) -> io::Result<NamedTempFile> {
    for _ in 0..MOST_TRIES {
        let file = builder.tempfile_in(folder)?;
        match file.as_file().try_lock() {
            Ok(()) if file.path().exists() => return Ok(file),
            Err(TryLockError::Error(_)) => return Ok(file),
            // Another process removes it, for it was not locked yet.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
        }
    }
    Err(io::Error::other("its temporary is removed again and again"))
}

#[cfg(test)]
mod tests {
    use super::is_temporary;

    #[test]
    fn only_temporaries_of_the_same_target() {
        assert!(is_temporary(".a.7-abcdEF12.tmp", ".a."));
        for other in [
            ".a.b.7-abcdEF12.tmp",
            ".a.7-abcdEF1.tmp",
            ".a.tmp",
            "a.7-abcdEF12.tmp",
            ".a.x-abcdEF12.tmp",
            ".a.7-abcdEF12",
        ] {
            assert!(!is_temporary(other, ".a."), "{other}");
        }
        assert!(is_temporary(".a.b.7-abcdEF12.tmp", ".") && is_temporary(".a.7-abcdEF12.tmp", "."));
        assert!(!is_temporary("a.b.7-abcdEF12.tmp", ".") && !is_temporary(".7-abcdEF12.tmp", "."));
    }
}
