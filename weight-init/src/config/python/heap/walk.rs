//! Walking over the elements of containers.

use std::rc::Rc;

use super::super::entries::{Entries, Keys};
use super::super::object::{Object, Range};
use super::super::slots::{Slot, Slots};
use super::super::text::Str;
use super::{Heap, IterId};
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// A walk over the elements of anything that `for` can walk. Each costs a step; a container that is changed meanwhile
/// is walked as it was.
#[derive(Debug)]
pub(in crate::config) struct Walk {
    over: Over,
    at: usize,
    span: Span,
}

#[derive(Debug)]
enum Over {
    Slots(Rc<Slots>),
    Entries(Rc<Entries>),
    Keys(Rc<Keys>),
    Chars(Str),
    Range(Rc<Range>),
    Iter(IterId),
}

impl Heap {
    /// A walk over the elements of anything that `for` can walk; those without a place of their own get `span`.
    pub(in crate::config) fn walk(&self, object: &Object, span: Span) -> Outcome<Walk> {
        let over = match object {
            Object::List(id) | Object::Tuple(id) => Over::Slots(self.items(*id)),
            Object::Dict(id) => Over::Entries(self.entries_of(*id)),
            Object::Set(id) => Over::Keys(self.keys_of(*id)),
            Object::Str(text) => Over::Chars(text.clone()),
            Object::Range(range) => Over::Range(Rc::clone(range)),
            Object::Iter(id) => Over::Iter(*id),
            other => return fault(format!("a {} cannot be iterated over", other.type_name())),
        };
        Ok(Walk { over, at: 0, span })
    }

    /// The elements of anything that `for` can walk, all at once.
    pub(in crate::config) fn elements(&mut self, object: &Object, span: Span) -> Outcome<Slots> {
        let mut walk = self.walk(object, span)?;
        let mut slots = Slots::with_capacity(&self.meter, walk.least(self))?;
        while let Some(slot) = walk.next(self)? {
            slots.push(slot)?;
        }
        Ok(slots)
    }
}

impl Walk {
    /// How many elements there are left, if that is known; a text has fewer than it has bytes.
    fn least(&self, heap: &Heap) -> usize {
        let count = match &self.over {
            Over::Slots(slots) => slots.len(),
            Over::Entries(entries) => entries.len(),
            Over::Keys(keys) => keys.len(),
            Over::Range(range) => usize::try_from(range.len()).unwrap_or(usize::MAX),
            Over::Iter(id) => heap.iters[id.0 as usize].len(),
            Over::Chars(_) => 0,
        };
        count.saturating_sub(self.at)
    }

    /// The next element.
    pub(in crate::config) fn next(&mut self, heap: &mut Heap) -> Outcome<Option<Slot>> {
        let at = self.at;
        let span = self.span;
        let next = match &self.over {
            Over::Slots(slots) => slots.get(at)?.cloned(),
            Over::Entries(entries) => match entries.at(at)? {
                Some((key, entry)) => {
                    Some(Slot { object: heap.key_object(key)?, span: entry.key_span })
                }
                None => None,
            },
            Over::Keys(keys) => match keys.at(at)? {
                Some(key) => Some(Slot { object: heap.key_object(key)?, span }),
                None => None,
            },
            Over::Chars(text) => match text.char_at(at) {
                Some(c) => {
                    self.at += c.len_utf8();
                    let object = heap.string(c.encode_utf8(&mut [0; 4]))?;
                    return Ok(Some(Slot { object, span }));
                }
                None => None,
            },
            Over::Range(range) => {
                heap.step(1)?;
                ((at as u128) < range.len()).then(|| Slot { object: range.get(at), span })
            }
            Over::Iter(id) => return heap.next(*id),
        };
        self.at += 1;
        Ok(next)
    }
}
