//! A file that is read anywhere, in any order, by several threads.

mod opened_when_read;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::opened_when_read::OpenedWhenRead;
use crate::checkpoint::CheckpointError;

/// An open regular file.
///
/// It is read at positions rather than mapped: a file that is cut while it is read gives an error, not a signal.
#[derive(Clone, Debug)]
pub(crate) struct RandomAccess(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    file: Held,
    len: u64,
    /// Where there is no reading at a position, the position is common to all readers.
    #[cfg(not(any(unix, windows)))]
    position: std::sync::Mutex<()>,
}

#[derive(Debug)]
enum Held {
    Open(File),
    WhenRead(OpenedWhenRead),
}

/// Files of a checkpoint from which on they are not all held open.
const MANY: usize = 64;

impl RandomAccess {
    /// Opens a regular file, which is one of so many of a checkpoint. Of many, each takes a descriptor only while it is read.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) fn open_one_of(path: &Path, files: usize) -> Result<Self, CheckpointError> {
        let this = Self::open(path)?;
        if files <= MANY {
            return Ok(this);
        }
        let failed = |error| CheckpointError::io("open", path, error);
        let Some(Opened { path: name, file: Held::Open(file), len, .. }) = Arc::into_inner(this.0)
        else {
            return Self::open(path);
        };
        let file = Held::WhenRead(OpenedWhenRead::of(file).map_err(failed)?);
        Ok(Self::holding(name, file, len))
    }

    /// Opens a regular file.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when it cannot be opened or is no regular file.
    pub(crate) fn open(path: &Path) -> Result<Self, CheckpointError> {
        let failed = |error| CheckpointError::io("open", path, error);
        // Asked before opening: to open a pipe waits for a writer.
        let found = fs::metadata(path).map_err(failed)?;
        if found.is_dir() {
            return Err(failed(io::Error::new(
                ErrorKind::IsADirectory,
                "it is a folder; give the name of a file",
            )));
        }
        if !found.is_file() {
            let message = "it is no regular file; tensors are read in any order, which takes one";
            return Err(failed(io::Error::new(ErrorKind::InvalidInput, message)));
        }
        Self::of(path, File::open(path).map_err(failed)?)
    }

    /// An open file; `path` only names it.
    pub(crate) fn of(path: &Path, file: File) -> Result<Self, CheckpointError> {
        let len = file.metadata().map_err(|error| CheckpointError::io("open", path, error))?.len();
        Ok(Self::holding(path.to_owned(), Held::Open(file), len))
    }

    fn holding(path: PathBuf, file: Held, len: u64) -> Self {
        Self(Arc::new(Opened {
            path,
            file,
            len,
            #[cfg(not(any(unix, windows)))]
            position: std::sync::Mutex::new(()),
        }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Bytes of the file when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.0.len
    }

    /// Fills `bytes` from position `at` on.
    pub(crate) fn read_exact_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        self.exact(at, bytes).map_err(|error| CheckpointError::io("read", self.path(), error))
    }

    /// The bytes of a range, one after the other.
    pub(crate) const fn reader(&self, range: Range<u64>) -> RangeReader<'_> {
        RangeReader { file: self, range }
    }

    fn exact(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        match &self.0.file {
            Held::Open(file) => self.exact_of(file, at, bytes),
            Held::WhenRead(file) => {
                let file = file.open(&self.0.path)?;
                self.exact_of(&file, at, bytes)
            }
        }
    }

    #[cfg(unix)]
    #[allow(clippy::unused_self, reason = "elsewhere the position is this one's")]
    fn exact_of(&self, file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
    }

    #[cfg(windows)]
    #[allow(clippy::unused_self, reason = "elsewhere the position is this one's")]
    fn exact_of(&self, file: &File, mut at: u64, mut bytes: &mut [u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let read = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            at = at.saturating_add(read as u64);
            bytes = bytes.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }

    #[cfg(not(any(unix, windows)))]
    fn exact_of(&self, mut file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        use std::io::{Seek, SeekFrom};

        let _alone = self.0.position.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(bytes)
    }
}

/// Reads a range of a file from its start to its end.
#[derive(Debug)]
pub(crate) struct RangeReader<'f> {
    file: &'f RandomAccess,
    range: Range<u64>,
}

impl Read for RangeReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.range.end.saturating_sub(self.range.start);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        self.file.exact(self.range.start, bytes)?;
        self.range.start += count as u64;
        Ok(count)
    }
}

impl rawzip::ReaderAt for RandomAccess {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let left = self.len().saturating_sub(at);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        self.exact(at, bytes)?;
        Ok(count)
    }
}
