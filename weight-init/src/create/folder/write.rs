//! The files of a folder, written by one process of many.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use sha2::{Digest, Sha256};

use super::Folder;
use super::partial::{Joined, Partial, sum_name};
use crate::checkpoint::atomic_file::folder_of;
use crate::checkpoint::{AtomicFile, CheckpointError, Problem, SafetensorsWriter, Sink, Summary};
use crate::create::{CreateError, Shard, Share};
use crate::plan::Tensor;
use crate::run::{Filler, generate_windows};

/// Files that one process writes at the same time, at most: each takes the memory of two batches.
const AT_ONCE: usize = 4;

/// What became of a share of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderReport {
    /// Files of the share that this process wrote.
    pub written: usize,
    /// Bytes of these, their headers included.
    pub bytes: u64,
    /// Files of the share that were there.
    pub found: usize,
    /// How it stands with the folder.
    pub state: FolderState,
}

impl FolderReport {
    /// Counts a file; `None`: it was there.
    const fn add(&mut self, written: Option<Summary>) {
        match written {
            Some(summary) => {
                self.written += 1;
                self.bytes += summary.file_bytes;
            }
            None => self.found += 1,
        }
    }
}

/// What a thread tells that writes files.
enum News {
    Bytes(u64),
    Written(Result<Option<Summary>, CreateError>),
}

/// How it stands with a folder after a process has done its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderState {
    /// It was there before, whole and of the same recipe.
    Found,
    /// It is there: this process, or another one at the same time, wrote what was missing.
    Finished,
    /// So many of its files are not there yet.
    Missing(usize),
}

impl Folder<'_> {
    /// Writes one file of the [layout](Self::layout) under a path of the caller's; `progress` hears how many bytes of data are
    /// written.
    ///
    /// # Errors
    ///
    /// A number that is none of a file's; a checkpoint that a tensor is loaded from and cannot be read; a device that fails; a
    /// file that cannot be written, and then there is none.
    pub fn write_shard(
        &self,
        shard: usize,
        path: &Path,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Summary, CreateError> {
        let Some(shard) = self.layout.shards().get(shard) else {
            let files = self.layout.shards().len();
            let message = format!("there is no file {shard} among {files}, counted from 0");
            return Err(CheckpointError::content(path, Problem::Folder { message }).into());
        };
        self.write_file(shard, path, backend, progress, |_| Ok(()))
    }

    /// Writes the share of one process, and makes the folder appear if all its files are whole then.
    ///
    /// Files that are there are not written again. `progress` hears of their bytes, too.
    ///
    /// # Errors
    ///
    /// A `dir`, or a `DIR.partial`, that is there and is of another recipe, holds other files or cannot be renamed to, and less
    /// room on the disk than what is missing takes: all before a byte is written. A checkpoint that a tensor is loaded from and
    /// cannot be read; a device that fails; a file that cannot be written. What is whole stays in `DIR.partial` for the next run.
    pub fn write(
        &self,
        dir: &Path,
        share: Share,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<FolderReport, CreateError> {
        let mine = self.layout.share(share);
        let mut report =
            FolderReport { written: 0, bytes: 0, found: 0, state: FolderState::Finished };
        let partial = match Partial::join(dir, &self.manifest, |new| self.check_room(new))? {
            Joined::Open(partial) => partial,
            Joined::Whole => {
                self.check_found(dir)?;
                report.found = mine.len();
                report.state = FolderState::Found;
                return Ok(report);
            }
        };
        match self.write_share(&partial, &mine, backend, progress, &mut report) {
            Ok(0) => {}
            Ok(missing) => report.state = FolderState::Missing(missing),
            // Who finishes the folder takes it from those that are still writing what is in it already.
            Err(_) if partial.is_published(&self.manifest) => {}
            Err(error) => return Err(error),
        }
        Ok(report)
    }

    /// Writes the files of the share that are missing, and finishes the folder if none is missing then. The number of those that
    /// are.
    fn write_share(
        &self,
        partial: &Partial,
        mine: &[usize],
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
        report: &mut FolderReport,
    ) -> Result<usize, CreateError> {
        let shards = || mine.iter().filter_map(|index| self.layout.shards().get(*index));
        if shards().any(|shard| !self.is_there(partial.path(), shard)) {
            self.check_room(partial)?;
        }
        let mut missing = Vec::new();
        for shard in shards() {
            if self.is_there(partial.path(), shard) {
                report.found += 1;
                progress(shard.bytes);
            } else {
                missing.push(shard);
            }
        }
        // What is made whole may be as large as a tensor: of these there is one at a time.
        let at_once = if self.tensors.iter().any(Tensor::is_made_whole) { 1 } else { AT_ONCE };
        match backend.several(at_once.min(missing.len())) {
            None => {
                for shard in missing {
                    report.add(self.write_one(partial, shard, backend, progress)?);
                }
            }
            Some(backends) => {
                let written = self.write_several(partial, &missing, backends, progress, report)?;
                // There was no thread to be had.
                for shard in missing.into_iter().skip(written) {
                    report.add(self.write_one(partial, shard, backend, progress)?);
                }
            }
        }
        Ok(self.finish_unless_missing(partial)?)
    }

    /// Writes files at the same time, each by a thread of its own: while one is on its way to the disk, others are made. The
    /// number of those that threads took: all, or none where the system has no thread to give.
    fn write_several(
        &self,
        partial: &Partial,
        shards: &[&Shard],
        backends: Vec<Filler>,
        progress: &mut dyn FnMut(u64),
        report: &mut FolderReport,
    ) -> Result<usize, CreateError> {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (told, news) = mpsc::channel();
            for mut backend in backends {
                let (told, next) = (told.clone(), &next);
                let work = move || {
                    while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let mut progress = |bytes| {
                            let _ = told.send(News::Bytes(bytes));
                        };
                        let written = self.write_one(partial, shard, &mut backend, &mut progress);
                        if told.send(News::Written(written)).is_err() {
                            break;
                        }
                    }
                };
                if thread::Builder::new().name("file".to_owned()).spawn_scoped(scope, work).is_err()
                {
                    break;
                }
            }
            drop(told);
            for news in news {
                match news {
                    News::Bytes(bytes) => progress(bytes),
                    News::Written(written) => {
                        // No further file is begun after a failure; those that are begun end first.
                        let written =
                            written.inspect_err(|_| next.store(shards.len(), Ordering::Relaxed));
                        report.add(written?);
                    }
                }
            }
            Ok(next.load(Ordering::Relaxed).min(shards.len()))
        })
    }

    /// Writes a file of the folder with its check sum; `None`: another process has written it at the same time.
    fn write_one(
        &self,
        partial: &Partial,
        shard: &Shard,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Summary>, CreateError> {
        partial.begin_folder(&shard.name)?;
        let path = partial.path().join(&shard.name);
        let sum_path = partial.path().join(sum_name(&shard.name));
        // The check sum comes first: what has its name is whole, and has a check sum.
        let sum = |sum: &str| {
            let mut file = AtomicFile::create(&sum_path)?;
            let name = shard.name.rsplit('/').next().unwrap_or_default();
            file.write(format!("{sum}  {name}\n").as_bytes())?;
            file.commit()
        };
        match self.write_file(shard, &path, backend, progress, sum) {
            Ok(summary) => Ok(Some(summary)),
            Err(_) if self.is_there(partial.path(), shard) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write_file(
        &self,
        shard: &Shard,
        path: &Path,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
        before_it_appears: impl FnOnce(&str) -> Result<(), CheckpointError>,
    ) -> Result<Summary, CreateError> {
        let tensors: Vec<_> = self.slices_of(shard).map(|(tensor, _)| tensor.clone()).collect();
        let windows: Vec<_> =
            self.slices_of(shard).map(|(tensor, slice)| slice.window(tensor)).collect();
        let mut writer =
            SafetensorsWriter::create(path, &self.metadata_of(shard), &self.infos_of(shard))?;
        let mut hash = Sha256::new();
        hash.update(self.header(shard)?);
        generate_windows(&tensors, &windows, self.seed, backend, |chunk| {
            write_and_hash(&mut writer, &mut hash, chunk.bytes)?;
            progress(chunk.bytes.len() as u64);
            Ok::<_, CheckpointError>(())
        })?;
        before_it_appears(&hexadecimal(hash))?;
        Ok(writer.finish()?)
    }

    /// Refuses to write what the disk has no room for, with what other processes write; also before the folder is begun.
    fn check_room(&self, partial: &Partial) -> Result<(), CheckpointError> {
        let Some(free) = free(folder_of(partial.path())) else { return Ok(()) };
        let shards = self.layout.shards().iter().zip(&self.manifest.shards);
        let missing = shards.filter(|(shard, _)| !self.is_there(partial.path(), shard));
        let missing = missing.fold(0, |sum: u64, (_, file)| sum.saturating_add(file.bytes));
        let needed = missing.saturating_sub(partial.bytes_of_temporaries(&self.manifest));
        if needed <= free {
            return Ok(());
        }
        let message = format!(
            "{needed} bytes are missing, and the disk has room for {free}; nothing was written. Make room, or name a folder on another disk"
        );
        let error = io::Error::new(ErrorKind::StorageFull, message);
        Err(CheckpointError::io("write", partial.path(), error))
    }
}

/// Bytes from which on a thread of its own is worth its while.
const LONG: usize = 1 << 18;

/// Writes, and computes the check sum meanwhile.
fn write_and_hash(
    writer: &mut SafetensorsWriter,
    hash: &mut Sha256,
    bytes: &[u8],
) -> Result<(), CheckpointError> {
    if bytes.len() < LONG {
        hash.update(bytes);
        return writer.write(bytes);
    }
    thread::scope(|scope| {
        let mut also = hash.clone();
        let started =
            thread::Builder::new().name("check sum".to_owned()).spawn_scoped(scope, move || {
                also.update(bytes);
                also
            });
        let written = writer.write(bytes);
        match started.map(|thread| thread.join()) {
            Ok(Ok(summed)) => *hash = summed,
            // There are no more threads to be had.
            _ => hash.update(bytes),
        }
        written
    })
}

pub(super) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that the disk of a folder has room for; `None` where the system does not say.
fn free(folder: &Path) -> Option<u64> {
    #[cfg(any(unix, windows))]
    return fs4::available_space(folder).ok();
    #[cfg(not(any(unix, windows)))]
    {
        let _ = folder;
        return None;
    }
}
