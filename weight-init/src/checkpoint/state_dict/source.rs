use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flate2::bufread::DeflateDecoder;

use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::zip::{self, Entry};
use crate::checkpoint::{CheckpointError, Problem};

/// Bytes that tensors lie in: a piece of a file, as it is or deflated.
#[derive(Debug)]
pub(crate) struct Source {
    file: RandomAccess,
    begin: u64,
    len: u64,
    /// Its directory entry if it lies in a zip file.
    entry: Option<Entry>,
    /// Whether the check sum of a stored entry was found to be right.
    checked: Mutex<bool>,
    /// The check sum of what was read so far, from the first byte on in one go.
    passing: Mutex<Passing>,
    /// Pieces of other files that follow, each with its place among these bytes.
    behind: Vec<(u64, Piece)>,
}

/// A piece of a file.
#[derive(Clone, Debug)]
pub(in crate::checkpoint) struct Piece {
    pub(in crate::checkpoint) file: RandomAccess,
    pub(in crate::checkpoint) begin: u64,
    pub(in crate::checkpoint) len: u64,
}

#[derive(Debug, Default)]
struct Passing {
    /// Bytes that it is of.
    len: u64,
    hash: crc32fast::Hasher,
}

impl Source {
    /// A piece of a file.
    pub(crate) fn piece(file: RandomAccess, begin: u64, len: u64) -> Self {
        Self {
            file,
            begin,
            len,
            entry: None,
            checked: Mutex::default(),
            passing: Mutex::default(),
            behind: Vec::new(),
        }
    }

    /// Pieces of files, one behind the other; `None` without one.
    pub(in crate::checkpoint) fn joined(pieces: impl IntoIterator<Item = Piece>) -> Option<Self> {
        let mut pieces = pieces.into_iter();
        let Piece { file, begin, len } = pieces.next()?;
        let mut this = Self::piece(file, begin, len);
        for piece in pieces {
            let place = this.len();
            this.behind.push((place, piece));
        }
        Some(this)
    }

    /// An entry of a zip file. Its check sum is compared before the first byte is given out.
    pub(in crate::checkpoint) fn entry(file: RandomAccess, entry: &Entry) -> Self {
        let (begin, len) = (entry.begin, entry.len);
        let entry = Some(entry.clone());
        Self { entry, ..Self::piece(file, begin, len) }
    }

    /// Bytes that there are to read.
    pub(crate) fn len(&self) -> u64 {
        self.behind.last().map_or(self.len, |(place, piece)| place.saturating_add(piece.len))
    }

    /// The file that they are in.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether they can be read from their beginning alone, by [`inflate`](Self::inflate).
    pub(super) fn is_deflated(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.deflated)
    }

    /// Hands out all bytes of a deflated entry in their order, each piece with its place, and compares their number and
    /// check sum after the last.
    pub(super) fn inflate(
        &self,
        take: impl FnMut(u64, &[u8]) -> Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        match &self.entry {
            Some(entry) => read_through(&self.file, entry, take),
            None => Ok(()),
        }
    }

    /// Fills `bytes` from position `at` on, where nothing is deflated.
    pub(crate) fn read_exact_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        if let Some(entry) = &self.entry {
            let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
            if !*checked {
                read_through(&self.file, entry, |_, _| Ok(()))?;
                *checked = true;
            }
        }
        self.read_joined(at, bytes)
    }

    /// Reads from the file, and from those that follow where bytes are in these.
    fn read_joined(&self, mut at: u64, mut bytes: &mut [u8]) -> Result<(), CheckpointError> {
        if at < self.len || self.behind.is_empty() {
            let here = match self.behind.is_empty() {
                true => bytes.len(),
                false => usize::try_from(self.len - at).unwrap_or(usize::MAX).min(bytes.len()),
            };
            let (now, rest) = bytes.split_at_mut(here);
            self.file.read_exact_at(self.begin.saturating_add(at), now)?;
            (at, bytes) = (at.saturating_add(here as u64), rest);
        }
        let first = self.behind.partition_point(|(place, piece)| place + piece.len <= at);
        for (place, piece) in self.behind.iter().skip(first) {
            if bytes.is_empty() {
                break;
            }
            let within = at.saturating_sub(*place);
            let here = usize::try_from(piece.len - within).unwrap_or(usize::MAX).min(bytes.len());
            let (now, rest) = bytes.split_at_mut(here);
            piece.file.read_exact_at(piece.begin.saturating_add(within), now)?;
            (at, bytes) = (at + here as u64, rest);
        }
        Ok(())
    }

    /// As [`read_exact_at`](Self::read_exact_at), for a reader that will go through all bytes: if it does so in order,
    /// the check sum is compared with the last of them, and nothing is read twice.
    pub(crate) fn read_through_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let Some(entry) = &self.entry else { return self.read_exact_at(at, bytes) };
        let mut passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
        if at == 0 {
            *passing = Passing::default();
        }
        if at != passing.len {
            drop(passing);
            return self.read_exact_at(at, bytes);
        }
        self.file.read_exact_at(self.begin.saturating_add(at), bytes)?;
        passing.hash.update(bytes);
        passing.len += bytes.len() as u64;
        if passing.len == entry.len {
            compare(&self.file, entry, passing.hash.clone().finalize())?;
        }
        Ok(())
    }
}

/// The bytes of an entry from its first on, inflated, and not checked; at most as many as it is said to have.
pub(in crate::checkpoint) fn reader<'f>(
    file: &'f RandomAccess,
    entry: &Entry,
) -> Box<dyn Read + 'f> {
    let stored = file.reader(entry.begin..entry.begin.saturating_add(entry.stored));
    if entry.deflated {
        Box::new(DeflateDecoder::new(BufReader::new(stored)).take(entry.len))
    } else {
        Box::new(stored)
    }
}

/// The bytes of an entry from its first on, inflated, whose number and check sum are compared at the end.
pub(in crate::checkpoint) struct Hashed<'f> {
    file: &'f RandomAccess,
    entry: &'f Entry,
    reader: Box<dyn Read + 'f>,
    len: u64,
    hash: crc32fast::Hasher,
}

impl<'f> Hashed<'f> {
    pub(in crate::checkpoint) fn new(file: &'f RandomAccess, entry: &'f Entry) -> Self {
        Self { file, entry, reader: reader(file, entry), len: 0, hash: crc32fast::Hasher::new() }
    }

    /// Reads what is left, and compares.
    pub(in crate::checkpoint) fn finish(mut self) -> Result<(), CheckpointError> {
        let mut buffer = vec![0; 64 << 10];
        while self.next(&mut buffer)? > 0 {}
        self.compare()
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, CheckpointError> {
        let Self { file, entry, .. } = *self;
        self.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => CheckpointError::content(
                file.path(),
                zip::of(&entry.name, format!("it is broken: {error}")),
            ),
            _ => CheckpointError::io("read", file.path(), error),
        })
    }

    fn compare(self) -> Result<(), CheckpointError> {
        let Self { file, entry, len, hash, .. } = self;
        if len != entry.len {
            let message = format!("it has {len} bytes, but is said to have {}", entry.len);
            return Err(CheckpointError::content(file.path(), zip::of(&entry.name, message)));
        }
        compare(file, entry, hash.finalize())
    }
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.len += count as u64;
        Ok(count)
    }
}

/// Hands out the bytes of an entry, each piece with its place, and compares their number and check sum.
fn read_through(
    file: &RandomAccess,
    entry: &Entry,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let mut bytes = Hashed::new(file, entry);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let at = bytes.len;
        let count = bytes.next(&mut buffer)?;
        match buffer.get(..count) {
            Some(piece) if !piece.is_empty() => take(at, piece)?,
            _ => return bytes.compare(),
        }
    }
}

fn compare(file: &RandomAccess, entry: &Entry, found: u32) -> Result<(), CheckpointError> {
    let said = entry.crc32;
    if found == said {
        return Ok(());
    }
    let message = format!("its check sum is {found:08x}, but is said to be {said:08x}");
    Err(CheckpointError::content(file.path(), zip::of(&entry.name, message)))
}

/// A small entry as a whole, checked.
pub(in crate::checkpoint) fn read_small(
    file: &RandomAccess,
    entry: &Entry,
    most: u64,
) -> Result<Vec<u8>, CheckpointError> {
    if entry.len > most {
        let message = format!("it has {} bytes; at most {most} are right", entry.len);
        let problem: Problem = zip::of(&entry.name, message);
        return Err(CheckpointError::content(file.path(), problem));
    }
    let mut bytes = Vec::new();
    read_through(file, entry, |_, piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}
