use std::borrow::Cow;
use std::io::{self, BufRead};

use super::arena::Arena;
use super::input::Input;
use super::memo::Memo;
use super::stop::Stop;
use super::{Object, Storage, Tensor, Text, Value};
use crate::checkpoint::Problem;

/// Overhead of an allocation in bytes, about.
const ALLOCATION: usize = 16;

/// The result of a pickle: its value, and the arenas that it lies in.
#[derive(Debug)]
pub(in crate::checkpoint) struct Machine {
    pub(super) texts: Vec<u8>,
    pub(super) objects: Arena<Object>,
    /// Bytes of memory that may still be taken.
    budget: u64,
    pub(super) stack: Vec<Value>,
    /// Heights of the stack at its marks.
    pub(super) marks: Vec<usize>,
    pub(super) memo: Memo,
}

/// The value of a pickle and where it ended.
#[derive(Clone, Copy, Debug)]
pub(in crate::checkpoint) struct Read {
    pub(in crate::checkpoint) value: Value,
    pub(in crate::checkpoint) end: u64,
}

/// The reason why a pickle cannot be read.
#[derive(Debug)]
pub(in crate::checkpoint) enum Failure {
    Content(Problem),
    Io(io::Error),
}

impl Machine {
    /// A machine that takes no more than about so many bytes of memory.
    pub(in crate::checkpoint) fn new(budget: u64) -> Self {
        Self {
            texts: Vec::new(),
            objects: Arena::new(),
            budget,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
        }
    }

    /// Runs the pickle that begins at byte `at`, and must end before byte `end`.
    pub(in crate::checkpoint) fn run(
        &mut self,
        reader: impl BufRead,
        at: u64,
        end: u64,
    ) -> Result<Read, Failure> {
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        let mut input = Input::new(reader, at, end);
        loop {
            let at = input.at;
            match self.step(&mut input) {
                Ok(None) => {}
                Ok(Some(value)) => return Ok(Read { value, end: input.at }),
                Err(Stop::Io(error)) => return Err(Failure::Io(error)),
                Err(Stop::Fault(message)) => {
                    return Err(Failure::Content(Problem::Pickle { at, message }));
                }
            }
        }
    }

    pub(in crate::checkpoint) fn text(&self, text: Text) -> &str {
        let Text { start, len } = text;
        let bytes = self.texts.get(start as usize..(start as usize + len as usize));
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Whether a text is this one; a long text costs no more than a short one.
    pub(in crate::checkpoint) fn is(&self, text: Text, wanted: &str) -> bool {
        text.len as usize == wanted.len() && self.text(text) == wanted
    }

    pub(in crate::checkpoint) fn object(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(index) => self.objects.get(index as usize),
            _ => None,
        }
    }

    /// Every storage that was named, in the order of the pickle.
    pub(in crate::checkpoint) fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.objects.iter().filter_map(|object| match object {
            Object::Storage(storage) => Some(&**storage),
            _ => None,
        })
    }

    /// The kind of a value, in a word.
    pub(in crate::checkpoint) fn kind(&self, value: Value) -> Cow<'static, str> {
        Cow::Borrowed(match value {
            Value::Foreign(name) => return format!("an object of '{}'", self.text(name)).into(),
            Value::None => "None",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "a whole number",
            Value::Float => "a number",
            Value::Opaque => "bytes or a special number",
            Value::Text(_) => "a text",
            Value::Global(_) => "a class or function",
            Value::Object(_) => match self.object(value) {
                Some(Object::Tuple(_)) => "a tuple",
                Some(Object::List(_)) => "a list",
                Some(Object::Dict(_)) => "a dict",
                Some(Object::Storage(_)) => "a storage",
                Some(Object::Tensor(_)) => "a tensor",
                None => "nothing",
            },
        })
    }

    /// Keeps a text.
    pub(super) fn keep(&mut self, text: &str) -> Result<Text, Stop> {
        let (Ok(start), Ok(len)) = (u32::try_from(self.texts.len()), u32::try_from(text.len()))
        else {
            return Stop::fault("its texts are too long");
        };
        self.pay(2 * text.len())?;
        self.texts.extend_from_slice(text.as_bytes());
        Ok(Text { start, len })
    }

    /// Pays for memory.
    pub(super) fn pay(&mut self, bytes: usize) -> Result<(), Stop> {
        match self.budget.checked_sub(bytes as u64) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Stop::fault(
                "its values need far more memory than a checkpoint of this size has use for",
            ),
        }
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), Stop> {
        if self.stack.len() == self.stack.capacity() {
            self.pay(size_of::<Value>() * self.stack.capacity().max(64))?;
        }
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn add(&mut self, object: Object) -> Result<Value, Stop> {
        let inside = match &object {
            Object::Tuple(values) if values.is_empty() => 0,
            Object::Tuple(values) => ALLOCATION + size_of_val(&**values),
            Object::List(values) => values.capacity() * size_of::<Value>(),
            Object::Dict(pairs) => pairs.capacity() * size_of::<(Value, Value)>(),
            Object::Storage(_) => ALLOCATION + size_of::<Storage>(),
            Object::Tensor(tensor) => {
                let numbers = tensor.shape.capacity() + tensor.strides.capacity();
                3 * ALLOCATION + size_of::<Tensor>() + 8 * numbers
            }
        };
        self.pay(size_of::<Object>() + inside)?;
        let Ok(index) = u32::try_from(self.objects.len()) else {
            return Stop::fault("it has more than 2^32 values");
        };
        self.objects.push(object);
        Ok(Value::Object(index))
    }

    pub(super) fn push_object(&mut self, object: Object) -> Result<(), Stop> {
        let value = self.add(object)?;
        self.push(value)
    }

    pub(super) fn pop(&mut self) -> Result<Value, Stop> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Stop::fault("an instruction takes a value from the empty stack");
        }
        self.stack.pop().ok_or_else(|| Stop::Fault("the stack is empty".to_owned()))
    }

    /// The values above the last mark.
    pub(super) fn pop_mark(&mut self) -> Result<Vec<Value>, Stop> {
        let Some(height) = self.marks.pop() else {
            return Stop::fault("an instruction needs a mark, and there is none");
        };
        if height > self.stack.len() {
            return Stop::fault("the stack is lower than its mark");
        }
        Ok(self.stack.split_off(height))
    }

    pub(super) fn top(&self) -> Result<Value, Stop> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = self.stack.get(floor..).and_then(<[Value]>::last);
        top.copied().ok_or_else(|| {
            Stop::Fault("an instruction needs a value, and the stack is empty".to_owned())
        })
    }

    pub(super) fn put(&mut self, index: u32) -> Result<(), Stop> {
        let value = self.top()?;
        let bytes = self.memo.put(index, value);
        self.pay(bytes)
    }

    pub(super) fn get(&mut self, index: u32) -> Result<(), Stop> {
        match self.memo.get(index) {
            Some(value) => self.push(value),
            None => Stop::fault(format!("value {index} is fetched before it was kept")),
        }
    }

    pub(super) fn set_items(&mut self, pairs: &[Value]) -> Result<(), Stop> {
        if !pairs.len().is_multiple_of(2) {
            return Stop::fault("a dict is given a key without a value");
        }
        let dict = match self.top()? {
            Value::Object(dict) => dict,
            Value::Foreign(_) => return Ok(()),
            other => return Stop::fault(format!("items are set in {}", self.kind(other))),
        };
        self.pay(2 * size_of_val(pairs))?;
        match self.objects.get_mut(dict as usize) {
            Some(Object::Dict(items)) => {
                items.extend(pairs.chunks_exact(2).map(|pair| (pair[0], pair[1])));
                Ok(())
            }
            _ => Stop::fault("items are set in what is no dict"),
        }
    }

    pub(super) fn append(&mut self, values: &[Value]) -> Result<(), Stop> {
        let list = match self.top()? {
            Value::Object(list) => list,
            Value::Foreign(_) => return Ok(()),
            other => return Stop::fault(format!("values are appended to {}", self.kind(other))),
        };
        self.pay(2 * size_of_val(values))?;
        match self.objects.get_mut(list as usize) {
            Some(Object::List(items)) => {
                items.extend_from_slice(values);
                Ok(())
            }
            _ => Stop::fault("values are appended to what is no list"),
        }
    }
}
