//! PyTorch's own checkpoints: a pickle that describes tensors, and the storages that hold their elements.
//!
//! Today's format (`torch.save` since 1.6) is a zip file with the pickle as `NAME/data.pkl` and each storage as
//! `NAME/data/KEY`. The older one is a row of pickles with the storages behind them. Both are described by
//! `torch/serialization.py` alone. The reader is our own: the crates that read pickles make Python's objects of them,
//! or run through recursion that a file can drive as deep as it likes.

mod legacy;
mod state_dicts;

use std::collections::HashMap;
use std::io::BufReader;
use std::sync::Arc;

pub(super) use self::legacy::open_legacy;
use self::state_dicts::{Chosen, choose};
use crate::checkpoint::pickle::{Failure, Machine, Storage, Tensor, Text, Value};
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::state_dict::Place;
use crate::checkpoint::state_dict::source::{Hashed, Source, read_small};
use crate::checkpoint::zip::{self, Entry};
use crate::checkpoint::{CheckpointError, Problem, StateDict};

/// Memory that the values of a pickle may take beside [`PER_BYTE`].
const BUDGET: u64 = 40 << 20;

/// Memory that the values of a pickle may take for each byte of the file. A tensor of a few elements takes 300 bytes of a
/// file, and its description a thousand bytes of memory.
const PER_BYTE: u64 = 3;

/// The longest pickle that describes tensors; it holds none of their elements.
const LONGEST_PICKLE: u64 = 1 << 30;

/// Characters of the name of a class that are told.
const LONGEST_CLASS: usize = 200;

/// Opens a file of today's format; `key` leads to the state dict.
pub(super) fn open_zip(
    file: &RandomAccess,
    entries: &[Entry],
    key: Option<&str>,
) -> Result<StateDict, CheckpointError> {
    let fault = |problem| CheckpointError::content(file.path(), problem);
    let entry = |name: &str| {
        let index = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok();
        match index.and_then(|index| entries.get(index)) {
            Some(Entry { closed: Some(message), .. }) => Err(fault(zip::of(name, *message))),
            found => Ok(found),
        }
    };
    let mut pickles = entries.iter().filter_map(|entry| {
        entry.name.strip_suffix("data.pkl").filter(|f| f.is_empty() || f.ends_with('/'))
    });
    let folder = match (pickles.next(), pickles.next()) {
        (Some(folder), None) => folder,
        (None, _) => {
            let message =
                "it holds no 'data.pkl' as a PyTorch file does, and no '.npy' as a NumPy file does";
            return Err(fault(zip::whole(message)));
        }
        (Some(_), Some(_)) => return Err(fault(zip::whole("it holds more than one 'data.pkl'"))),
    };
    if entry(&format!("{folder}constants.pkl"))?.is_some() {
        let message = "it is a TorchScript program; save its state_dict() with torch.save instead";
        return Err(fault(zip::whole(message)));
    }
    let big_endian = match entry(&format!("{folder}byteorder"))? {
        None => false,
        Some(entry) => match read_small(file, entry, 16)?.as_slice() {
            b"little" => false,
            b"big" => true,
            _ => return Err(fault(zip::of(&entry.name, "it says neither 'little' nor 'big'"))),
        },
    };
    let Some(pickle) =
        entry(&format!("{folder}data.pkl"))?.filter(|pickle| pickle.len <= LONGEST_PICKLE)
    else {
        return Err(fault(zip::whole(format!(
            "its 'data.pkl' has more than {LONGEST_PICKLE} bytes"
        ))));
    };
    let mut machine = Machine::new(budget(file));
    let mut bytes = Hashed::new(file, pickle);
    let read = machine
        .run(BufReader::new(&mut bytes), 0, pickle.len)
        .map_err(|failure| failed(file, failure))?;
    bytes.finish()?;
    let Chosen { key, nested, tensors, objects } =
        choose(&machine, read.value, key).map_err(fault)?;
    let mut dict = StateDict::new(file, "PyTorch zip").of_nested(key, nested);
    add_objects(&mut dict, &machine, objects);
    let mut sources = HashMap::new();
    for (name, tensor) in tensors {
        let key = machine.text(tensor.storage.key);
        let source = match sources.get(key) {
            Some(source) => *source,
            None => {
                let path = format!("{folder}data/{key}");
                let Some(entry) = entry(&path)? else {
                    let message = format!("its storage, '{path}', is not in the file");
                    return Err(fault(Problem::Tensor { tensor: name, message }));
                };
                whole_storage(&name, &tensor.storage, entry.len).map_err(fault)?;
                let source = dict.add_source(Source::entry(file.clone(), entry));
                sources.insert(key.to_owned(), source);
                source
            }
        };
        add(&mut dict, name, tensor, source, big_endian)?;
    }
    Ok(dict)
}

fn budget(file: &RandomAccess) -> u64 {
    BUDGET.saturating_add(file.len().saturating_mul(PER_BYTE))
}

fn failed(file: &RandomAccess, failure: Failure) -> CheckpointError {
    match failure {
        Failure::Content(problem) => CheckpointError::content(file.path(), problem),
        Failure::Io(error) => CheckpointError::io("read", file.path(), error),
    }
}

/// Adds a tensor that lies in source number `source`.
fn add(
    dict: &mut StateDict,
    name: String,
    tensor: &Tensor,
    source: usize,
    big_endian: bool,
) -> Result<(), CheckpointError> {
    let size = tensor.dtype.bits() / 8;
    let begin = tensor.storage.begin.saturating_mul(tensor.storage.unit.bytes());
    let offset = tensor.offset.saturating_mul(size).saturating_add(begin);
    let strides = Some(tensor.strides.clone());
    let place = Place { source, offset, strides, big_endian, signs: tensor.signs };
    dict.add(name, tensor.dtype, tensor.shape.clone(), place)
}

/// Adds what is no tensor. Objects of one class share its name.
fn add_objects(dict: &mut StateDict, machine: &Machine, objects: Vec<(String, Option<Text>)>) {
    let mut classes: HashMap<Option<Text>, Arc<str>> = HashMap::new();
    for (name, class) in objects {
        let what = classes.entry(class).or_insert_with(|| match class {
            Some(class) => {
                let class: String = machine.text(class).chars().take(LONGEST_CLASS).collect();
                format!("an object of '{class}'").into()
            }
            None => machine.kind(Value::Opaque).into(),
        });
        dict.add_unread(name, Arc::clone(what));
    }
}

/// Whether the bytes of a storage are as many as the pickle says.
fn whole_storage(tensor: &str, storage: &Storage, bytes: u64) -> Result<(), Problem> {
    let needed = storage.len.checked_mul(storage.unit.bytes());
    if needed == Some(bytes) {
        return Ok(());
    }
    let message = format!(
        "its storage is said to have {} elements of {} bytes, but {bytes} bytes are there",
        storage.len,
        storage.unit.bytes()
    );
    Err(Problem::Tensor { tensor: tensor.to_owned(), message })
}
