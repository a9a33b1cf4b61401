//! Files that are opened when they are read: a folder of thousands takes no more descriptors than a few.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Descriptors that stay open, at most, beside those that are being read.
const MOST: usize = 64;

/// The files that were read last, the last one at the end.
static OPEN: Mutex<Vec<(u64, Arc<File>)>> = Mutex::new(Vec::new());

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A file that is opened anew when it has not been read for long.
#[derive(Debug)]
pub(super) struct OpenedWhenRead {
    number: u64,
    found: Identity,
}

/// By what a file is known that is opened anew under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    len: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    device_and_inode: (u64, u64),
}

impl Identity {
    fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            len: found.len(),
            modified: found.modified().ok(),
            #[cfg(unix)]
            device_and_inode: {
                use std::os::unix::fs::MetadataExt;

                (found.dev(), found.ino())
            },
        })
    }
}

impl OpenedWhenRead {
    /// Takes over an open file.
    pub(super) fn of(file: File) -> io::Result<Self> {
        let found = Identity::of(&file)?;
        let this = Self { number: NEXT.fetch_add(1, Ordering::Relaxed), found };
        this.keep(file);
        Ok(this)
    }

    /// The file, open. Another one that stands under its name by now, or a file that was changed, is refused.
    pub(super) fn open(&self, path: &Path) -> io::Result<Arc<File>> {
        let mut open = open_files();
        if let Some(at) = open.iter().position(|(number, _)| *number == self.number) {
            let found = open.remove(at);
            let file = Arc::clone(&found.1);
            open.push(found);
            return Ok(file);
        }
        drop(open);
        let file = File::open(path)?;
        if Identity::of(&file)? != self.found {
            let message = "it was changed, or replaced by another file, since it was opened first";
            return Err(io::Error::other(message));
        }
        Ok(self.keep(file))
    }

    fn keep(&self, file: File) -> Arc<File> {
        let file = Arc::new(file);
        let mut open = open_files();
        if open.len() >= MOST {
            open.remove(0);
        }
        open.push((self.number, Arc::clone(&file)));
        file
    }
}

impl Drop for OpenedWhenRead {
    fn drop(&mut self) {
        open_files().retain(|(number, _)| *number != self.number);
    }
}

fn open_files() -> MutexGuard<'static, Vec<(u64, Arc<File>)>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_opened_again_is_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: usize| folder.path().join(number.to_string());
        let files: Vec<_> = (0..2 * MOST)
            .map(|number| {
                fs::write(path(number), "text").unwrap();
                OpenedWhenRead::of(File::open(path(number)).unwrap()).unwrap()
            })
            .collect();
        assert!(open_files().len() <= MOST);
        files[0].open(&path(0)).unwrap();
        fs::write(folder.path().join("other"), "text").unwrap();
        fs::rename(folder.path().join("other"), path(1)).unwrap();
        fs::write(path(2), "longer text").unwrap();
        for number in [1, 2] {
            assert!(
                files[number].open(&path(number)).unwrap_err().to_string().contains("replaced")
            );
        }
        let numbers: Vec<_> = files.iter().map(|file| file.number).collect();
        drop(files);
        assert!(open_files().iter().all(|(number, _)| !numbers.contains(number)));
    }
}
