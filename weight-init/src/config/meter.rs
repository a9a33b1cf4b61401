//! Limits on the time and memory that reading a config takes, and the one place where both are counted.
//!
//! A config is hostile input: a line of it can ask for more memory than the machine has, or for work without end. So
//! every reader works against a [`Meter`], which knows two limits and grows them with the bytes that are read:
//!
//! - **Memory.** Bytes are charged before they are allocated. A [`Charge`] holds what was taken and gives it back when
//!   it is dropped, so the meter knows what is alive.
//! - **Work.** Steps are charged where work is done: one for each element that is visited or copied, one for each
//!   [`STRIDE`] bytes of text that are looked at, hashed, compared or copied.
//!
//! No operation of a Python config can forget its share, because the values have no other door. A string
//! ([`Str`](super::python::text::Str)) is made by a [`Buffer`](super::python::text::Buffer) alone, which charges each
//! piece before it grows, and its text is seen through `read`, which charges the look. Elements of lists, dicts and sets
//! stand in [`Slots`](super::python::slots::Slots), [`Entries`](super::python::entries::Entries) and
//! [`Keys`](super::python::entries::Keys), which charge for each element that is put in, found or passed. A copy of a
//! container is a second handle of the same elements until one of the two is changed, and is charged then.
//!
//! Recursion over values goes through [`Meter::level`], the same guard everywhere: comparison, copies, `repr`, keys,
//! merging and `update` stop at [`MAX_DEPTH`] levels, cycles included.
//!
//! The readers of JSON, TOML and YAML charge each value of the tree that they make, and, where a parser keeps tokens or a
//! tree of its own, a bound of what that takes, before it begins.

use std::cell::Cell;
use std::rc::Rc;

use super::MAX_DEPTH;

/// The time and memory that one config may still take.
#[derive(Debug)]
pub(super) struct Meter {
    steps: Cell<u64>,
    max_steps: Cell<u64>,
    bytes: Cell<usize>,
    max_bytes: Cell<usize>,
    level: Cell<usize>,
}

/// Steps that a config of any size may take.
const STEPS: u64 = 10_000_000;

/// Steps that each byte of the config adds.
const STEPS_A_BYTE: u64 = 8;

/// Bytes of memory that a config of any size may take. With what the process itself holds, 64 MiB are not passed.
const BYTES: usize = 44 << 20;

/// Bytes of memory that each byte of the config adds.
const BYTES_A_BYTE: usize = 18;

/// Bytes of text that are one step of work.
pub(super) const STRIDE: usize = 32;

/// Why an operation cannot be carried out; its place is added by who knows it.
#[derive(Debug)]
pub(in crate::config) struct Fault(pub(in crate::config) String);

pub(in crate::config) type Outcome<T> = Result<T, Fault>;

/// An early end with a message.
#[cold]
pub(in crate::config) fn fault<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Fault(message.into()))
}

impl Meter {
    /// A meter for texts of so many bytes.
    pub(super) fn new(len: usize) -> Rc<Self> {
        let meter = Self {
            steps: Cell::new(0),
            max_steps: Cell::new(STEPS),
            bytes: Cell::new(0),
            max_bytes: Cell::new(BYTES),
            level: Cell::new(0),
        };
        meter.admit(len);
        Rc::new(meter)
    }

    /// Raises the limits for `len` bytes more that the config is made of.
    pub(super) fn admit(&self, len: usize) {
        let steps = STEPS_A_BYTE.saturating_mul(len as u64);
        self.max_steps.set(self.max_steps.get().saturating_add(steps));
        let bytes = BYTES_A_BYTE.saturating_mul(len);
        self.max_bytes.set(self.max_bytes.get().saturating_add(bytes));
    }

    /// Counts work before it is done.
    pub(super) fn step(&self, count: usize) -> Outcome<()> {
        let steps = self.steps.get().saturating_add(count as u64);
        self.steps.set(steps);
        let max = self.max_steps.get();
        if steps > max {
            return fault(format!("the config takes more than {max} steps to evaluate"));
        }
        Ok(())
    }

    /// Counts the look at so many bytes of text.
    pub(super) fn look(&self, bytes: usize) -> Outcome<()> {
        self.step(1 + bytes / STRIDE)
    }

    /// Counts memory before it is taken, for good.
    pub(super) fn take(&self, bytes: usize) -> Outcome<()> {
        let taken = self.bytes.get().saturating_add(bytes);
        let max = self.max_bytes.get();
        if taken > max {
            return fault(format!("the config takes more than {} MiB to read", max >> 20));
        }
        self.bytes.set(taken);
        Ok(())
    }

    fn give(&self, bytes: usize) {
        self.bytes.set(self.bytes.get().saturating_sub(bytes));
    }

    /// One level deeper into values that stand inside each other, until the guard is dropped.
    pub(super) fn level(self: &Rc<Self>) -> Outcome<Level> {
        let level = self.level.get();
        if level > MAX_DEPTH {
            return fault(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.level.set(level + 1);
        Ok(Level(Rc::clone(self)))
    }
}

/// Memory that is given back when this is dropped.
#[derive(Debug)]
pub(in crate::config) struct Charge {
    meter: Rc<Meter>,
    bytes: usize,
}

impl Charge {
    /// An empty account.
    pub(super) fn new(meter: &Rc<Meter>) -> Self {
        Self { meter: Rc::clone(meter), bytes: 0 }
    }

    pub(super) const fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }

    /// Takes more.
    pub(super) fn take(&mut self, bytes: usize) -> Outcome<()> {
        self.meter.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives back a part.
    pub(super) fn give(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.meter.give(bytes);
        self.bytes -= bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.meter.give(self.bytes);
    }
}

/// A level of values inside each other; see [`Meter::level`].
#[derive(Debug)]
pub(in crate::config) struct Level(Rc<Meter>);

impl Drop for Level {
    fn drop(&mut self) {
        self.0.level.set(self.0.level.get().saturating_sub(1));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let meter = Meter::new(0);
        for _ in 0..1000 {
            let mut charge = Charge::new(&meter);
            charge.take(BYTES / 2).unwrap();
            assert!(charge.take(BYTES).is_err());
            charge.give(1);
        }
        assert_eq!(meter.bytes.get(), 0);
        meter.take(BYTES).unwrap();
        assert!(meter.take(1).is_err());
        meter.admit(1);
        meter.take(BYTES_A_BYTE).unwrap();
    }

    #[test]
    fn work_ends() {
        let meter = Meter::new(1);
        meter.step((STEPS + STEPS_A_BYTE) as usize).unwrap();
        assert!(meter.look(0).is_err());
        assert!(meter.step(usize::MAX).is_err());
    }

    #[test]
    fn levels_end_and_begin_anew() {
        let meter = Meter::new(0);
        let levels: Vec<_> = std::iter::from_fn(|| meter.level().ok()).take(10_000).collect();
        assert_eq!(levels.len(), MAX_DEPTH + 1);
        drop(levels);
        assert!(meter.level().is_ok());
    }
}
