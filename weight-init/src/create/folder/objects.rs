//! A folder in an object store, written by any number of processes that do not talk to each other.
//!
//! Nothing can be renamed there. An object appears under its name when all of it is there, and what makes the folder whole comes
//! last: the manifest with the check sums, then the index. The manifest without them comes first, by a request that fails if
//! there is one, so that nobody writes among the objects of another recipe.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::manifest::{self, Manifest};
use super::partial::sum_name;
use super::wait::until;
use super::write::hexadecimal;
use super::{Folder, FolderReport, FolderState, index_name};
use crate::address::Address;
use crate::checkpoint::{CheckpointError, Problem};
use crate::create::{CreateError, Shard, Share};
use crate::run::{Filler, generate_windows};
use crate::store::Store;

/// Objects and their bytes, by name.
type Objects = BTreeMap<String, u64>;

/// How often an object is begun whose upload another process has ended.
const MOST_TRIES: usize = 4;

/// Bytes of an object with a check sum that are read: the sum, and as much of the name.
const LONGEST_SUM: u64 = 200;

/// What a process finds that wants to write.
enum Joined {
    /// The folder is there, of the same recipe.
    Whole,
    Open,
}

/// A folder in a store, and who writes it.
struct Writer<'a> {
    folder: &'a Folder<'a>,
    store: Store,
}

impl Folder<'_> {
    pub(super) fn write_objects(
        &self,
        address: &Address,
        share: Share,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(FolderReport, Option<usize>), CreateError> {
        let writer = Writer::open(self, address)?;
        let mine = self.layout.share(share);
        let mut report =
            FolderReport { written: 0, bytes: 0, found: 0, state: FolderState::Finished };
        if let Joined::Whole = writer.join()? {
            let aborted = writer.tidy_up();
            report.found = mine.len();
            report.state = FolderState::Found;
            return Ok((report, aborted));
        }
        let shards = || mine.iter().filter_map(|index| self.layout.shards().get(*index));
        let mut aborted = writer.store.abort_unfinished(shards().map(|shard| shard.name.as_str()));
        for shard in shards() {
            if writer.write(shard, backend, progress)? {
                report.written += 1;
                report.bytes += self.bytes_of(shard)?;
            } else {
                report.found += 1;
                progress(shard.bytes);
            }
        }
        match writer.missing(&writer.list()?) {
            0 => {
                writer.finish()?;
                let later = writer.tidy_up();
                aborted = aborted.map(|before| before + later.unwrap_or_default());
            }
            missing => report.state = FolderState::Missing(missing),
        }
        Ok((report, aborted))
    }

    pub(super) fn wait_for_objects(
        &self,
        address: &Address,
        longest: Duration,
    ) -> Result<FolderState, CreateError> {
        let writer = Writer::open(self, address)?;
        until(longest, || {
            let objects = writer.list()?;
            if writer.is_whole(&objects, writer.manifest()?.as_ref()) {
                return Ok(FolderState::Finished);
            }
            let missing = writer.missing(&objects);
            if missing > 0 {
                return Ok(FolderState::Missing(missing));
            }
            writer.finish()?;
            writer.tidy_up();
            Ok(FolderState::Finished)
        })
    }

    fn bytes_of(&self, shard: &Shard) -> Result<u64, CheckpointError> {
        Ok((self.header(shard)?.len() as u64).saturating_add(shard.bytes))
    }
}

impl<'a> Writer<'a> {
    fn open(folder: &'a Folder<'a>, address: &Address) -> Result<Self, CheckpointError> {
        let path = address.to_string();
        let store = Store::open(address).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => refused(&path, &error.to_string()),
            _ => CheckpointError::io("open", path.as_ref(), error),
        })?;
        if store.path.as_ref().is_empty() {
            let message = format!(
                "it is a whole bucket; give the name of a folder in it: {}/model",
                path.trim_end_matches('/')
            );
            return Err(refused(&path, &message));
        }
        Ok(Self { folder, store })
    }

    /// Takes part in writing the folder, or begins it.
    fn join(&self) -> Result<Joined, CheckpointError> {
        let wanted = &self.folder.manifest;
        let objects = self.store.list_at_first();
        let objects = objects.map_err(|error| self.failed("list", "", error))?;
        let mut found = self.manifest()?;
        if found.is_none() {
            if let Some(name) = objects.keys().find(|name| *name != manifest::NAME) {
                let message = format!(
                    "objects of another origin are there, such as '{name}', and no {}; nothing was written. Give the name of a new folder",
                    manifest::NAME
                );
                return Err(refused(&self.shown(""), &message));
            }
            let text = wanted.text();
            let created = self.store.create(manifest::NAME, text);
            if !created.map_err(|error| self.failed("create", manifest::NAME, error))? {
                found = self.manifest()?;
            }
        }
        let Some(found) = found else { return Ok(Joined::Open) };
        let is_whole = self.is_whole(&objects, Some(&found));
        if let Some(conflict) = wanted.conflict(&found) {
            let what = if is_whole {
                "a folder is there, and is another one"
            } else {
                "another folder is being written here"
            };
            let message = format!(
                "{what}: {conflict}; nothing was written. Give the name of a new folder, or remove it"
            );
            return Err(refused(&self.shown(""), &message));
        }
        if !is_whole {
            return Ok(Joined::Open);
        }
        if let Some(name) = self.missing_names(&objects).next() {
            let message = format!(
                "its manifest says that it is whole, but '{name}' is missing or is another object; remove the folder, and the next \
                 run writes it anew"
            );
            return Err(refused(&self.shown(""), &message));
        }
        Ok(Joined::Whole)
    }

    /// Writes an object of tensors, unless it is there.
    fn write(
        &self,
        shard: &Shard,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<bool, CreateError> {
        for last in (0..MOST_TRIES).rev() {
            if self.is_there(shard)? {
                return Ok(false);
            }
            match self.upload(shard, backend, progress) {
                Ok(()) => return Ok(true),
                // Another process, which took this upload for a dead one's, has ended it. It writes the same object; but it may
                // be killed, so that this one begins again, and lets the other's alone.
                Err(CreateError::Checkpoint(CheckpointError::Io { source, .. }))
                    if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::Other)
                        && last > 0 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn upload(
        &self,
        shard: &Shard,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), CreateError> {
        let folder = self.folder;
        let failed = |error| self.failed("upload", &shard.name, error);
        let header = folder.header(shard)?;
        let mut upload = self.store.upload(&shard.name, folder.bytes_of(shard)?).map_err(failed)?;
        let mut hash = Sha256::new();
        hash.update(&header);
        upload.write(&header).map_err(failed)?;
        let tensors: Vec<_> = folder.slices_of(shard).map(|(tensor, _)| tensor.clone()).collect();
        let windows: Vec<_> =
            folder.slices_of(shard).map(|(tensor, slice)| slice.window(tensor)).collect();
        generate_windows(&tensors, &windows, folder.seed, backend, |chunk| {
            hash.update(chunk.bytes);
            upload.write(chunk.bytes).map_err(failed)?;
            progress(chunk.bytes.len() as u64);
            Ok::<_, CheckpointError>(())
        })?;
        // The check sum comes first: an object of tensors that has its name has a check sum.
        let sum = format!("{}  {}\n", hexadecimal(hash), shard.name);
        let name = sum_name(&shard.name);
        let put = self.store.put(&name, sum.into_bytes());
        put.map_err(|error| self.failed("write", &name, error))?;
        Ok(upload.finish().map_err(failed)?)
    }

    /// Writes what belongs to the folder beside the files of tensors, which are all there. What makes it whole comes last.
    fn finish(&self) -> Result<(), CheckpointError> {
        let mut manifest = self.folder.manifest.clone();
        let names = manifest.shards.iter().map(|file| sum_name(&file.name));
        let sums = self.store.read_each(names, LONGEST_SUM);
        let sums = sums.map_err(|error| self.failed("read the check sums in", "", error))?;
        // Another process that finishes writes the manifest before it removes the others.
        let written = self.manifest()?;
        for (file, found) in manifest.shards.iter_mut().zip(sums) {
            let known = found
                .and_then(|found| sum_in(&found.bytes))
                .or_else(|| written.as_ref().and_then(|manifest| manifest.sum_of(&file.name)));
            file.sha256 = Some(known.map_or_else(|| self.sum(&file.name), Ok)?);
        }
        let put = |name: &str, text| {
            self.store.put(name, text).map_err(|error| self.failed("write", name, error))
        };
        put(manifest::NAME, manifest.text())?;
        for (name, text) in self.folder.indices() {
            put(&name, text)?;
        }
        Ok(())
    }

    /// SHA-256 of an object that is whole, from all its bytes.
    fn sum(&self, name: &str) -> Result<String, CheckpointError> {
        let mut hash = Sha256::new();
        let read = self.store.read_all(name, |bytes| hash.update(bytes));
        read.map_err(|error| self.failed("read", name, error))?;
        Ok(hexadecimal(hash))
    }

    /// Removes what was there for the time of writing alone; how many uploads of dead runs there were, if the store says.
    fn tidy_up(&self) -> Option<usize> {
        let names = || self.folder.layout.shards().iter().map(|shard| shard.name.as_str());
        if let Ok(objects) = self.list() {
            let sums = names().map(sum_name).filter(|name| objects.contains_key(name));
            self.store.remove(sums);
        }
        self.store.abort_unfinished(names())
    }

    /// Whether an object of tensors is there and is this folder's. It has its name because it was whole, so that its header and
    /// its length tell.
    fn is_there(&self, shard: &Shard) -> Result<bool, CheckpointError> {
        let header = self.folder.header(shard)?;
        let found = self.store.read(&shard.name, header.len() as u64);
        let found = found.map_err(|error| self.failed("read", &shard.name, error))?;
        let bytes = self.folder.bytes_of(shard)?;
        Ok(found.is_some_and(|found| found.size == bytes && found.bytes == header))
    }

    fn is_whole(&self, objects: &Objects, manifest: Option<&Manifest>) -> bool {
        let folders = self.folder.layout.folders().iter();
        let mut indices = folders.filter(|of| self.folder.has_index_in(of)).map(index_name);
        let has_indices = indices.all(|name| objects.contains_key(&name));
        has_indices && manifest.is_some_and(Manifest::has_sums)
    }

    fn missing(&self, objects: &Objects) -> usize {
        self.missing_names(objects).count()
    }

    fn missing_names<'s>(&'s self, objects: &'s Objects) -> impl Iterator<Item = &'s str> {
        let files = self.folder.manifest.shards.iter();
        let missing = files.filter(|file| objects.get(&file.name) != Some(&file.bytes));
        missing.map(|file| file.name.as_str())
    }

    fn manifest(&self) -> Result<Option<Manifest>, CheckpointError> {
        let found = self.store.read(manifest::NAME, manifest::LONGEST);
        let found = found.map_err(|error| self.failed("read", manifest::NAME, error))?;
        let path = self.store.shown(manifest::NAME);
        found.map(|found| Manifest::parse(&path, &found.bytes)).transpose()
    }

    fn list(&self) -> Result<Objects, CheckpointError> {
        self.store.list().map_err(|error| self.failed("list", "", error))
    }

    fn shown(&self, name: &str) -> String {
        let path = self.store.shown(name).display().to_string();
        path.trim_end_matches('/').to_owned()
    }

    fn failed(&self, operation: &'static str, name: &str, error: io::Error) -> CheckpointError {
        CheckpointError::io(operation, self.shown(name).as_ref(), error)
    }
}

/// The check sum in the text of its own object.
fn sum_in(text: &[u8]) -> Option<String> {
    let (sum, _) = str::from_utf8(text).ok()?.split_once(' ')?;
    manifest::is_sum(sum).then(|| sum.to_owned())
}

fn refused(place: &str, message: &str) -> CheckpointError {
    CheckpointError::content(place.as_ref(), Problem::Folder { message: message.to_owned() })
}
