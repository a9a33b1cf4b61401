//! A file that appears under its name only when it is whole.

pub(crate) mod temporaries;
mod writeback;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use self::temporaries::SUFFIX;
use self::writeback::Writeback;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::interrupt::live;

/// Bytes gathered before they are given to the operating system.
const BUFFER_BYTES: usize = 256 * 1024;

/// Symbolic links that are followed, as many as Linux follows before it reports a loop.
const MOST_LINKS: usize = 40;

/// A file being written beside its target, under another name, until [`commit`](Self::commit) renames it.
///
/// - Committing flushes, synchronizes the file with the disk, renames it over the target and synchronizes the
///   folder: after a crash there is the old file or the new one, whole.
/// - An error or a drop before that removes the temporary; the target is as it was. A killed process leaves at
///   most a temporary, `.NAME.PID-RANDOM.tmp`, which the next file for the same target removes: a process that lives
///   holds a lock on its own. See [`interrupt`](crate::checkpoint::interrupt) for signals.
/// - A new file gets the permissions that the umask leaves of 0666; one that is replaced keeps its own. A target
///   that could not be written to is not replaced either. Other hard links keep the old content.
/// - A symbolic link stays: the file it leads to is replaced. A target that is neither file nor folder (`/dev/stdout`,
///   a pipe) is written straight, because it cannot be renamed over. So is `-`, standard output.
///
/// ```
/// use weight_init::checkpoint::AtomicFile;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("values");
/// let mut file = AtomicFile::create(&path)?;
/// file.write(b"whole")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"whole");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    /// None once a write has failed.
    output: Option<BufWriter<Output>>,
}

impl AtomicFile {
    /// Begins the file that will stand at `path`.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when `path` is or names a folder, its folder is missing, or it may not be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let output =
            Output::create(path).map_err(|error| CheckpointError::io("create", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            output: Some(BufWriter::with_capacity(BUFFER_BYTES, output)),
        })
    }

    /// The path it will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all of `bytes` after what was written before.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`], for example for a full disk; the temporary is gone then, and nothing can be
    /// written or committed any more.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let Some(output) = &mut self.output else { return Err(self.failed_before()) };
        output.write_all(bytes).map_err(|error| {
            self.abandon();
            CheckpointError::io("write", &self.path, error)
        })
    }

    /// Makes the file appear.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`]; the temporary is gone and the target as it was, unless only the last step, the
    /// synchronization of the folder, failed.
    pub fn commit(mut self) -> Result<(), CheckpointError> {
        let Some(writer) = self.output.take() else { return Err(self.failed_before()) };
        let output = writer.into_inner().map_err(|error| {
            let (error, writer) = error.into_parts();
            drop(writer.into_parts());
            CheckpointError::io("write", &self.path, error)
        })?;
        output.commit(&self.path)
    }

    /// Drops the output without giving it what is still in the buffer.
    fn abandon(&mut self) {
        drop(self.output.take().map(BufWriter::into_parts));
    }

    #[cold]
    fn failed_before(&self) -> CheckpointError {
        CheckpointError::io("write", &self.path, io::Error::other("an earlier write failed"))
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        self.abandon();
    }
}

#[derive(Debug)]
struct Output {
    place: Place,
    /// Bytes that the disk still holds, when a test makes believe that it is small.
    #[cfg(test)]
    room: Option<usize>,
}

#[derive(Debug)]
enum Place {
    Beside { temporary: Temporary, target: PathBuf, writeback: Writeback },
    Straight(File),
}

impl Output {
    fn create(path: &Path) -> io::Result<Self> {
        let place = match resolve(path)? {
            Target::StandardOutput => Place::Straight(standard_output()?),
            Target::Straight => {
                Place::Straight(OpenOptions::new().write(true).truncate(true).open(path)?)
            }
            Target::File { target, existing } => {
                if existing.is_some() {
                    OpenOptions::new().write(true).open(&target)?;
                }
                let temporary = Temporary::create(&target, existing)?;
                Place::Beside { temporary, target, writeback: Writeback::default() }
            }
        };
        Ok(Self {
            place,
            #[cfg(test)]
            room: None,
        })
    }

    fn commit(self, path: &Path) -> Result<(), CheckpointError> {
        let Place::Beside { temporary, target, writeback } = self.place else { return Ok(()) };
        let synced = writeback.finish().and_then(|()| temporary.file.as_file().sync_all());
        synced.map_err(|error| CheckpointError::io("synchronize", path, error))?;
        temporary
            .persist(&target)
            .map_err(|error| CheckpointError::io("rename to", path, error))?;
        let folder = folder_of(&target);
        sync_folder(folder)
            .map_err(|error| CheckpointError::io("synchronize folder", folder, error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        if let Some(room) = &mut self.room {
            *room = room.checked_sub(bytes.len()).ok_or(ErrorKind::StorageFull)?;
        }
        match &mut self.place {
            Place::Beside { temporary, writeback, .. } => {
                let written = temporary.file.as_file_mut().write(bytes)?;
                writeback.wrote(temporary.file.as_file(), written);
                Ok(written)
            }
            Place::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file under a name of its own that is removed when dropped, and known to [`live`] as long as it exists.
#[derive(Debug)]
struct Temporary {
    /// Dropped, and so removed, before it is forgotten.
    file: NamedTempFile,
    known: Known,
}

/// An entry of [`live`].
#[derive(Debug)]
struct Known(PathBuf);

impl Drop for Known {
    fn drop(&mut self) {
        live().forget(&self.0);
    }
}

impl Temporary {
    fn create(target: &Path, existing: Option<Metadata>) -> io::Result<Self> {
        let folder = folder_of(target);
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let message = format!("`{}` is not a folder", folder.display());
                return Err(io::Error::new(ErrorKind::NotADirectory, message));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let message = format!("the folder `{}` does not exist", folder.display());
                return Err(io::Error::new(ErrorKind::NotFound, message));
            }
            Err(error) => return Err(error),
        }
        let prefix = prefix_of(target)?;
        temporaries::remove_abandoned(folder, &prefix);
        let prefix = format!("{prefix}{}-", std::process::id());
        let builder = builder(&prefix, existing.as_ref());
        let this = {
            let mut live = live();
            live.check_open()?;
            let file = temporaries::create_locked(&builder, folder)?;
            live.add(file.path());
            let known = Known(file.path().to_owned());
            Self { file, known }
        };
        if let Some(existing) = existing {
            this.file.as_file().set_permissions(existing.permissions())?;
        }
        Ok(this)
    }

    fn persist(self, target: &Path) -> io::Result<()> {
        let Self { file, known } = self;
        let renamed = {
            let live = live();
            live.check_open().and_then(|()| file.persist(target).map_err(|failed| failed.error))
        };
        drop(known);
        renamed.map(drop)
    }
}

/// Begins files that are open to nobody to whom the file in their place is not: who opens one while it is still empty can
/// read what is written later. The umask decides the permissions of a new file.
fn builder<'p>(prefix: &'p str, existing: Option<&Metadata>) -> tempfile::Builder<'p, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(SUFFIX).rand_bytes(8);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = existing.map_or(0o666, |existing| existing.permissions().mode() & 0o666);
        builder.permissions(PermissionsExt::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = existing;
    builder
}

/// `.NAME.`, with so much of the name that the whole stays below the usual limit of 255 bytes.
fn prefix_of(target: &Path) -> io::Result<String> {
    let Some(name) = target.file_name() else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it names no file"));
    };
    let name = name.to_string_lossy();
    let mut end = name.len().min(200);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let name = &name[..end];
    Ok(format!(".{name}."))
}

enum Target {
    /// `-`.
    StandardOutput,
    /// Neither file nor folder: to be opened and written.
    Straight,
    /// A file, or nothing yet, at the end of all links.
    File { target: PathBuf, existing: Option<Metadata> },
}

fn resolve(path: &Path) -> io::Result<Target> {
    if path.as_os_str() == "-" {
        return Ok(Target::StandardOutput);
    }
    if path
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&byte| std::path::is_separator(byte.into()))
    {
        return Err(io::Error::new(
            ErrorKind::IsADirectory,
            "it names a folder; give the name of a file",
        ));
    }
    let existing = match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(io::Error::new(
                ErrorKind::IsADirectory,
                "it is a folder; give the name of a file",
            ));
        }
        Ok(found) if !found.is_file() => return Ok(Target::Straight),
        Ok(found) => Some(found),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else { break };
        // A descriptor of a process (`/dev/stdout` sent to a file): the descriptor is meant, not the name.
        if target.starts_with("/proc") {
            return Ok(Target::Straight);
        }
        target = folder_of(&target).join(next);
    }
    Ok(Target::File { target, existing })
}

/// The descriptor that the process has, not the file by its name: what stands in the file already stays there.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;

    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}

/// The folder that a path stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the rename last. File systems that know no such thing, and folders that may not be read, pass.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
