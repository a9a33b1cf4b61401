//! Which of the dicts of a checkpoint is the state dict.

use std::collections::HashSet;

use weight_init_core::nearest;

use crate::checkpoint::pickle::{Machine, Object, Tensor, Text, Value};
use crate::checkpoint::{NestedDict, Problem};

/// Advice for a model that was saved as an object.
const ADVICE: &str = "nothing in a file is run, so no object is made; \
    torch.save(model.state_dict(), FILE) makes a file of tensors";

/// How deep dicts stand in each other where a state dict is looked for.
const DEEPEST: usize = 4;

/// State dicts that are listed.
const LISTED: usize = 64;

/// Dicts that are looked into for state dicts.
const MOST_DICTS: usize = 10_000;

/// Values of a state dict that are no tensors.
const MOST_OBJECTS: usize = 100_000;

/// The longest key on the way to a state dict, in bytes.
const LONGEST_KEY: u32 = 1000;

/// Parts of keys under which other states than a model's are kept.
const OTHER_STATES: [&str; 4] = ["optim", "sched", "scaler", "rng"];

type Items = [(Value, Value)];

/// The state dict of a checkpoint.
#[derive(Debug)]
pub(super) struct Chosen<'m> {
    /// The keys that lead to it, joined by dots; `None`: it is the checkpoint itself.
    pub(super) key: Option<String>,
    /// All state dicts, if there are several.
    pub(super) nested: Vec<NestedDict>,
    pub(super) tensors: Vec<(String, &'m Tensor)>,
    /// Objects under names that tensors could have, each with the name of its class if that is not known here.
    pub(super) objects: Vec<(String, Option<Text>)>,
}

/// The state dict under `key`, or else as mmengine's loader takes it, under `state_dict`; or else, which mmengine does not
/// look for, under `model` or the only key that leads to one. Entries that are neither tensors nor objects are passed over.
pub(super) fn choose<'m>(
    machine: &'m Machine,
    root: Value,
    key: Option<&str>,
) -> Result<Chosen<'m>, Problem> {
    let Some(Object::Dict(items)) = machine.object(root) else {
        let kind = machine.kind(root);
        let advice = if let Value::Foreign(_) = root {
            ADVICE
        } else {
            "a checkpoint is a dict of tensors by name"
        };
        return Err(none(format!("the file holds {kind}; {advice}")));
    };
    let nested = search(machine, root);
    let (key, items) = match key {
        Some(key) => {
            (Some(key.to_owned()).filter(|key| !key.is_empty()), follow(machine, root, key)?)
        }
        None => meant(machine, items, &nested)?,
    };
    let (mut tensors, mut objects) = (Vec::new(), Vec::new());
    for (name, value) in last_values(machine, items) {
        match (machine.object(value), value) {
            (Some(Object::Tensor(tensor)), _) => tensors.push((name.to_owned(), &**tensor)),
            (_, Value::Foreign(class)) => objects.push((name.to_owned(), Some(class))),
            (_, Value::Opaque) => objects.push((name.to_owned(), None)),
            _ => {}
        }
        if objects.len() > MOST_OBJECTS {
            return Err(none(format!("more than {MOST_OBJECTS} of its values are no tensors")));
        }
    }
    if tensors.is_empty() && !items.is_empty() {
        let place = key.map_or_else(|| "the file".to_owned(), |key| format!("'{key}'"));
        let keys = keys(machine, items);
        return Err(none(format!("{place} holds a dict without tensors; {keys}")));
    }
    let mut nested = listed(&nested);
    let path = key.as_deref().unwrap_or_default();
    if !nested.iter().any(|dict| dict.key == path) {
        nested.insert(0, NestedDict { key: path.to_owned(), tensors: tensors.len() });
    }
    if nested.len() == 1 {
        nested.clear();
    }
    Ok(Chosen { key, nested, tensors, objects })
}

fn none(message: String) -> Problem {
    Problem::StateDict { message }
}

/// A dict that was found.
struct Found<'m> {
    path: Vec<Text>,
    items: &'m Items,
    listed: NestedDict,
}

fn listed(found: &[Found<'_>]) -> Vec<NestedDict> {
    found.iter().map(|found| found.listed.clone()).collect()
}

/// The state dict that is meant where no key is given.
fn meant<'m>(
    machine: &'m Machine,
    root: &'m Items,
    nested: &[Found<'m>],
) -> Result<(Option<String>, &'m Items), Problem> {
    match get(machine, root, "state_dict").map(|value| (value, machine.object(value))) {
        Some((_, Some(Object::Dict(items)))) if !holds_dicts_alone(machine, items) => {
            return Ok((Some("state_dict".to_owned()), items));
        }
        Some((object @ Value::Foreign(_), _)) => {
            let kind = machine.kind(object);
            return Err(none(format!("its 'state_dict' is {kind}; {ADVICE}")));
        }
        _ => {}
    }
    if is_state_dict(machine, root) {
        return Ok((None, root));
    }
    let model = get(machine, root, "model").and_then(|value| machine.object(value));
    if let Some(Object::Dict(items)) = model
        && tensors(machine, items) > 0
    {
        return Ok((Some("model".to_owned()), items));
    }
    match nested {
        [] => Ok((None, root)),
        [one] => Ok((Some(one.listed.key.clone()).filter(|_| !one.path.is_empty()), one.items)),
        several => Err(Problem::SeveralStateDicts { found: listed(several) }),
    }
}

/// Whether a dict has dicts where a state dict has tensors.
fn holds_dicts_alone(machine: &Machine, items: &Items) -> bool {
    tensors(machine, items) == 0
        && items.iter().any(|(_, value)| matches!(machine.object(*value), Some(Object::Dict(_))))
}

/// All state dicts below a dict, the dict itself included: those that look like one, or else whatever holds a tensor.
fn search(machine: &Machine, root: Value) -> Vec<Found<'_>> {
    let looks = walk(machine, root, |items| is_state_dict(machine, items));
    if looks.is_empty() { walk(machine, root, |items| tensors(machine, items) > 0) } else { looks }
}

fn walk(machine: &Machine, root: Value, is_meant: impl Fn(&Items) -> bool) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut level = vec![(Vec::new(), root)];
    for _ in 0..=DEEPEST {
        let mut below = Vec::new();
        for (path, value) in level {
            let Some(Object::Dict(items)) = machine.object(value) else { continue };
            if is_meant(items) {
                let keys: Vec<_> = path.iter().map(|key| machine.text(*key)).collect();
                let listed = NestedDict { key: keys.join("."), tensors: tensors(machine, items) };
                found.push(Found { path, items, listed });
                if found.len() == LISTED {
                    return found;
                }
                continue;
            }
            for (key, value) in items {
                let (Value::Text(key), Value::Object(index)) = (*key, *value) else { continue };
                if !matches!(machine.object(*value), Some(Object::Dict(_)))
                    || key.len > LONGEST_KEY
                    || seen.len() == MOST_DICTS
                    || !seen.insert(index)
                {
                    continue;
                }
                let name = machine.text(key).to_ascii_lowercase();
                if !OTHER_STATES.iter().any(|other| name.contains(other)) {
                    below.push(([path.as_slice(), &[key]].concat(), *value));
                }
            }
        }
        level = below;
    }
    found
}

/// Whether a dict looks like a state dict: most of its values are tensors, and not all of them numbers.
fn is_state_dict(machine: &Machine, items: &Items) -> bool {
    let named = items.iter().filter(|(key, _)| matches!(key, Value::Text(_))).count();
    let has_dimensions = items.iter().any(|(key, value)| {
        tensor(machine, *key, *value).is_some_and(|tensor| !tensor.shape.is_empty())
    });
    has_dimensions && 2 * tensors(machine, items) > named
}

fn tensors(machine: &Machine, items: &Items) -> usize {
    items.iter().filter(|(key, value)| tensor(machine, *key, *value).is_some()).count()
}

fn tensor(machine: &Machine, key: Value, value: Value) -> Option<&Tensor> {
    match (key, machine.object(value)) {
        (Value::Text(_), Some(Object::Tensor(tensor))) => Some(tensor),
        _ => None,
    }
}

/// The dict that keys joined by dots lead to. A number is also the number of an item of a list, and a dot also a part of
/// a key.
fn follow<'m>(machine: &'m Machine, root: Value, key: &str) -> Result<&'m Items, Problem> {
    let (mut here, mut rest) = (root, key);
    loop {
        let done = key.get(..key.len() - rest.len()).unwrap_or_default().trim_end_matches('.');
        let place = if done.is_empty() { "the file".to_owned() } else { format!("'{done}'") };
        let kind = machine.kind(here);
        match (machine.object(here), rest) {
            (Some(Object::Dict(items)), "") => return Ok(items),
            (_, "") => {
                let advice = if let Value::Foreign(_) = here {
                    ADVICE
                } else {
                    "a state dict is a dict of tensors"
                };
                return Err(none(format!("{place} is {kind}; {advice}")));
            }
            _ => {}
        }
        // The whole rest first, then as few pieces of it as lead on.
        let ends = std::iter::once(rest.len()).chain(rest.match_indices('.').map(|(end, _)| end));
        let next = ends.take(64).find_map(|end| {
            let piece = rest.get(..end)?;
            Some((child(machine, here, piece)?, rest.get(end + 1..).unwrap_or_default()))
        });
        (here, rest) = next.ok_or_else(|| {
            let keys = match (machine.object(here), here) {
                (Some(Object::Dict(items)), _) => {
                    let names: Vec<_> =
                        last_values(machine, items).map(|(key, _)| key).take(1000).collect();
                    let near = nearest(rest, names)
                        .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
                    format!("{}{near}", keys(machine, items))
                }
                (_, Value::Foreign(_)) => format!("it is {kind}; {ADVICE}"),
                _ => format!("it is {kind}"),
            };
            none(format!("the key '{key}' leads nowhere: {place} has no '{rest}'; {keys}"))
        })?;
    }
}

fn child(machine: &Machine, value: Value, key: &str) -> Option<Value> {
    let number = || key.parse::<i64>().ok();
    match machine.object(value)? {
        Object::Dict(items) => get(machine, items, key).or_else(|| {
            let number = Value::Int(number()?);
            items.iter().rev().find(|(key, _)| *key == number).map(|(_, value)| *value)
        }),
        Object::List(values) => values.get(usize::try_from(number()?).ok()?).copied(),
        Object::Tuple(values) => values.get(usize::try_from(number()?).ok()?).copied(),
        Object::Storage(_) | Object::Tensor(_) => None,
    }
}

/// The last value of a key, as a dict keeps it.
fn get(machine: &Machine, items: &Items, wanted: &str) -> Option<Value> {
    let is_wanted = |key: Value| matches!(key, Value::Text(key) if machine.is(key, wanted));
    items.iter().rev().find(|(key, _)| is_wanted(*key)).map(|(_, value)| *value)
}

/// The values of a dict by their texts, each text once with its last value, in the order of the texts.
fn last_values<'m>(
    machine: &'m Machine,
    items: &'m Items,
) -> impl Iterator<Item = (&'m str, Value)> {
    // A text that is named again is compared by its place: its bytes are looked at once. Numbers of items take little
    // beside the items.
    let key = |item: u32| match items.get(item as usize) {
        Some((Value::Text(key), _)) => Some(*key),
        _ => None,
    };
    let mut texts: Vec<u32> = (0..).take(items.len()).filter(|item| key(*item).is_some()).collect();
    texts.sort_by_key(|item| (key(*item), std::cmp::Reverse(*item)));
    texts.dedup_by_key(|item| key(*item));
    texts.sort_unstable();
    texts.into_iter().filter_map(move |item| {
        let (_, value) = items.get(item as usize)?;
        Some((machine.text(key(item)?), *value))
    })
}

/// The first keys of a dict in words, and what stands there if it is an object.
fn keys(machine: &Machine, items: &Items) -> String {
    let shown: Vec<_> = last_values(machine, items)
        .take(8)
        .map(|(key, value)| match value {
            Value::Foreign(_) => format!("{key} ({})", machine.kind(value)),
            _ => key.to_owned(),
        })
        .collect();
    let has_object = items.iter().any(|(_, value)| matches!(value, Value::Foreign(_)));
    let advice = if has_object { format!("; {ADVICE}") } else { String::new() };
    format!("its keys: {}{advice}", shown.join(", "))
}
