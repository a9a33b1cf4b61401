//! Where containers live while a config is evaluated.

use std::collections::VecDeque;
use std::rc::Rc;

use ruff_python_ast::{Expr, Parameters, Stmt};

use super::entries::{Entries, Key, Keys};
use super::object::{Object, Range};
use super::slots::{Slot, Slots};
use super::text::{Buffer, Str};
use crate::config::meter::{Level, Meter, Outcome, fault};
use crate::value::Span;

/// All containers of one evaluation. None is freed before its end, so an id never dangles, and cycles do no harm.
///
/// What a container holds is shared between it, its copies and whoever walks it: a change is made in place where nobody
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
}

macro_rules! ids {
    ($($name:ident),*) => {
        $(
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(in crate::config) struct $name(u32);
        )*
    };
}

ids!(ListId, DictId, SetId, IterId, FunctionId, ScopeId);

#[derive(Clone, Debug)]
pub(in crate::config) struct Dict {
    pub(in crate::config) entries: Rc<Entries>,
    /// mmengine's `ConfigDict`: what comes out of a base. Its keys are attributes, and `update` merges.
    pub(in crate::config) config: bool,
}

/// A function of the config.
#[derive(Debug)]
pub(in crate::config) struct Function {
    pub(in crate::config) parameters: Parameters,
    /// One for each parameter, as they were when the function was defined: those before the stars, then those by name.
    pub(in crate::config) defaults: Vec<Option<Object>>,
    pub(in crate::config) body: Body,
    pub(in crate::config) scope: ScopeId,
    /// Which text it stands in.
    pub(in crate::config) file: usize,
}

#[derive(Debug)]
pub(in crate::config) enum Body {
    Statements(Vec<Stmt>),
    Expression(Expr),
}

/// Names of a module, of a call or of a comprehension.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Scope {
    pub(in crate::config) names: DictId,
    pub(in crate::config) outer: Option<ScopeId>,
}

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

/// What an id and the head of its container take.
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

    /// A name of other code.
    pub(in crate::config) fn opaque(&self, name: &str) -> Outcome<Object> {
        Ok(Object::Opaque(self.text(name)?))
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

    pub(in crate::config) fn dict(&mut self, entries: Entries, config: bool) -> Outcome<DictId> {
        self.share_dict(Dict { entries: Rc::new(entries), config })
    }

    /// Another dict of the same entries, until one of the two is changed.
    pub(in crate::config) fn share_dict(&mut self, dict: Dict) -> Outcome<DictId> {
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

    pub(in crate::config) fn function(&mut self, function: Function) -> Outcome<Object> {
        self.meter.take(size_of::<Function>())?;
        self.functions.push(Rc::new(function));
        Ok(Object::Function(FunctionId(index(self.functions.len()))))
    }

    pub(in crate::config) fn scope(&mut self, outer: Option<ScopeId>) -> Outcome<ScopeId> {
        let names = self.entries()?;
        let names = self.dict(names, false)?;
        self.meter.take(size_of::<Scope>())?;
        self.scopes.push(Scope { names, outer });
        Ok(ScopeId(index(self.scopes.len())))
    }

    /// The names of a scope, all of them.
    pub(in crate::config) fn set_names(&mut self, id: ScopeId, names: Entries) {
        let id = self.get_scope(id).names;
        self.dicts[id.0 as usize].entries = Rc::new(names);
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
        self.dicts[id.0 as usize].config
    }

    /// The entries of a dict, to be changed.
    pub(in crate::config) fn entries_mut(&mut self, id: DictId) -> Outcome<&mut Entries> {
        own(&mut self.dicts[id.0 as usize].entries, Entries::copy)
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

    pub(in crate::config) fn get_function(&self, id: FunctionId) -> Rc<Function> {
        Rc::clone(&self.functions[id.0 as usize])
    }

    pub(in crate::config) fn get_scope(&self, id: ScopeId) -> Scope {
        self.scopes[id.0 as usize]
    }

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

    /// What was made a key.
    pub(in crate::config) fn key_object(&mut self, key: &Key) -> Outcome<Object> {
        self.meter.step(1)?;
        Ok(match key {
            Key::None => Object::None,
            Key::Bool(bool) => Object::Bool(*bool),
            Key::Int(int) => Object::Int(*int),
            Key::Float(bits) => Object::Float(f64::from_bits(*bits)),
            Key::Str(text) => Object::Str(text.clone()),
            Key::Opaque(name) => Object::Opaque(name.clone()),
            Key::Tuple(tuple) => {
                let _level = self.level()?;
                let mut slots = Slots::with_capacity(&self.meter, tuple.keys().len())?;
                for key in tuple.keys() {
                    slots.push(Slot { object: self.key_object(key)?, span: Span::default() })?;
                }
                self.tuple(slots)?
            }
        })
    }

    /// The object as a key of a dict or an element of a set.
    pub(in crate::config) fn key(&self, object: &Object) -> Outcome<Key> {
        self.key_at(object, 0)
    }

    fn key_at(&self, object: &Object, depth: usize) -> Outcome<Key> {
        Ok(match object {
            Object::None => Key::None,
            Object::Bool(bool) => Key::Bool(*bool),
            Object::Int(int) => Key::Int(*int),
            Object::Float(float) => Key::Float(float.to_bits()),
            Object::Str(text) => Key::Str(text.clone()),
            Object::Opaque(name) => Key::Opaque(name.clone()),
            Object::Tuple(_) if depth > MAX_KEY_DEPTH => {
                return fault("a key of tuples nested deeper than 8 levels");
            }
            Object::Tuple(id) => {
                let _level = self.level()?;
                let items = self.items(*id);
                let keys = items.each().map(|slot| self.key_at(&slot?.object, depth + 1));
                Key::tuple(&self.meter, items.len(), keys)?
            }
            other => return fault(format!("a {} cannot be a key", other.type_name())),
        })
    }
}

/// Tuples inside each other in a key, at most.
const MAX_KEY_DEPTH: usize = 8;

/// The index of what was pushed last; memory runs out long before the numbers do.
fn index(len: usize) -> u32 {
    u32::try_from(len - 1).unwrap_or(u32::MAX)
}

/// What an id shares with nobody, by a copy if need be.
fn own<T>(shared: &mut Rc<T>, copy: fn(&T) -> Outcome<T>) -> Outcome<&mut T> {
    if Rc::get_mut(shared).is_none() {
        *shared = Rc::new(copy(shared)?);
    }
    match Rc::get_mut(shared) {
        Some(own) => Ok(own),
        None => fault("what is being walked cannot be changed"),
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
