//! A folder that appears under its name only when it is whole, written by any number of processes that do not talk to each
//! other.
//!
//! They write in `DIR.partial`. That folder appears with a [`Manifest`] in it, by a rename, so that nobody can write a byte into
//! the folder of another recipe; and whoever finds it whole renames it to `DIR`. Every process that comes later finds `DIR`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::index;
use super::manifest::{self, Manifest};
use crate::checkpoint::atomic_file::{folder_of, sync_folder, temporaries};
use crate::checkpoint::{CheckpointError, Problem};

/// How often is begun anew when another process was faster.
const MOST_TRIES: usize = 100;

/// What a process finds that wants to write into a folder.
pub(super) enum Joined {
    /// The folder is there, of the same recipe.
    Whole,
    /// It is to be written.
    Open(Partial),
}

/// What a process finds that waits for a folder.
pub(super) enum Waiting {
    /// The folder is there, of the same recipe.
    Whole,
    /// Nobody has begun it.
    NotBegun,
    /// It is being written.
    Open(Partial),
}

impl Waiting {
    /// Looks for the folder `dir` with this manifest.
    pub(super) fn look(dir: &Path, manifest: &Manifest) -> Result<Self, CheckpointError> {
        if is_whole(dir, manifest)? {
            return Ok(Self::Whole);
        }
        let partial = Partial::of(dir)?;
        match Manifest::read(&partial.path)? {
            Some(found) => {
                partial.check(manifest, &found)?;
                Ok(Self::Open(partial))
            }
            // It may have appeared at this moment.
            None if is_whole(dir, manifest)? => Ok(Self::Whole),
            None => Ok(Self::NotBegun),
        }
    }
}

/// The folder while it is written.
#[derive(Debug)]
pub(super) struct Partial {
    dir: PathBuf,
    path: PathBuf,
}

impl Partial {
    /// Takes part in writing the folder `dir` with this manifest, or begins it if `may_begin` has nothing against it.
    pub(super) fn join(
        dir: &Path,
        manifest: &Manifest,
        may_begin: impl Fn(&Self) -> Result<(), CheckpointError>,
    ) -> Result<Joined, CheckpointError> {
        let this = Self::of(dir)?;
        let parent = folder_of(dir);
        if !parent.is_dir() {
            let error = io::Error::new(
                ErrorKind::NotFound,
                format!("the folder `{}` does not exist", parent.display()),
            );
            return Err(CheckpointError::io("create", dir, error));
        }
        remove_abandoned(parent, &this.prefix());
        for _ in 0..MOST_TRIES {
            if is_whole(dir, manifest)? {
                this.tidy_up(manifest);
                return Ok(Joined::Whole);
            }
            match Manifest::read(&this.path)? {
                Some(found) => this.check(manifest, &found)?,
                None => {
                    may_begin(&this)?;
                    if !this.begin(parent, manifest)? {
                        continue;
                    }
                }
            }
            // Another process may have finished `dir` since, and `DIR.partial` then is a new one, in which nobody writes.
            match is_whole(dir, manifest) {
                Ok(false) => return Ok(Joined::Open(this)),
                found => {
                    this.give_up(manifest);
                    return found.map(|_| Joined::Whole);
                }
            }
        }
        let error = io::Error::other("other processes begin and remove it again and again");
        Err(CheckpointError::io("create", &this.path, error))
    }

    /// The place beside `dir` where it is written.
    fn of(dir: &Path) -> Result<Self, CheckpointError> {
        let Some(name) = dir.file_name() else {
            return Err(refused(dir, "it has no name of its own; give the name of a new folder"));
        };
        let mut partial_name = name.to_owned();
        partial_name.push(".partial");
        Ok(Self { dir: dir.to_owned(), path: folder_of(dir).join(partial_name) })
    }

    /// The folder that files are written in.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the folder has appeared, whoever finished it. What this process still wrote into it is removed then.
    pub(super) fn is_published(&self, manifest: &Manifest) -> bool {
        let published = is_whole(&self.dir, manifest).unwrap_or(false);
        if published {
            self.tidy_up(manifest);
        }
        published
    }

    /// Removes what is left of the writing of a folder that has appeared.
    fn tidy_up(&self, manifest: &Manifest) {
        tidy(&self.dir, manifest);
        self.give_up(manifest);
    }

    /// Removes a `DIR.partial` that was begun at the moment in which `DIR` appeared: nobody writes files of tensors in it.
    fn give_up(&self, manifest: &Manifest) {
        if let Ok(Some(found)) = Manifest::read(&self.path)
            && manifest.conflict(&found).is_none()
        {
            tidy(&self.path, manifest);
            for name in [index::NAME, manifest::NAME] {
                let _ = fs::remove_file(self.path.join(name));
            }
            for name in manifest.folders() {
                let _ = fs::remove_dir(self.path.join(name));
            }
            let _ = fs::remove_dir(&self.path);
        }
    }

    /// Makes the folder appear. Its files are on the disk.
    ///
    /// Nobody needs what is still being written, for all files are whole. Its writers find that, and remove what they may have
    /// begun in the folder after it was tidied here.
    pub(super) fn publish(&self, manifest: &Manifest) -> Result<(), CheckpointError> {
        tidy(&self.path, manifest);
        fs::rename(&self.path, &self.dir)
            .map_err(|error| CheckpointError::io("rename to", &self.dir, error))?;
        tidy(&self.dir, manifest);
        let parent = folder_of(&self.dir);
        sync_folder(parent)
            .map_err(|error| CheckpointError::io("synchronize folder", parent, error))
    }

    /// Bytes that are on the disk already of files that are being written.
    pub(super) fn bytes_of_temporaries(&self, manifest: &Manifest) -> u64 {
        let folders = manifest.folders().into_iter().map(|name| self.path.join(name));
        let bytes = folders.map(|folder| temporaries::bytes(&folder));
        bytes.fold(temporaries::bytes(&self.path), u64::saturating_add)
    }

    /// Makes the folder of the rank that a file belongs to, if it belongs to one. It is not made anew once all have appeared.
    pub(super) fn begin_folder(&self, shard: &str) -> Result<(), CheckpointError> {
        let Some((name, _)) = shard.split_once('/') else { return Ok(()) };
        let folder = self.path.join(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(CheckpointError::io("create", &folder, error))
            }
            _ => Ok(()),
        }
    }

    /// How the names of folders begin that are to become this one.
    fn prefix(&self) -> String {
        format!(".{}.", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    fn check(&self, manifest: &Manifest, found: &Manifest) -> Result<(), CheckpointError> {
        match manifest.conflict(found) {
            None => Ok(()),
            Some(conflict) => Err(refused(
                &self.path,
                &format!(
                    "another folder is being written here: {conflict}; nothing was written. Let it be finished, or remove it"
                ),
            )),
        }
    }

    /// Makes the folder with its manifest appear. `false`: another process was faster.
    fn begin(&self, parent: &Path, manifest: &Manifest) -> Result<bool, CheckpointError> {
        let failed = |error| CheckpointError::io("create", &self.path, error);
        match fs::read_dir(&self.path).map(|mut files| files.next().is_some()) {
            // Its manifest may have come since it was looked for.
            Ok(true) if Manifest::read(&self.path)?.is_some() => return Ok(false),
            Ok(true) => {
                let message = "it holds files of another origin; remove it, or give the name of another folder";
                return Err(refused(&self.path, message));
            }
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let Some((begun, _lock)) = begun(parent, &self.prefix(), manifest).map_err(failed)? else {
            return Ok(false);
        };
        match fs::rename(&begun, &self.path) {
            Ok(()) => {
                sync_folder(parent).map_err(failed)?;
                Ok(true)
            }
            Err(error) => {
                let _ = fs::remove_file(begun.join(manifest::NAME));
                let _ = fs::remove_dir(&begun);
                if self.path.exists() || error.kind() == ErrorKind::NotFound {
                    Ok(false)
                } else {
                    Err(failed(error))
                }
            }
        }
    }
}

/// A folder of a name of its own with the manifest in it, which is locked as long as this process needs it; `None` if another
/// process took it for nobody's before.
fn begun(parent: &Path, prefix: &str, manifest: &Manifest) -> io::Result<Option<(PathBuf, File)>> {
    let prefix = format!("{prefix}{}-", std::process::id());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(temporaries::SUFFIX).rand_bytes(8);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        // The umask decides, as for every folder.
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    let folder = builder.tempdir_in(parent)?;
    let path = folder.path().join(manifest::NAME);
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) || !path.exists() {
        return Ok(None);
    }
    file.write_all(&manifest.text())?;
    file.sync_all()?;
    sync_folder(folder.path())?;
    Ok(Some((folder.keep(), file)))
}

/// Removes folders that killed processes began and left without their name.
fn remove_abandoned(parent: &Path, prefix: &str) {
    for folder in temporaries::of(parent, prefix).filter(|path| path.is_dir()) {
        let path = folder.join(manifest::NAME);
        let opened = OpenOptions::new().write(true).open(&path);
        match &opened {
            Ok(file) if file.try_lock().is_ok() => {
                let _ = fs::remove_file(&path);
            }
            Ok(_) => continue,
            // It may come at this moment, and the folder then is not removed.
            Err(_) => {}
        }
        let _ = fs::remove_dir(&folder);
        // The lock was held until the file was gone: otherwise its writer could take it in between.
        drop(opened);
    }
}

/// Removes from a folder whose files are whole all that is there for the time of writing alone.
fn tidy(folder: &Path, manifest: &Manifest) {
    temporaries::remove_all(folder);
    for name in manifest.folders() {
        temporaries::remove_all(&folder.join(name));
    }
    for shard in &manifest.shards {
        let _ = fs::remove_file(folder.join(sum_name(&shard.name)));
    }
}

/// The name of the file with a check sum while a folder is written, of the form that `sha256sum -c` reads.
pub(super) fn sum_name(shard: &str) -> String {
    match shard.split_once('/') {
        Some((folder, name)) => format!("{folder}/.{name}.sha256"),
        None => format!(".{shard}.sha256"),
    }
}

/// Whether the folder is there, of this manifest. An empty folder is removed; what else stands in its place is an error.
fn is_whole(dir: &Path, manifest: &Manifest) -> Result<bool, CheckpointError> {
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(refused(dir, "it is a file; give the name of a new folder")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match fs::symlink_metadata(dir) {
                Ok(_) => Err(refused(dir, LINK)),
                Err(_) => Ok(false),
            };
        }
        Err(error) => return Err(CheckpointError::io("open", dir, error)),
    }
    if let Some(found) = Manifest::read(dir)? {
        return match manifest.conflict(&found) {
            None => Ok(true),
            Some(conflict) => {
                let message = format!(
                    "it is there, and is another one: {conflict}; nothing was written. Give the name of a new folder, or remove it"
                );
                Err(refused(dir, &message))
            }
        };
    }
    if fs::symlink_metadata(dir).is_ok_and(|found| found.is_symlink()) {
        return Err(refused(dir, LINK));
    }
    match fs::remove_dir(dir) {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {
            let message = format!(
                "it is a mount point, and a folder is written beside its place and then renamed to it; give the name of a folder \
                 below: `{}`",
                dir.join("model").display()
            );
            Err(refused(dir, &message))
        }
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
            // It may have appeared at this moment.
            match Manifest::read(dir)? {
                Some(found) if manifest.conflict(&found).is_none() => Ok(true),
                _ => Err(refused(dir, "it holds other files; give the name of a new folder")),
            }
        }
        Err(error) => Err(CheckpointError::io("replace", dir, error)),
    }
}

const LINK: &str = "it is a symbolic link, which a folder cannot be renamed to; give the name of the folder itself";

fn refused(path: &Path, message: &str) -> CheckpointError {
    CheckpointError::content(path, Problem::Folder { message: message.to_owned() })
}
