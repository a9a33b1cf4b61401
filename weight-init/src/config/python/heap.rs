//! Where containers live while a config is evaluated, and what they may cost.

use std::collections::VecDeque;
use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};
use ruff_python_ast::{Expr, Parameters, Stmt};

use super::object::{Object, Range};
use crate::value::Span;

/// All containers of one evaluation. Nothing is freed before its end, so an id never dangles, cycles do no harm, and
/// what was taken in all bounds the memory.
#[derive(Debug, Default)]
pub(in crate::config) struct Heap {
    lists: Vec<Vec<Slot>>,
    dicts: Vec<Dict>,
    sets: Vec<IndexSet<Key>>,
    iters: Vec<VecDeque<Slot>>,
    functions: Vec<Rc<Function>>,
    scopes: Vec<Scope>,
    memory: usize,
    steps: u64,
}

/// Bytes that the objects of one evaluation may take in all.
const MAX_MEMORY: usize = 256 << 20;

/// Steps of one evaluation: an expression, a statement, an element that is looked at.
const MAX_STEPS: u64 = 10_000_000;

macro_rules! ids {
    ($($name:ident),*) => {
        $(
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(in crate::config) struct $name(u32);
        )*
    };
}

ids!(ListId, DictId, SetId, IterId, FunctionId, ScopeId);

/// An object in a container and where it was written.
#[derive(Clone, Debug)]
pub(in crate::config) struct Slot {
    pub(in crate::config) object: Object,
    pub(in crate::config) span: Span,
}

/// What may be a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::config) enum Key {
    None,
    Bool(bool),
    Int(i128),
    /// The bits of a float.
    Float(u64),
    Str(Rc<str>),
    Tuple(Vec<Self>),
    Opaque(Rc<str>),
}

/// The value of a key, and where the key was written.
#[derive(Clone, Debug)]
pub(in crate::config) struct DictEntry {
    pub(in crate::config) key_span: Span,
    pub(in crate::config) slot: Slot,
}

#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Dict {
    pub(in crate::config) entries: IndexMap<Key, DictEntry>,
    /// mmengine's `ConfigDict`: what comes out of a base. Its keys are attributes, and `update` merges.
    pub(in crate::config) config: bool,
}

/// A function of the config.
#[derive(Debug)]
pub(in crate::config) struct Function {
    pub(in crate::config) parameters: Parameters,
    /// By name, as they were when the function was defined.
    pub(in crate::config) defaults: Vec<(Rc<str>, Object)>,
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

/// Why an operation cannot be carried out; its place is added by who knows it.
#[derive(Debug)]
pub(in crate::config) struct Fault(pub(in crate::config) String);

pub(in crate::config) type Outcome<T> = Result<T, Fault>;

/// An early end with a message.
pub(in crate::config) fn fault<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Fault(message.into()))
}

impl Heap {
    /// Counts steps.
    pub(in crate::config) fn step(&mut self, count: usize) -> Outcome<()> {
        self.steps += count as u64;
        if self.steps > MAX_STEPS {
            return fault(format!("the config takes more than {MAX_STEPS} steps to evaluate"));
        }
        Ok(())
    }

    /// Counts memory before it is taken.
    pub(in crate::config) fn take(&mut self, bytes: usize) -> Outcome<()> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory > MAX_MEMORY {
            let mib = MAX_MEMORY >> 20;
            return fault(format!("the config takes more than {mib} MiB to evaluate"));
        }
        Ok(())
    }

    /// Counts memory for `count` elements of a container.
    pub(in crate::config) fn take_slots(&mut self, count: usize) -> Outcome<()> {
        self.take(count.saturating_mul(size_of::<Slot>()))
    }

    pub(in crate::config) fn string(&mut self, string: &str) -> Outcome<Object> {
        self.take(string.len())?;
        Ok(Object::str(string))
    }

    pub(in crate::config) fn list(&mut self, slots: Vec<Slot>) -> Outcome<Object> {
        Ok(Object::List(self.list_id(slots)?))
    }

    pub(in crate::config) fn tuple(&mut self, slots: Vec<Slot>) -> Outcome<Object> {
        Ok(Object::Tuple(self.list_id(slots)?))
    }

    fn list_id(&mut self, slots: Vec<Slot>) -> Outcome<ListId> {
        self.take(size_of::<Vec<Slot>>())?;
        self.take_slots(slots.len())?;
        self.lists.push(slots);
        Ok(ListId(index(self.lists.len())))
    }

    pub(in crate::config) fn dict(&mut self, dict: Dict) -> Outcome<DictId> {
        self.take(size_of::<Dict>())?;
        self.take(dict.entries.len().saturating_mul(ENTRY))?;
        self.dicts.push(dict);
        Ok(DictId(index(self.dicts.len())))
    }

    pub(in crate::config) fn set(&mut self, set: IndexSet<Key>) -> Outcome<Object> {
        self.take(size_of::<IndexSet<Key>>())?;
        self.take(set.len().saturating_mul(ENTRY))?;
        self.sets.push(set);
        Ok(Object::Set(SetId(index(self.sets.len()))))
    }

    pub(in crate::config) fn iter(&mut self, slots: Vec<Slot>) -> Outcome<Object> {
        self.take_slots(slots.len())?;
        self.iters.push(slots.into());
        Ok(Object::Iter(IterId(index(self.iters.len()))))
    }

    pub(in crate::config) fn function(&mut self, function: Function) -> Outcome<Object> {
        self.take(size_of::<Function>())?;
        self.functions.push(Rc::new(function));
        Ok(Object::Function(FunctionId(index(self.functions.len()))))
    }

    pub(in crate::config) fn scope(&mut self, outer: Option<ScopeId>) -> Outcome<ScopeId> {
        let names = self.dict(Dict::default())?;
        self.scopes.push(Scope { names, outer });
        Ok(ScopeId(index(self.scopes.len())))
    }

    pub(in crate::config) fn items(&self, id: ListId) -> &[Slot] {
        &self.lists[id.0 as usize]
    }

    /// The elements, at the price of looking at each.
    pub(in crate::config) fn copy_items(&mut self, id: ListId) -> Outcome<Vec<Slot>> {
        self.step(self.items(id).len())?;
        Ok(self.items(id).to_vec())
    }

    /// The entries, at the price of looking at each.
    pub(in crate::config) fn copy_dict(&mut self, id: DictId) -> Outcome<Dict> {
        self.step(self.get_dict(id).entries.len())?;
        Ok(self.get_dict(id).clone())
    }

    /// A list's elements, to be shortened or reordered; [`push`](Self::push) adds.
    pub(in crate::config) fn items_mut(&mut self, id: ListId) -> &mut Vec<Slot> {
        &mut self.lists[id.0 as usize]
    }

    pub(in crate::config) fn push(
        &mut self,
        id: ListId,
        slots: impl IntoIterator<Item = Slot>,
    ) -> Outcome<()> {
        for slot in slots {
            self.take_slots(1)?;
            self.lists[id.0 as usize].push(slot);
        }
        Ok(())
    }

    pub(in crate::config) fn get_dict(&self, id: DictId) -> &Dict {
        &self.dicts[id.0 as usize]
    }

    /// A dict, to be shortened; [`insert`](Self::insert) adds.
    pub(in crate::config) fn dict_mut(&mut self, id: DictId) -> &mut Dict {
        &mut self.dicts[id.0 as usize]
    }

    /// Sets a key; one that is there keeps its place in the order.
    pub(in crate::config) fn insert(
        &mut self,
        id: DictId,
        key: Key,
        key_span: Span,
        slot: Slot,
    ) -> Outcome<()> {
        self.take(ENTRY)?;
        self.dicts[id.0 as usize].entries.insert(key, DictEntry { key_span, slot });
        Ok(())
    }

    /// Takes a key out, and the order of the others stays.
    pub(in crate::config) fn remove(&mut self, id: DictId, key: &Key) -> Outcome<Option<Slot>> {
        self.step(self.get_dict(id).entries.len())?;
        Ok(self.dict_mut(id).entries.shift_remove(key).map(|entry| entry.slot))
    }

    pub(in crate::config) fn get_set(&self, id: SetId) -> &IndexSet<Key> {
        &self.sets[id.0 as usize]
    }

    pub(in crate::config) fn iter_mut(&mut self, id: IterId) -> &mut VecDeque<Slot> {
        &mut self.iters[id.0 as usize]
    }

    pub(in crate::config) fn get_function(&self, id: FunctionId) -> Rc<Function> {
        Rc::clone(&self.functions[id.0 as usize])
    }

    pub(in crate::config) fn get_scope(&self, id: ScopeId) -> Scope {
        self.scopes[id.0 as usize]
    }

    /// The elements of anything that `for` can walk.
    pub(in crate::config) fn elements(
        &mut self,
        object: &Object,
        span: Span,
    ) -> Outcome<Vec<Slot>> {
        let slots = match object {
            Object::List(id) | Object::Tuple(id) => {
                let count = self.items(*id).len();
                self.take_slots(count)?;
                self.items(*id).to_vec()
            }
            Object::Dict(id) => {
                let entries = &self.get_dict(*id).entries;
                let keys = entries.iter().map(|(key, entry)| (key.clone(), entry.key_span));
                self.key_slots(keys.collect())?
            }
            Object::Set(id) => {
                let keys = self.get_set(*id).iter().map(|key| (key.clone(), span));
                self.key_slots(keys.collect())?
            }
            Object::Str(string) => {
                self.take_slots(string.chars().count())?;
                let chars = string.chars();
                chars
                    .map(|c| Slot { object: Object::str(c.encode_utf8(&mut [0; 4])), span })
                    .collect()
            }
            Object::Range(range) => {
                let count = usize::try_from(range.len()).unwrap_or(usize::MAX);
                self.take_slots(count)?;
                (0..count).map(|index| Slot { object: Range::get(*range, index), span }).collect()
            }
            Object::Iter(id) => std::mem::take(self.iter_mut(*id)).into(),
            other => return fault(format!("a {} cannot be iterated over", other.type_name())),
        };
        self.step(slots.len())?;
        Ok(slots)
    }

    fn key_slots(&mut self, keys: Vec<(Key, Span)>) -> Outcome<Vec<Slot>> {
        self.take_slots(keys.len())?;
        let slots =
            keys.into_iter().map(|(key, span)| Ok(Slot { object: self.key_object(&key)?, span }));
        slots.collect()
    }

    /// What was made a key.
    pub(in crate::config) fn key_object(&mut self, key: &Key) -> Outcome<Object> {
        Ok(match key {
            Key::None => Object::None,
            Key::Bool(bool) => Object::Bool(*bool),
            Key::Int(int) => Object::Int(*int),
            Key::Float(bits) => Object::Float(f64::from_bits(*bits)),
            Key::Str(string) => Object::Str(Rc::clone(string)),
            Key::Opaque(name) => Object::Opaque(Rc::clone(name)),
            Key::Tuple(keys) => {
                let span = Span::default();
                let slots = keys.iter().map(|key| Ok(Slot { object: self.key_object(key)?, span }));
                let slots = slots.collect::<Outcome<_>>()?;
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
            Object::Str(string) => Key::Str(Rc::clone(string)),
            Object::Opaque(name) => Key::Opaque(Rc::clone(name)),
            Object::Tuple(_) if depth > 8 => {
                return fault("a key of tuples nested deeper than 8 levels");
            }
            Object::Tuple(id) => {
                let keys = self.items(*id).iter().map(|slot| self.key_at(&slot.object, depth + 1));
                Key::Tuple(keys.collect::<Outcome<_>>()?)
            }
            other => return fault(format!("a {} cannot be a key", other.type_name())),
        })
    }
}

/// What an entry of a dict takes, its share of the hash table included.
const ENTRY: usize = size_of::<Key>() + size_of::<DictEntry>() + 24;

/// The index of what was pushed last; memory runs out long before the numbers do.
fn index(len: usize) -> u32 {
    u32::try_from(len - 1).unwrap_or(u32::MAX)
}

impl Key {
    pub(in crate::config) fn str(string: &str) -> Self {
        Self::Str(Rc::from(string))
    }

    /// Whether it is a name of Python's own, like `__file__`.
    pub(in crate::config) fn is_private(&self) -> bool {
        matches!(self, Self::Str(name) if name.starts_with("__"))
    }
}

/// As JSON's keys are written; a tuple as Python prints it.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("null"),
            Self::Bool(bool) => write!(f, "{bool}"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Float(bits) => f.write_str(&super::show::float(f64::from_bits(*bits))),
            Self::Str(string) | Self::Opaque(string) => f.write_str(string),
            Self::Tuple(keys) => {
                let shown: Vec<_> = keys.iter().map(super::show::key).collect();
                match shown.as_slice() {
                    [one] => write!(f, "({one},)"),
                    _ => write!(f, "({})", shown.join(", ")),
                }
            }
        }
    }
}
