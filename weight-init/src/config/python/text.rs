//! Strings of a config, whose every look and every copy is charged.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use crate::config::meter::{Charge, Meter, Outcome, fault};

/// A string. It is made by a [`Buffer`], and its text is seen through [`read`](Self::read).
#[derive(Clone, Debug)]
pub(in crate::config) struct Str(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Box<str>,
    charge: Charge,
}

/// Overhead of a string beside its text.
const STR: usize = size_of::<Inner>() + 48;

/// Bytes of a string that an operation makes, at most.
pub(super) const MAX_STRING: usize = 16 << 20;

impl Str {
    /// A copy of a text.
    pub(in crate::config) fn new(meter: &Rc<Meter>, text: &str) -> Outcome<Self> {
        meter.look(text.len())?;
        let mut charge = Charge::new(meter);
        charge.take(STR + text.len())?;
        Ok(Self(Rc::new(Inner { text: Box::from(text), charge })))
    }

    /// Bytes of the text.
    pub(in crate::config) fn len(&self) -> usize {
        self.0.text.len()
    }

    pub(in crate::config) fn is_empty(&self) -> bool {
        self.0.text.is_empty()
    }

    /// The text, at the price of a look at each of its bytes.
    pub(in crate::config) fn read(&self) -> Outcome<&str> {
        self.0.charge.meter().look(self.len())?;
        Ok(&self.0.text)
    }

    /// The text, for messages.
    pub(super) fn plain(&self) -> &str {
        &self.0.text
    }

    /// The character that begins at a byte.
    pub(in crate::config) fn char_at(&self, at: usize) -> Option<char> {
        self.0.text.get(at..)?.chars().next()
    }

    /// Whether it is this text.
    pub(in crate::config) fn is(&self, text: &str) -> bool {
        &*self.0.text == text
    }

    /// Whether it is the very same string, and not another one of the same text.
    pub(in crate::config) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(in crate::config) fn starts_with(&self, prefix: &str) -> bool {
        self.0.text.starts_with(prefix)
    }
}

/// The text, for messages.
impl std::fmt::Display for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Eq for Str {}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

/// A string that is being made.
#[derive(Debug)]
pub(in crate::config) struct Buffer {
    text: String,
    charge: Charge,
}

impl Buffer {
    pub(in crate::config) fn new(meter: &Rc<Meter>) -> Self {
        Self { text: String::new(), charge: Charge::new(meter) }
    }

    /// Adds a text.
    pub(in crate::config) fn push_str(&mut self, text: &str) -> Outcome<()> {
        self.charge.meter().look(text.len())?;
        self.reserve(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    /// Adds a text so many times.
    pub(in crate::config) fn repeat(&mut self, text: &str, count: usize) -> Outcome<()> {
        let bytes = text.len().saturating_mul(count);
        self.charge.meter().look(bytes)?;
        self.reserve(bytes)?;
        if bytes == 0 {
            return Ok(());
        }
        let start = self.text.len();
        self.text.push_str(text);
        // Doubled as often as it fits, for a piece at a time takes far longer than the step of a stride.
        let mut made = text.len();
        while made < bytes {
            let more = made.min(bytes - made);
            self.text.extend_from_within(start..start + more);
            made += more;
        }
        Ok(())
    }

    /// Adds a character.
    pub(in crate::config) fn push(&mut self, c: char) -> Outcome<()> {
        self.charge.meter().step(1)?;
        self.reserve(c.len_utf8())?;
        self.text.push(c);
        Ok(())
    }

    pub(in crate::config) fn clear(&mut self) {
        self.text.clear();
    }

    fn reserve(&mut self, more: usize) -> Outcome<()> {
        let needed = self.text.len().saturating_add(more);
        if needed > MAX_STRING {
            return fault(format!("a string of more than {} MiB", MAX_STRING >> 20));
        }
        let capacity = self.text.capacity();
        if needed > capacity {
            let grown = needed.max(capacity + capacity / 2).max(16);
            self.charge.take(grown - capacity)?;
            self.text.reserve_exact(grown - self.text.len());
        }
        Ok(())
    }

    /// The string.
    pub(in crate::config) fn finish(self) -> Outcome<Str> {
        let Self { text, mut charge } = self;
        charge.take(STR)?;
        charge.give(text.capacity() - text.len());
        Ok(Str(Rc::new(Inner { text: text.into_boxed_str(), charge })))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn strings_cost_what_they_hold_while_they_live() {
        let meter = Meter::new(0);
        let long = "a".repeat(MAX_STRING);
        for _ in 0..8 {
            let mut buffer = Buffer::new(&meter);
            buffer.push_str(&long).unwrap();
            assert!(buffer.push('b').is_err());
            assert_eq!(buffer.finish().unwrap().len(), MAX_STRING);
        }
        let mut kept = Vec::new();
        while let Ok(text) = Str::new(&meter, &long) {
            kept.push(text);
        }
        assert_eq!(kept.len(), 2);
    }
}
