//! The entries of a zip file, found to be what the file says of them before anything is read from them.
//!
//! Reading the structure is the crate `rawzip`'s: it has no dependencies and no `unsafe`, and shows every entry with
//! its place, where others hide duplicates. What it leaves to its users is checked here: names that lead outside, two
//! entries of one name or of the same bytes, sizes that no compression reaches.

use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipLocator};

use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::{CheckpointError, Problem};

/// More entries than any checkpoint has tensors.
const MOST_ENTRIES: u64 = 500_000;

/// The longest name of an entry, in bytes.
const LONGEST_NAME: usize = 4096;

/// DEFLATE's largest expansion of one byte, with room for the last block.
const MOST_INFLATED: u64 = 1040;

/// A file in a zip file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where its bytes begin in the zip file.
    pub(super) begin: u64,
    /// Bytes there.
    pub(super) stored: u64,
    /// Bytes of the file itself; the same if it is not deflated.
    pub(super) len: u64,
    pub(super) deflated: bool,
    pub(super) crc32: u32,
    /// Why its bytes cannot be read, if they cannot.
    pub(super) closed: Option<&'static str>,
}

/// All files of a zip file, ordered by name.
pub(super) fn entries(file: &RandomAccess) -> Result<Vec<Entry>, CheckpointError> {
    let fault = |problem| CheckpointError::content(file.path(), problem);
    let broken = |error: rawzip::Error| fault(whole(format!("it is broken: {error}")));
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let located = ZipLocator::new().locate_in_reader(file, &mut buffer, file.len());
    let archive = located.map_err(|(_, error)| broken(error))?;
    let expected = archive.entries_hint();
    if expected > MOST_ENTRIES {
        let message = format!("it says it has {expected} entries; at most {MOST_ENTRIES} are read");
        return Err(fault(whole(message)));
    }
    let mut entries = Vec::new();
    let mut extents = Vec::new();
    let mut seen = 0;
    let mut records = archive.entries(&mut buffer);
    while let Some(record) = records.next_entry().map_err(broken)? {
        seen += 1;
        if seen > expected {
            break;
        }
        let header = record.local_header_offset();
        let path = record.file_path();
        let name = name(path.as_bytes()).map_err(fault)?;
        let place = archive
            .get_entry(record.wayfinder())
            .map_err(|error| fault(of(&name, format!("it is broken: {error}"))))?;
        let (begin, end) = place.compressed_data_range();
        if end > archive.directory_offset() {
            return Err(fault(of(&name, "its bytes reach into the directory or beyond the file")));
        }
        extents.push((header, end, entries.len()));
        let len = record.uncompressed_size_hint();
        let entry = Entry {
            begin,
            stored: end - begin,
            len,
            deflated: record.compression_method() == CompressionMethod::DEFLATE,
            crc32: record.crc32(),
            closed: closed(record.compression_method(), record.flags().is_encrypted()),
            name,
        };
        check(&entry).map_err(fault)?;
        entries.push(entry);
    }
    if seen != expected {
        let message = format!("its directory has {seen} entries, but it says it has {expected}");
        return Err(fault(whole(message)));
    }
    no_overlaps(&mut extents, &entries).map_err(fault)?;
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    match entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(fault(of(&pair[0].name, "it stands there twice"))),
        None => Ok(entries),
    }
}

/// A fault of the file as a whole.
pub(super) fn whole(message: impl Into<String>) -> Problem {
    Problem::Zip { entry: None, message: message.into() }
}

/// A fault of an entry.
pub(super) fn of(entry: &str, message: impl Into<String>) -> Problem {
    Problem::Zip { entry: Some(entry.to_owned()), message: message.into() }
}

fn name(bytes: &[u8]) -> Result<String, Problem> {
    let name = String::from_utf8_lossy(bytes);
    if bytes.len() > LONGEST_NAME {
        return Err(whole(format!("an entry's name has {} bytes", bytes.len())));
    }
    if std::str::from_utf8(bytes).is_err() {
        return Err(of(&name, "its name is not UTF-8"));
    }
    let outside = name.starts_with('/')
        || name.contains(['\\', '\0'])
        || name.split('/').any(|piece| piece == "..")
        || name.as_bytes().get(1) == Some(&b':');
    if outside {
        return Err(of(&name, "its name leads out of the archive"));
    }
    Ok(name.into_owned())
}

fn closed(method: CompressionMethod, encrypted: bool) -> Option<&'static str> {
    if encrypted {
        return Some("it is encrypted");
    }
    let known = matches!(method, CompressionMethod::STORE | CompressionMethod::DEFLATE);
    (!known).then_some("it is neither stored nor deflated; other compressions are not read")
}

fn check(entry: &Entry) -> Result<(), Problem> {
    if entry.closed.is_some() {
        return Ok(());
    }
    let Entry { stored, len, .. } = *entry;
    if !entry.deflated && len != stored {
        let message = format!("it is stored with {stored} bytes, but said to have {len}");
        return Err(of(&entry.name, message));
    }
    if entry.deflated && len > stored.saturating_mul(MOST_INFLATED) {
        let message =
            format!("{len} bytes are said to be in {stored} deflated ones, which cannot be");
        return Err(of(&entry.name, message));
    }
    Ok(())
}

/// Whether every byte belongs to one entry; an entry's extent begins with its header.
fn no_overlaps(extents: &mut [(u64, u64, usize)], entries: &[Entry]) -> Result<(), Problem> {
    extents.sort_unstable();
    let name = |index: usize| entries.get(index).map_or("", |entry| entry.name.as_str());
    for pair in extents.windows(2) {
        let ((_, end, first), (begin, _, second)) = (pair[0], pair[1]);
        if begin < end {
            let message = format!("its bytes are also those of '{}'", name(first));
            return Err(of(name(second), message));
        }
    }
    Ok(())
}
