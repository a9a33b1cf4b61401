use std::collections::HashMap;

use super::Value;

/// The values that a pickle has kept by number. Picklers count from zero on; other numbers are kept apart.
#[derive(Debug, Default)]
pub(super) struct Memo {
    counted: Vec<Value>,
    others: HashMap<u32, Value>,
}

impl Memo {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn len(&self) -> usize {
        self.counted.len() + self.others.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<Value> {
        self.counted.get(number as usize).or_else(|| self.others.get(&number)).copied()
    }

    /// Keeps a value; the bytes of memory that it took.
    pub(super) fn put(&mut self, number: u32, value: Value) -> usize {
        let index = number as usize;
        if let Some(known) = self.counted.get_mut(index) {
            *known = value;
            0
        } else if index == self.counted.len() && self.others.is_empty() {
            self.counted.push(value);
            2 * size_of::<Value>()
        } else {
            self.others.insert(number, value).map_or(64, |_| 0)
        }
    }
}
