//! The format before PyTorch 1.6: five pickles (a magic number, a version, the byte order, the checkpoint, the keys of
//! its storages), then each storage as the number of its elements and the elements.

use std::collections::HashMap;
use std::io::BufReader;

use super::state_dicts::{Chosen, choose};
use super::{LONGEST_PICKLE, add, add_objects, budget, failed, whole_storage};
use crate::checkpoint::pickle::{Machine, Object, Read, Storage, Value};
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::state_dict::source::Source;
use crate::checkpoint::{CheckpointError, Problem, StateDict};

/// The version of the format.
const PROTOCOL: i64 = 1001;

/// Opens a file of the older format; `key` leads to the state dict.
pub(in crate::checkpoint) fn open_legacy(
    file: &RandomAccess,
    key: Option<&str>,
) -> Result<StateDict, CheckpointError> {
    let mut at = 0;
    let mut run = |machine: &mut Machine| {
        let end = file.len().min(at + LONGEST_PICKLE);
        let read = machine.run(BufReader::new(file.reader(at..end)), at, end);
        let Read { value, end } = read.map_err(|failure| failed(file, failure))?;
        at = end;
        Ok::<_, CheckpointError>(value)
    };
    let fault = |problem| CheckpointError::content(file.path(), problem);
    let format = |message: String| fault(Problem::Format { message });
    // Each of the first three is a few bytes; the magic number has more than 64 bits.
    let mut small = Machine::new(1 << 20);
    match run(&mut small)? {
        Value::Opaque => {}
        value => {
            let kind = small.kind(value);
            let message =
                format!("it is a pickle of {kind}, not a file that torch.save has written");
            return Err(format(message));
        }
    }
    match run(&mut small)? {
        Value::Int(PROTOCOL) => {}
        _ => return Err(format(format!("its format is of another version than {PROTOCOL}"))),
    }
    let system = run(&mut small)?;
    let big_endian = is_big_endian(&small, system);
    let mut machine = Machine::new(budget(file));
    let root = run(&mut machine)?;
    let keys = run(&mut small)?;
    let Some(Object::List(keys)) = small.object(keys) else {
        return Err(format("its list of storages is none".to_owned()));
    };
    let Chosen { key, nested, tensors, objects } = choose(&machine, root, key).map_err(fault)?;
    let known: HashMap<&str, &Storage> =
        machine.storages().map(|storage| (machine.text(storage.key), storage)).collect();
    let mut dict = StateDict::new(file, "PyTorch legacy").of_nested(key, nested);
    add_objects(&mut dict, &machine, objects);
    let mut sources = HashMap::new();
    for key in keys {
        let Value::Text(key) = *key else {
            return Err(format("the key of a storage is no text".to_owned()));
        };
        let key = small.text(key);
        let Some(storage) = known.get(key) else {
            return Err(format(format!(
                "storage '{key}' is in the file, but no tensor is said to lie in it"
            )));
        };
        let mut count = [0; 8];
        if file.len().saturating_sub(at) < 8 {
            return Err(format(format!("it is cut off before storage '{key}'")));
        }
        file.read_exact_at(at, &mut count)?;
        at += 8;
        let count = if big_endian { u64::from_be_bytes(count) } else { u64::from_le_bytes(count) };
        let bytes = count.checked_mul(storage.unit.bytes());
        let Some(bytes) = bytes.filter(|bytes| *bytes <= file.len() - at) else {
            let left = file.len() - at;
            let message = format!(
                "storage '{key}' should have {count} elements, but {left} bytes follow; it is cut off"
            );
            return Err(format(message));
        };
        sources.insert(key, (dict.add_source(Source::piece(file.clone(), at, bytes)), bytes));
        at += bytes;
    }
    for (name, tensor) in tensors {
        let key = machine.text(tensor.storage.key);
        let Some((source, bytes)) = sources.get(key) else {
            let message = format!("its storage, '{key}', is not in the file");
            return Err(fault(Problem::Tensor { tensor: name, message }));
        };
        // A view says how long it is itself, and only its root how long the storage is.
        if tensor.storage.begin == 0 && known.get(key).is_some_and(|s| s.len == tensor.storage.len)
        {
            whole_storage(&name, &tensor.storage, *bytes).map_err(fault)?;
        }
        add(&mut dict, name, tensor, *source, big_endian)?;
    }
    Ok(dict)
}

/// Whether the third pickle says that a big-endian machine wrote the file.
fn is_big_endian(machine: &Machine, system: Value) -> bool {
    let Some(Object::Dict(items)) = machine.object(system) else { return false };
    items.iter().any(|(key, value)| {
        matches!(key, Value::Text(key) if machine.text(*key) == "little_endian")
            && *value == Value::Bool(false)
    })
}
