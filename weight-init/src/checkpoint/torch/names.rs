use crate::checkpoint::Problem;
use crate::checkpoint::pickle::{Machine, Object, Tensor, Value};

/// The tensors of a checkpoint with their names: those under `state_dict`, as mmengine's loader takes them, else under
/// `model`, if the checkpoint itself has none, else its own. What is no tensor is passed over.
pub(super) fn named_tensors(
    machine: &Machine,
    root: Value,
) -> Result<Vec<(String, &Tensor)>, Problem> {
    let format = |message| Problem::Format { message };
    let Some(Object::Dict(items)) = machine.object(root) else {
        let kind = machine.kind(root);
        return Err(format(format!(
            "the file holds {kind}; a checkpoint is a dict of tensors by name"
        )));
    };
    let nested = |key: &str| match machine.object(get(machine, items, key)?) {
        Some(Object::Dict(items)) => Some(items),
        _ => None,
    };
    let has_tensor = |items: &[(Value, Value)]| {
        items.iter().any(|(_, value)| matches!(machine.object(*value), Some(Object::Tensor(_))))
    };
    let items = match nested("state_dict") {
        Some(items) => items,
        None if has_tensor(items) => items,
        None => nested("model").unwrap_or(items),
    };
    let tensors: Vec<_> = items
        .iter()
        .filter_map(|(key, value)| match (key, machine.object(*value)) {
            (Value::Text(key), Some(Object::Tensor(tensor))) => {
                Some((machine.text(*key).to_owned(), &**tensor))
            }
            _ => None,
        })
        .collect();
    if tensors.is_empty() && !items.is_empty() {
        let keys: Vec<_> =
            items.iter().filter_map(|(key, _)| text(machine, *key)).take(8).collect();
        let message =
            format!("the file holds a dict without tensors; its keys: {}", keys.join(", "));
        return Err(format(message));
    }
    Ok(tensors)
}

/// The last value of a key, as a dict keeps it.
fn get(machine: &Machine, items: &[(Value, Value)], wanted: &str) -> Option<Value> {
    let found = items.iter().rev().find(|(key, _)| text(machine, *key) == Some(wanted));
    found.map(|(_, value)| *value)
}

fn text(machine: &Machine, value: Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(machine.text(text)),
        _ => None,
    }
}
