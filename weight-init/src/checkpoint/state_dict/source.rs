use std::io::{self, BufReader, Read, Write};
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
    /// What is known of it if it is an entry of a zip file.
    entry: Option<Entry>,
    /// The bytes themselves, once the entry was read through: checked and, if need be, inflated.
    checked: Mutex<Option<Checked>>,
    /// The check sum of what was read so far, from the first byte on in one go.
    passing: Mutex<Passing>,
}

#[derive(Debug, Default)]
struct Passing {
    /// Bytes that it is of.
    len: u64,
    hash: crc32fast::Hasher,
}

#[derive(Clone, Debug)]
struct Checked {
    file: RandomAccess,
    begin: u64,
}

impl Source {
    /// A piece of a file.
    pub(crate) fn piece(file: RandomAccess, begin: u64, len: u64) -> Self {
        Self { file, begin, len, entry: None, checked: Mutex::default(), passing: Mutex::default() }
    }

    /// An entry of a zip file. Its check sum is compared before the first byte is given out, and a deflated entry goes
    /// into a temporary file then, for tensors are read in any order.
    pub(in crate::checkpoint) fn entry(file: RandomAccess, entry: &Entry) -> Self {
        let (begin, len) = (entry.begin, entry.len);
        let entry = Some(entry.clone());
        Self { file, begin, len, entry, checked: Mutex::default(), passing: Mutex::default() }
    }

    /// Bytes that there are to read.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Fills `bytes` from position `at` on.
    pub(crate) fn read_exact_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let Checked { file, begin } = self.checked()?;
        file.read_exact_at(begin.saturating_add(at), bytes)
    }

    /// As [`read_exact_at`](Self::read_exact_at), for a reader that will go through all bytes: if it does so in order,
    /// the check sum is compared with the last of them, and nothing is read twice.
    pub(crate) fn read_through_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let Some(entry) = self.entry.as_ref().filter(|entry| !entry.deflated) else {
            return self.read_exact_at(at, bytes);
        };
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

    fn checked(&self) -> Result<Checked, CheckpointError> {
        let Some(entry) = &self.entry else {
            return Ok(Checked { file: self.file.clone(), begin: self.begin });
        };
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checked) = &*checked {
            return Ok(checked.clone());
        }
        let new = if entry.deflated {
            let failed = |error| {
                CheckpointError::io("inflate into a temporary file", self.file.path(), error)
            };
            let mut temporary = tempfile::tempfile().map_err(failed)?;
            read_through(&self.file, entry, &mut temporary)?;
            Checked { file: RandomAccess::of(self.file.path(), temporary)?, begin: 0 }
        } else {
            read_through(&self.file, entry, &mut io::sink())?;
            Checked { file: self.file.clone(), begin: self.begin }
        };
        *checked = Some(new.clone());
        Ok(new)
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

/// Writes the bytes of an entry and compares their number and check sum.
fn read_through(
    file: &RandomAccess,
    entry: &Entry,
    out: &mut dyn Write,
) -> Result<(), CheckpointError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => CheckpointError::content(
            file.path(),
            zip::of(&entry.name, format!("it is broken: {error}")),
        ),
        _ => CheckpointError::io("read", file.path(), error),
    };
    let fault = |message| CheckpointError::content(file.path(), zip::of(&entry.name, message));
    let mut reader = reader(file, entry);
    let mut buffer = vec![0; 256 << 10];
    let mut hash = crc32fast::Hasher::new();
    let mut len = 0;
    loop {
        let count = reader.read(&mut buffer).map_err(failed)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        out.write_all(bytes).map_err(failed)?;
        len += count as u64;
    }
    if len != entry.len {
        return Err(fault(format!("it has {len} bytes, but is said to have {}", entry.len)));
    }
    compare(file, entry, hash.finalize())
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
    read_through(file, entry, &mut bytes)?;
    Ok(bytes)
}
