//! Where containers live while a config is evaluated.

mod key;
mod scope;
mod walk;

use std::collections::VecDeque;
use std::rc::Rc;

pub(in crate::config) use self::scope::{Body, Class, Function, Scope, ScopeKind};
pub(in crate::config) use self::walk::Walk;
use super::entries::{Entries, Key, Keys};
use super::object::{Object, Origin};
use super::slots::{Slot, Slots};
use super::text::{Buffer, Str};
use crate::config::meter::{Level, Meter, Outcome, fault};
use crate::value::Span;

/// All containers of one evaluation. None is freed before its end, so an id never dangles, and cycles do no harm.
///
/// The content of a container is shared by it, its copies and its iterators: a change is made in place where nobody
/// shares it, and in a copy otherwise.
#[derive(Debug)]
pub(in crate::config) struct Heap {
    meter: Rc<Meter>,
    lists: Vec<Rc<Slots>>,
    dicts: Vec<Dict>,
    sets: Vec<Rc<Keys>>,
    iters: Vec<VecDeque<Slot>>,
    functions: Vec<Rc<Function>>,
    scopes: Vec<Scope>,
    classes: Vec<Rc<Class>>,
}

macro_rules! ids {
    ($($name:ident),*) => {
        $(
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(in crate::config) struct $name(u32);
        )*
    };
}

ids!(ListId, DictId, SetId, IterId, FunctionId, ScopeId, ClassId);

#[derive(Clone, Debug)]
pub(in crate::config) struct Dict {
    pub(in crate::config) entries: Rc<Entries>,
    pub(in crate::config) kind: DictKind,
}

/// How a dict behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum DictKind {
    /// Python's own.
    Plain,
    /// mmengine's `ConfigDict`: what comes out of a base. Its keys are attributes, and `update` merges.
    Config,
    /// The names of a scope, as `locals()` and `globals()` give them: they are bound by statements alone.
    Names,
}

/// Memory of an id and the head of its container.
const HEAD: usize = 48;

impl Heap {
    pub(in crate::config) fn new(meter: &Rc<Meter>) -> Self {
        Self {
            meter: Rc::clone(meter),
            lists: Vec::new(),
            dicts: Vec::new(),
            sets: Vec::new(),
            iters: Vec::new(),
            functions: Vec::new(),
            scopes: Vec::new(),
            classes: Vec::new(),
        }
    }

    pub(in crate::config) const fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }

    /// Counts work before it is done.
    pub(in crate::config) fn step(&self, count: usize) -> Outcome<()> {
        self.meter.step(count)
    }

    /// One level deeper into values that stand inside each other, until the guard is dropped.
    pub(in crate::config) fn level(&self) -> Outcome<Level> {
        self.meter.step(1)?;
        self.meter.level()
    }

    pub(in crate::config) fn text(&self, text: &str) -> Outcome<Str> {
        Str::new(&self.meter, text)
    }

    pub(in crate::config) fn string(&self, text: &str) -> Outcome<Object> {
        Ok(Object::Str(self.text(text)?))
    }

    /// A name of other code, which is equal to itself alone where the config is a lazy one.
    pub(in crate::config) fn opaque(&self, name: &str, origin: Origin) -> Outcome<Object> {
        Ok(Object::Opaque(self.text(name)?, origin))
    }

    /// A member of Python's library that is not evaluated.
    pub(in crate::config) fn unevaluated(&self, name: &str) -> Outcome<Object> {
        Ok(Object::Unevaluated(self.text(name)?))
    }

    pub(in crate::config) fn name(&self, name: &str) -> Outcome<Key> {
        Ok(Key::Str(self.text(name)?))
    }

    /// An empty string to be added to.
    pub(in crate::config) fn buffer(&self) -> Buffer {
        Buffer::new(&self.meter)
    }

    /// No elements yet.
    pub(in crate::config) fn slots(&self) -> Outcome<Slots> {
        Slots::with_capacity(&self.meter, 0)
    }

    /// No entries yet.
    pub(in crate::config) fn entries(&self) -> Outcome<Entries> {
        Entries::new(&self.meter)
    }

    pub(in crate::config) fn list(&mut self, slots: Slots) -> Outcome<Object> {
        Ok(Object::List(self.list_id(slots)?))
    }

    pub(in crate::config) fn tuple(&mut self, slots: Slots) -> Outcome<Object> {
        Ok(Object::Tuple(self.list_id(slots)?))
    }

    /// A tuple of two.
    pub(in crate::config) fn pair(&mut self, first: Slot, second: Slot) -> Outcome<Object> {
        let slots = Slots::of(&self.meter, [first, second])?;
        self.tuple(slots)
    }

    /// The number of a new list.
    pub(in crate::config) fn list_id(&mut self, mut slots: Slots) -> Outcome<ListId> {
        slots.shrink();
        self.share_list(Rc::new(slots))
    }

    /// Another list of the same elements, until one of the two is changed.
    pub(in crate::config) fn share_list(&mut self, slots: Rc<Slots>) -> Outcome<ListId> {
        self.meter.take(HEAD)?;
        self.lists.push(slots);
        Ok(ListId(index(self.lists.len())))
    }

    pub(in crate::config) fn dict(&mut self, entries: Entries, kind: DictKind) -> Outcome<DictId> {
        self.meter.take(HEAD)?;
        self.dicts.push(Dict { entries: Rc::new(entries), kind });
        Ok(DictId(index(self.dicts.len())))
    }

    /// Another dict of the same entries, until one of the two is changed; a copy of names is Python's own.
    pub(in crate::config) fn share_dict(&mut self, mut dict: Dict) -> Outcome<DictId> {
        if dict.kind == DictKind::Names {
            dict.kind = DictKind::Plain;
        }
        self.meter.take(HEAD)?;
        self.dicts.push(dict);
        Ok(DictId(index(self.dicts.len())))
    }

    pub(in crate::config) fn set(&mut self, keys: Keys) -> Outcome<Object> {
        self.share_set(Rc::new(keys))
    }

    /// Another set of the same elements.
    pub(in crate::config) fn share_set(&mut self, keys: Rc<Keys>) -> Outcome<Object> {
        self.meter.take(HEAD)?;
        self.sets.push(keys);
        Ok(Object::Set(SetId(index(self.sets.len()))))
    }

    /// A set of the elements of anything that can be walked.
    pub(in crate::config) fn set_of(&mut self, mut walk: Walk) -> Outcome<Object> {
        let mut keys = Keys::new(&self.meter)?;
        while let Some(slot) = walk.next(self)? {
            keys.insert(self.key(&slot.object)?)?;
        }
        self.set(keys)
    }

    pub(in crate::config) fn iter(&mut self, slots: Slots) -> Outcome<Object> {
        let count = slots.len();
        self.meter.take(HEAD + count.saturating_mul(size_of::<Slot>()))?;
        self.iters.push(slots.into_iter().collect());
        Ok(Object::Iter(IterId(index(self.iters.len()))))
    }

    /// The next element of an iterator, which has it no longer.
    pub(in crate::config) fn next(&mut self, id: IterId) -> Outcome<Option<Slot>> {
        self.meter.step(1)?;
        Ok(self.iters[id.0 as usize].pop_front())
    }

    /// The elements of a list or tuple.
    pub(in crate::config) fn items(&self, id: ListId) -> Rc<Slots> {
        Rc::clone(&self.lists[id.0 as usize])
    }

    /// How many elements a list or tuple has.
    pub(in crate::config) fn len(&self, id: ListId) -> usize {
        self.lists[id.0 as usize].len()
    }

    /// The elements of a list, to be changed.
    pub(in crate::config) fn items_mut(&mut self, id: ListId) -> Outcome<&mut Slots> {
        own(&mut self.lists[id.0 as usize], Slots::copy)
    }

    /// Other elements for a list.
    pub(in crate::config) fn set_items(&mut self, id: ListId, mut slots: Slots) {
        slots.shrink();
        self.lists[id.0 as usize] = Rc::new(slots);
    }

    /// The entries of a dict, and which kind of dict it is.
    pub(in crate::config) fn get_dict(&self, id: DictId) -> Dict {
        self.dicts[id.0 as usize].clone()
    }

    /// The entries of a dict.
    pub(in crate::config) fn entries_of(&self, id: DictId) -> Rc<Entries> {
        Rc::clone(&self.dicts[id.0 as usize].entries)
    }

    /// Whether a dict is mmengine's.
    pub(in crate::config) fn is_config(&self, id: DictId) -> bool {
        self.dicts[id.0 as usize].kind == DictKind::Config
    }

    /// The entries of a dict, to be changed by a method or an assignment of the config.
    pub(in crate::config) fn entries_mut(&mut self, id: DictId) -> Outcome<&mut Entries> {
        if self.dicts[id.0 as usize].kind == DictKind::Names {
            return fault(
                "locals() and globals() are for reading in a config: assign to the name itself",
            );
        }
        self.names_mut(id)
    }

    /// The names of a scope, to be bound or deleted.
    pub(in crate::config) fn names_mut(&mut self, id: DictId) -> Outcome<&mut Entries> {
        own(&mut self.dicts[id.0 as usize].entries, Entries::copy)
    }

    /// Other entries for a dict.
    pub(in crate::config) fn set_entries(&mut self, id: DictId, entries: Entries) {
        self.dicts[id.0 as usize].entries = Rc::new(entries);
    }

    /// The value of a key.
    pub(in crate::config) fn get(&self, id: DictId, key: &Key) -> Outcome<Option<Slot>> {
        Ok(self.dicts[id.0 as usize].entries.get(key)?.map(|entry| entry.slot.clone()))
    }

    /// The value of a name.
    pub(in crate::config) fn named(&self, id: DictId, name: &str) -> Outcome<Option<Slot>> {
        Ok(self.dicts[id.0 as usize].entries.named(name)?.map(|entry| entry.slot.clone()))
    }

    /// Sets a key; one that is there keeps its place in the order.
    pub(in crate::config) fn insert(
        &mut self,
        id: DictId,
        key: Key,
        key_span: Span,
        slot: Slot,
    ) -> Outcome<()> {
        self.entries_mut(id)?.insert(key, key_span, slot)?;
        Ok(())
    }

    /// The elements of a set.
    pub(in crate::config) fn keys_of(&self, id: SetId) -> Rc<Keys> {
        Rc::clone(&self.sets[id.0 as usize])
    }

    /// The elements of a set, to be changed.
    pub(in crate::config) fn keys_mut(&mut self, id: SetId) -> Outcome<&mut Keys> {
        own(&mut self.sets[id.0 as usize], Keys::copy)
    }
}

/// The index of what was pushed last; memory runs out long before the numbers do.
fn index(len: usize) -> u32 {
    u32::try_from(len - 1).unwrap_or(u32::MAX)
}

/// Content that an id shares with nobody, by a copy if need be.
fn own<T>(shared: &mut Rc<T>, copy: fn(&T) -> Outcome<T>) -> Outcome<&mut T> {
    if Rc::get_mut(shared).is_none() {
        *shared = Rc::new(copy(shared)?);
    }
    match Rc::get_mut(shared) {
        Some(own) => Ok(own),
        None => fault("what is being walked cannot be changed"),
    }
}
