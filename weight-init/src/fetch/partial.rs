//! A file that is being downloaded: kept beside its name until it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::FetchError;

/// What is here of a file; only one process at a time has it.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    /// Bytes that are here.
    len: u64,
    /// Released when it is dropped, by the system if need be.
    _lock: File,
}

impl Partial {
    /// Waits until no other process downloads the file; `None` if it is whole by then.
    pub(super) fn open(target: &Path) -> Result<Option<Self>, FetchError> {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| FetchError::io("make the folder", folder, error))?;
        }
        let lock_path = beside(target, "lock");
        let failed = |error| FetchError::io("lock", &lock_path, error);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(failed)?;
        lock.lock().map_err(failed)?;
        if target.is_file() {
            return Ok(None);
        }
        let path = beside(target, "partial");
        let failed = |error| FetchError::io("open", &path, error);
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        Ok(Some(Self { path, file, len, _lock: lock }))
    }

    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// What the server called this version of the file when the download began.
    pub(super) fn version(&self) -> Option<String> {
        let text = fs::read_to_string(self.version_path()).ok()?;
        Some(text).filter(|text| {
            !text.is_empty() && text.len() < 1000 && !text.contains(char::is_control)
        })
    }

    /// Throws away what is here and begins anew with this version of the file.
    pub(super) fn restart(&mut self, version: Option<&str>) -> Result<(), FetchError> {
        let version_path = self.version_path();
        fs::write(&version_path, version.unwrap_or_default())
            .map_err(|error| FetchError::io("write", &version_path, error))?;
        self.file.set_len(0).map_err(|error| FetchError::io("empty", &self.path, error))?;
        self.len = 0;
        Ok(())
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let failed = |error| FetchError::io("write", &self.path, error);
        self.file.seek(SeekFrom::Start(self.len)).map_err(failed)?;
        self.file.write_all(bytes).map_err(failed)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// The SHA-256 of what is here, in hexadecimal.
    pub(super) fn sha256(&mut self) -> Result<String, FetchError> {
        let failed = |error| FetchError::io("read", &self.path, error);
        self.file.rewind().map_err(failed)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = self.file.read(&mut buffer).map_err(failed)?;
            match buffer.get(..count) {
                Some(bytes) if !bytes.is_empty() => hash.update(bytes),
                _ => break,
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Throws everything away.
    pub(super) fn discard(self) {
        let _ = fs::remove_file(self.version_path());
        let _ = fs::remove_file(&self.path);
    }

    /// Gives the whole file its name, once it is on the disk.
    pub(super) fn finish(self, target: &Path) -> Result<(), FetchError> {
        self.file.sync_all().map_err(|error| FetchError::io("synchronize", &self.path, error))?;
        fs::rename(&self.path, target)
            .map_err(|error| FetchError::io("rename to", target, error))?;
        let _ = fs::remove_file(self.version_path());
        // So that the name outlives a crash; not every system lets a folder be opened.
        if let Some(folder) = target.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    fn version_path(&self) -> PathBuf {
        self.path.with_extension("version")
    }
}

fn beside(target: &Path, what: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    target.with_file_name(name)
}
