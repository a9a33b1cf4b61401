//! Temporaries that killed processes left behind.
//!
//! The process that writes a temporary holds a lock on it, which the system takes from it however it ends. A temporary
//! that another process can lock is therefore nobody's, also among containers or machines that share a folder, where the
//! number of a process says nothing.

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::SUFFIX;

/// How often a temporary is begun anew that another process took for nobody's before it was locked.
const MOST_TRIES: usize = 16;

/// Files of a folder that are looked at, at most.
const MOST_FILES: usize = 100_000;

/// Removes the temporaries in `folder` that begin with `prefix` and that no process holds.
pub(super) fn remove(folder: &Path, prefix: &str) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.take(MOST_FILES).flatten() {
        let is_ours = file.file_name().to_str().is_some_and(|name| is_temporary(name, prefix));
        // A link or a pipe of such a name is not opened.
        if !is_ours || !file.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let opened = OpenOptions::new().write(true).open(file.path());
        if opened.is_ok_and(|opened| opened.try_lock().is_ok()) {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// Whether a name is `prefix`, a number, a hyphen, random letters and the suffix.
fn is_temporary(name: &str, prefix: &str) -> bool {
    let middle = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
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
    }
}
