//! The nearest valid name, for messages.

use super::entries::{Entries, Key};
use super::heap::Heap;
use crate::config::meter::Outcome;
use crate::diagnostic::help::with_nearest;

/// Names that are looked at, at most: a message is to help, and not to cost.
const MAX_NAMES: usize = 1000;

/// The longest name that is looked at, in bytes.
const MAX_NAME: usize = 64;

/// The message, with the nearest of the keys if one is near enough.
pub(super) fn missing(
    heap: &Heap,
    message: String,
    name: &str,
    others: &[&str],
    tables: &[&Entries],
) -> Outcome<String> {
    let mut names: Vec<String> = Vec::new();
    if name.len() <= MAX_NAME {
        for entry in tables.iter().flat_map(|table| table.each()).take(MAX_NAMES) {
            heap.step(name.len())?;
            if let (Key::Str(key), _) = entry?
                && key.len() <= MAX_NAME
            {
                names.push(key.to_string());
            }
        }
    }
    let names = others.iter().copied().chain(names.iter().map(String::as_str));
    Ok(with_nearest(message, weight_init_core::nearest(name, names)))
}
