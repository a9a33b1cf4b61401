//! A file that is being downloaded: kept in a folder of our own until it is whole.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{FetchError, Progress};
use crate::checkpoint::AtomicFile;

/// How often a process that waits for another one looks.
const LOOK: Duration = Duration::from_millis(100);

/// The part of a file that is here; one process at a time has it.
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
    /// Opens the part of the file that will be `target`, in `folder`. Waits until no other process downloads it; `None` if
    /// it is whole by then.
    ///
    /// The wait is told to `progress`, and ends when the other process has received nothing for `stalled`.
    pub(super) fn open(
        folder: &Path,
        target: &Path,
        stalled: Duration,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Option<Self>, FetchError> {
        fs::create_dir_all(folder)
            .map_err(|error| FetchError::io("make the folder", folder, error))?;
        let name = target.file_name().unwrap_or_default();
        let beside = |suffix: &str| {
            let mut name = name.to_owned();
            name.push(suffix);
            folder.join(name)
        };
        let path = beside(".partial");
        let lock = lock(&beside(".lock"), &path, stalled, progress)?;
        if target.is_file() {
            return Ok(None);
        }
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

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// The server's validator of the file when the download began.
    pub(super) fn version(&self) -> Option<String> {
        let mut text = String::new();
        File::open(self.version_path()).ok()?.take(1000).read_to_string(&mut text).ok()?;
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

    /// Bytes that the disk still has room for; `None` where the system does not say.
    pub(super) fn free(&self) -> Option<u64> {
        #[cfg(any(unix, windows))]
        return fs4::available_space(self.path.parent()?).ok();
        #[cfg(not(any(unix, windows)))]
        return None;
    }

    /// Throws everything away.
    pub(super) fn discard(self) {
        let _ = fs::remove_file(self.version_path());
        let _ = fs::remove_file(&self.path);
    }

    /// Gives the whole file its name, once it is on the disk.
    pub(super) fn finish(mut self, target: &Path) -> Result<(), FetchError> {
        self.file.sync_all().map_err(|error| FetchError::io("synchronize", &self.path, error))?;
        let folder = target.parent().unwrap_or_else(|| Path::new(""));
        fs::create_dir_all(folder)
            .map_err(|error| FetchError::io("make the folder", folder, error))?;
        match fs::rename(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                self.copy(target)?;
                let _ = fs::remove_file(&self.path);
            }
            renamed => renamed.map_err(|error| FetchError::io("rename to", target, error))?,
        }
        let _ = fs::remove_file(self.version_path());
        // So that the name outlives a crash; not every system lets a folder be opened.
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Copies the file to another disk, where it appears whole.
    fn copy(&mut self, target: &Path) -> Result<(), FetchError> {
        let failed = |error| FetchError::io("read", &self.path, error);
        let mut copy = AtomicFile::create(target)?;
        let mut buffer = vec![0; 1 << 20];
        self.file.rewind().map_err(failed)?;
        loop {
            let count = self.file.read(&mut buffer).map_err(failed)?;
            match buffer.get(..count) {
                Some(bytes) if !bytes.is_empty() => copy.write(bytes)?,
                _ => return Ok(copy.commit()?),
            }
        }
    }

    fn version_path(&self) -> PathBuf {
        self.path.with_extension("version")
    }
}

/// Takes the lock, in turn with other processes.
fn lock(
    path: &Path,
    partial: &Path,
    stalled: Duration,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<File, FetchError> {
    let failed = |error| FetchError::io("lock", path, error);
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(path).map_err(failed)?;
    let len = || fs::metadata(partial).map_or(0, |found| found.len());
    let (mut before, mut since) = (len(), None);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let here = len();
        match since {
            None => {
                progress(Progress::Waiting { lock: path });
                since = Some(Instant::now());
            }
            Some(_) if here != before => (before, since) = (here, Some(Instant::now())),
            Some(instant) if instant.elapsed() >= stalled => {
                return Err(FetchError::Busy { lock: path.to_owned(), seconds: stalled.as_secs() });
            }
            Some(_) => {}
        }
        thread::sleep(LOOK);
    }
}
