//! A folder becomes whole: what is missing in it, and what is written when nothing is.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::manifest::{self, Manifest};
use super::partial::{Partial, sum_name};
use super::write::hexadecimal;
use super::{Folder, FolderState};
use crate::checkpoint::{AtomicFile, CheckpointError, Problem};
use crate::create::{CreateError, Shard};

/// How often a process tries to finish a folder that others finish at the same time.
const MOST_TRIES: usize = 100;

impl Folder<'_> {
    /// Finishes the folder if none of its files is missing, whoever wrote them.
    pub(super) fn finish_if_whole(&self, partial: &Partial) -> Result<FolderState, CreateError> {
        match self.finish_unless_missing(partial) {
            Ok(0) => Ok(FolderState::Finished),
            Ok(missing) => Ok(FolderState::Missing(missing)),
            Err(_) if partial.is_published(&self.manifest) => Ok(FolderState::Finished),
            Err(error) => Err(error.into()),
        }
    }

    /// Finishes the folder if none of its files is missing. The number of those that are.
    pub(super) fn finish_unless_missing(
        &self,
        partial: &Partial,
    ) -> Result<usize, CheckpointError> {
        let missing = self.missing(partial.path())?;
        if missing == 0 {
            self.finish(partial)?;
        }
        Ok(missing)
    }

    /// Finishes the folder, whose files of tensors are whole.
    fn finish(&self, partial: &Partial) -> Result<(), CheckpointError> {
        for _ in 1..MOST_TRIES {
            match self.finish_at_once(partial) {
                // Another process finishes at the same time, and has removed what this one was writing; it may also be killed
                // before it is done.
                Err(CheckpointError::Io { source, .. })
                    if source.kind() == ErrorKind::NotFound
                        && !partial.is_published(&self.manifest) => {}
                finished => return finished,
            }
        }
        self.finish_at_once(partial)
    }

    /// Writes what belongs to the folder beside the files of tensors, and makes it appear.
    fn finish_at_once(&self, partial: &Partial) -> Result<(), CheckpointError> {
        let folder = partial.path();
        let mut manifest = self.manifest.clone();
        for shard in &mut manifest.shards {
            shard.sha256 = Some(self.sum(folder, &shard.name)?);
        }
        let write = |name: &str, text: &[u8]| {
            let mut file = AtomicFile::create(folder.join(name))?;
            file.write(text)?;
            file.commit()
        };
        for (name, text) in self.indices() {
            write(&name, &text)?;
        }
        write(manifest::NAME, &manifest.text())?;
        partial.publish(&manifest)
    }

    /// SHA-256 of a file that is whole.
    fn sum(&self, folder: &Path, name: &str) -> Result<String, CheckpointError> {
        let written = fs::read_to_string(folder.join(sum_name(name))).ok();
        let written = written.and_then(|text| Some(text.split_once(' ')?.0.to_owned()));
        if let Some(sum) = written.filter(|sum| manifest::is_sum(sum)) {
            return Ok(sum);
        }
        // Another process that finishes has written the manifest, and removes the others.
        if let Some(sum) = Manifest::read(folder)?.and_then(|manifest| manifest.sum_of(name)) {
            return Ok(sum);
        }
        let path = folder.join(name);
        let failed = |error| CheckpointError::io("read", &path, error);
        let mut file = File::open(&path).map_err(failed)?;
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
        loop {
            let count = file.read(&mut buffer).map_err(failed)?;
            match buffer.get(..count) {
                Some(piece) if !piece.is_empty() => hash.update(piece),
                _ => return Ok(hexadecimal(hash)),
            }
        }
    }

    /// How many files are not there.
    fn missing(&self, folder: &Path) -> Result<usize, CheckpointError> {
        let mut names = HashSet::new();
        for of in self.layout.folders() {
            let (path, below) = match &of.name {
                Some(name) => (folder.join(name), format!("{name}/")),
                None => (folder.to_owned(), String::new()),
            };
            let files = match fs::read_dir(&path) {
                Ok(files) => files,
                // Nobody has begun the folder of this rank.
                Err(error) if error.kind() == ErrorKind::NotFound && of.name.is_some() => continue,
                Err(error) => return Err(CheckpointError::io("list", &path, error)),
            };
            let files = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
            names.extend(files.map(|name| below.clone() + &name));
        }
        let shards = self.layout.shards();
        let missing = shards.iter().filter(|shard| !names.contains(&shard.name)).count();
        // As long as one is missing, nobody looks into the others.
        Ok(match missing {
            0 => shards.iter().filter(|shard| !self.is_there(folder, shard)).count(),
            missing => missing,
        })
    }

    /// Whether a file is there and is this folder's. It has its name because it was whole and on the disk, so that its header and
    /// its length tell.
    pub(super) fn is_there(&self, folder: &Path, shard: &Shard) -> bool {
        let Ok(header) = self.header(shard) else { return false };
        let Ok(mut file) = File::open(folder.join(&shard.name)) else { return false };
        let bytes = (header.len() as u64).saturating_add(shard.bytes);
        let mut found = vec![0; header.len()];
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes)
            && file.read_exact(&mut found).is_ok()
            && found == header
    }

    /// Refuses a folder that was whole once.
    pub(super) fn check_found(&self, dir: &Path) -> Result<(), CheckpointError> {
        match self.layout.shards().iter().find(|shard| !self.is_there(dir, shard)) {
            None => Ok(()),
            Some(shard) => {
                let message = format!(
                    "its manifest says that it is whole, but '{}' is missing or is another file; remove the folder, and the next \
                     run writes it anew",
                    shard.name
                );
                Err(CheckpointError::content(dir, Problem::Folder { message }))
            }
        }
    }
}
