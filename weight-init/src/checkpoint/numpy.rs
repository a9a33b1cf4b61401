//! NumPy's `.npz`: a zip file of arrays, each a header in Python's notation and its elements.
//!
//! The header is read here, in a hundred lines: the crates for it parse Python's literals by recursion, which a file
//! can drive as deep as it likes. See <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

mod header;

use std::io::Read as _;

use self::header::{Header, Refusal};
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::state_dict::source::{Source, reader};
use crate::checkpoint::state_dict::{Place, Signs};
use crate::checkpoint::zip::{self, Entry};
use crate::checkpoint::{CheckpointError, StateDict};

/// The first bytes of every array.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest header; a shape of 64 dimensions and an element type take less.
const LONGEST_HEADER: u64 = 1 << 16;

/// Whether a zip file holds arrays and is no PyTorch file.
pub(super) fn is_npz(entries: &[Entry]) -> bool {
    let has = |end: &str| entries.iter().any(|entry| entry.name.ends_with(end));
    has(".npy") && !has("data.pkl")
}

/// Opens the arrays of a zip file, each called as its entry is without `.npy`. Other files, and arrays of what is no
/// number, are told and not read.
pub(super) fn open(file: &RandomAccess, entries: &[Entry]) -> Result<StateDict, CheckpointError> {
    let mut dict = StateDict::new(file, "NumPy npz");
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|entry| entry.begin);
    for entry in entries {
        let fault = |message| CheckpointError::content(file.path(), zip::of(&entry.name, message));
        if entry.name.ends_with('/') {
            continue;
        }
        let name = entry.name.strip_suffix(".npy").unwrap_or(&entry.name).to_owned();
        let (Header { dtype, big_endian, column_major, shape }, data) = match read(file, entry) {
            Ok(read) => read,
            Err(Refusal::Unread(what)) => {
                dict.add_unread(name, what.into());
                continue;
            }
            Err(Refusal::Broken(message)) => return Err(fault(message)),
        };
        let size = dtype.bits() / 8;
        let bytes = shape.iter().try_fold(size, |n, &extent| n.checked_mul(extent));
        let found = entry.len - data;
        if bytes != Some(found) {
            let message = format!(
                "shape {shape:?} of {dtype} does not have the {found} bytes that are there"
            );
            return Err(fault(message));
        }
        let strides = column_major.then(|| {
            let next = |stride: &mut u64, extent: &u64| {
                let here = *stride;
                *stride = here.saturating_mul(*extent);
                Some(here)
            };
            shape.iter().scan(1_u64, next).collect()
        });
        let source = dict.add_source(Source::entry(file.clone(), entry));
        let place = Place { source, offset: data, strides, big_endian, signs: Signs::default() };
        dict.add(name, dtype, shape, place)?;
    }
    match dict.unread() {
        [first, ..] if dict.tensors().is_empty() => {
            let message =
                format!("'{}' is {}; no array of numbers is there", first.name(), first.what());
            Err(CheckpointError::content(file.path(), zip::whole(message)))
        }
        _ => Ok(dict),
    }
}

/// The header of an array, and the offset of its elements.
fn read(file: &RandomAccess, entry: &Entry) -> Result<(Header, u64), Refusal> {
    let unread = |what: &str| Err(Refusal::Unread(what.to_owned()));
    if !entry.name.ends_with(".npy") {
        return unread("a file that is no array");
    }
    if let Some(fault) = entry.closed {
        return Err(Refusal::Unread(format!("an array that cannot be read: {fault}")));
    }
    let mut input = reader(file, entry).take(entry.len);
    let mut fill = |bytes: &mut [u8]| match input.read_exact(bytes) {
        Ok(()) => Ok(()),
        Err(_) => Err("it is no array: it ends within its header".to_owned()),
    };
    let mut start = [0; 8];
    fill(&mut start)?;
    let [magic @ .., major, _] = start;
    if magic != *MAGIC {
        return unread("no array: it does not begin as one");
    }
    let (len, begin) = match major {
        1 => {
            let mut len = [0; 2];
            fill(&mut len)?;
            (u64::from(u16::from_le_bytes(len)), 10)
        }
        2 | 3 => {
            let mut len = [0; 4];
            fill(&mut len)?;
            (u64::from(u32::from_le_bytes(len)), 12)
        }
        _ => return unread("an array whose format is of a version that is not known"),
    };
    if len > LONGEST_HEADER {
        return unread("an array whose header is longer than that of any array of numbers");
    }
    let mut text = vec![0; len as usize];
    fill(&mut text)?;
    Ok((header::parse(&text)?, begin + len))
}
