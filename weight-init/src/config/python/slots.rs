//! The elements of a list or tuple, of arguments and of whatever else is gathered, each at its price.

use std::rc::Rc;

use super::object::Object;
use crate::config::meter::{Charge, Meter, Outcome};
use crate::value::Span;

/// An object in a container and where it was written.
#[derive(Clone, Debug)]
pub(in crate::config) struct Slot {
    pub(in crate::config) object: Object,
    pub(in crate::config) span: Span,
}

/// Elements in a row. Their memory is charged before it is allocated, and a step for each element that is put in or read.
#[derive(Debug)]
pub(in crate::config) struct Slots {
    slots: Vec<Slot>,
    charge: Charge,
}

/// Overhead beside the elements.
const SLOTS: usize = size_of::<Slots>() + 32;

impl Slots {
    /// Room for so many; more may be added.
    pub(in crate::config) fn with_capacity(meter: &Rc<Meter>, capacity: usize) -> Outcome<Self> {
        let mut charge = Charge::new(meter);
        charge.take(SLOTS.saturating_add(capacity.saturating_mul(size_of::<Slot>())))?;
        Ok(Self { slots: Vec::with_capacity(capacity), charge })
    }

    /// The elements that are given here, of which there are few.
    pub(in crate::config) fn of<const N: usize>(
        meter: &Rc<Meter>,
        slots: [Slot; N],
    ) -> Outcome<Self> {
        let mut new = Self::with_capacity(meter, N)?;
        for slot in slots {
            new.push(slot)?;
        }
        Ok(new)
    }

    /// Elements of its own.
    pub(in crate::config) fn copy(&self) -> Outcome<Self> {
        let mut new = Self::with_capacity(self.charge.meter(), self.len())?;
        self.charge.meter().step(self.len())?;
        new.slots.clone_from(&self.slots);
        Ok(new)
    }

    pub(in crate::config) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// An element.
    pub(in crate::config) fn get(&self, index: usize) -> Outcome<Option<&Slot>> {
        self.charge.meter().step(1)?;
        Ok(self.slots.get(index))
    }

    /// One element after the other.
    pub(in crate::config) fn each(&self) -> impl Iterator<Item = Outcome<&Slot>> {
        self.slots.iter().map(|slot| self.charge.meter().step(1).map(|()| slot))
    }

    pub(in crate::config) fn push(&mut self, slot: Slot) -> Outcome<()> {
        self.charge.meter().step(1)?;
        self.reserve(1)?;
        self.slots.push(slot);
        Ok(())
    }

    fn reserve(&mut self, more: usize) -> Outcome<()> {
        let (needed, capacity) = (self.len().saturating_add(more), self.slots.capacity());
        if needed > capacity {
            let grown = needed.max(capacity + capacity / 2);
            self.charge.take((grown - capacity).saturating_mul(size_of::<Slot>()))?;
            self.slots.reserve_exact(grown - self.slots.len());
        }
        Ok(())
    }

    /// Puts an element in another's place.
    pub(in crate::config) fn set(&mut self, index: usize, slot: Slot) -> Outcome<()> {
        self.charge.meter().step(1)?;
        if let Some(old) = self.slots.get_mut(index) {
            *old = slot;
        }
        Ok(())
    }

    /// Takes an element out; those behind it move up.
    pub(in crate::config) fn remove(&mut self, index: usize) -> Outcome<Option<Slot>> {
        self.charge.meter().step(1 + self.len().saturating_sub(index))?;
        Ok((index < self.len()).then(|| self.slots.remove(index)))
    }

    /// Puts `new` in the place of elements; those behind them move.
    pub(in crate::config) fn splice(
        &mut self,
        start: usize,
        count: usize,
        new: impl IntoIterator<Item = Slot>,
    ) -> Outcome<()> {
        let start = start.min(self.len());
        let end = start.saturating_add(count).min(self.len());
        self.charge.meter().step(1 + self.len() - start)?;
        let new = new.into_iter();
        self.reserve(new.size_hint().0)?;
        self.slots.splice(start..end, new);
        Ok(())
    }

    pub(in crate::config) fn clear(&mut self) {
        self.slots.clear();
    }

    pub(in crate::config) fn reverse(&mut self) -> Outcome<()> {
        self.charge.meter().step(self.len())?;
        self.slots.reverse();
        Ok(())
    }

    /// Gives back the room that is not used.
    pub(in crate::config) fn shrink(&mut self) {
        self.charge.give((self.slots.capacity() - self.len()) * size_of::<Slot>());
        self.slots.shrink_to_fit();
    }
}

impl IntoIterator for Slots {
    type Item = Slot;
    type IntoIter = std::vec::IntoIter<Slot>;

    /// The elements, which were paid for when they were put in.
    fn into_iter(self) -> Self::IntoIter {
        self.slots.into_iter()
    }
}
