use std::io::BufRead;

use super::input::Input;
use super::machine::Machine;
use super::stop::Stop;
use super::{Global, Object, Text, Value, opcode as op};

/// The longest name of a module or class, in bytes.
const LONGEST_NAME: usize = 1000;

/// The longest line of a text or of the digits of a number, in bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Machine {
    /// Carries out the next instruction; the value of the pickle at its end.
    pub(super) fn step<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<Option<Value>, Stop> {
        let code = input.byte()?;
        match code {
            op::PROTO => match input.byte()? {
                0..=5 => {}
                version => {
                    return Stop::fault(format!("it has protocol {version}; 0 to 5 are read"));
                }
            },
            op::FRAME => {
                let len = u64::from_le_bytes(input.array()?);
                input.has(len)?;
            }
            op::STOP => return self.pop().map(Some),
            op::MARK => {
                if self.marks.len() == self.marks.capacity() {
                    self.pay(8 * self.marks.capacity().max(64))?;
                }
                self.marks.push(self.stack.len());
            }
            op::POP => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            op::POP_MARK => drop(self.pop_mark()?),
            op::DUP => self.push(self.top()?)?,
            op::NONE => self.push(Value::None)?,
            op::NEWTRUE => self.push(Value::Bool(true))?,
            op::NEWFALSE => self.push(Value::Bool(false))?,
            op::BININT => {
                let value = i32::from_le_bytes(input.array()?);
                self.push(Value::Int(value.into()))?;
            }
            op::BININT1 => {
                let value = input.byte()?;
                self.push(Value::Int(value.into()))?;
            }
            op::BININT2 => {
                let value = u16::from_le_bytes(input.array()?);
                self.push(Value::Int(value.into()))?;
            }
            op::INT | op::LONG => {
                let value = match input.line(LONGEST_LINE)?.as_slice() {
                    b"00" => Value::Bool(false),
                    b"01" => Value::Bool(true),
                    line => {
                        let digits = std::str::from_utf8(line).unwrap_or_default();
                        let digits = digits.strip_suffix('L').unwrap_or(digits);
                        digits.parse().map_or(Value::Opaque, Value::Int)
                    }
                };
                self.push(value)?;
            }
            op::LONG1 => {
                let len = input.byte()?;
                self.long(input, len.into())?;
            }
            op::LONG4 => {
                let len = u32::from_le_bytes(input.array()?);
                self.long(input, len.into())?;
            }
            op::FLOAT => {
                input.line(LONGEST_NAME)?;
                self.push(Value::Float)?;
            }
            op::BINFLOAT => {
                input.skip(8)?;
                self.push(Value::Float)?;
            }
            op::SHORT_BINUNICODE | op::SHORT_BINSTRING => {
                let len = input.byte()?;
                self.read_text(input, len.into())?;
            }
            op::BINUNICODE | op::BINSTRING => {
                let len = u32::from_le_bytes(input.array()?);
                self.read_text(input, len.into())?;
            }
            op::BINUNICODE8 => {
                let len = u64::from_le_bytes(input.array()?);
                self.read_text(input, len)?;
            }
            op::UNICODE | op::STRING => {
                let line = input.line(LONGEST_LINE)?;
                self.text_line(&line)?;
            }
            op::SHORT_BINBYTES => {
                let len = input.byte()?;
                self.skip_bytes(input, len.into())?;
            }
            op::BINBYTES => {
                let len = u32::from_le_bytes(input.array()?);
                self.skip_bytes(input, len.into())?;
            }
            op::BINBYTES8 | op::BYTEARRAY8 => {
                let len = u64::from_le_bytes(input.array()?);
                self.skip_bytes(input, len)?;
            }
            op::EMPTY_TUPLE => self.push_object(Object::Tuple([].into()))?,
            op::TUPLE1 => self.tuple(1)?,
            op::TUPLE2 => self.tuple(2)?,
            op::TUPLE3 => self.tuple(3)?,
            op::TUPLE => {
                let values = self.pop_mark()?;
                self.push_object(Object::Tuple(values.into()))?;
            }
            op::EMPTY_LIST | op::EMPTY_SET => self.push_object(Object::List(Vec::new()))?,
            op::LIST | op::FROZENSET => {
                let values = self.pop_mark()?;
                self.push_object(Object::List(values))?;
            }
            op::EMPTY_DICT => self.push_object(Object::Dict(Vec::new()))?,
            op::DICT => {
                let pairs = Self::pairs(&self.pop_mark()?)?;
                self.push_object(Object::Dict(pairs))?;
            }
            op::APPEND => {
                let value = self.pop()?;
                self.append(&[value])?;
            }
            op::APPENDS | op::ADDITEMS => {
                let values = self.pop_mark()?;
                self.append(&values)?;
            }
            op::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            op::SETITEMS => {
                let pairs = self.pop_mark()?;
                self.set_items(&pairs)?;
            }
            op::PUT | op::GET => {
                let line = input.line(LONGEST_NAME)?;
                let index = std::str::from_utf8(&line).ok().and_then(|line| line.parse().ok());
                let Some(index) = index else {
                    return Stop::fault("the number of a kept value is none");
                };
                if code == op::PUT { self.put(index)? } else { self.get(index)? }
            }
            op::BINPUT => {
                let index = input.byte()?;
                self.put(index.into())?;
            }
            op::LONG_BINPUT => {
                let index = u32::from_le_bytes(input.array()?);
                self.put(index)?;
            }
            op::MEMOIZE => {
                let index = u32::try_from(self.memo.len()).unwrap_or(u32::MAX);
                self.put(index)?;
            }
            op::BINGET => {
                let index = input.byte()?;
                self.get(index.into())?;
            }
            op::LONG_BINGET => {
                let index = u32::from_le_bytes(input.array()?);
                self.get(index)?;
            }
            op::GLOBAL => {
                let class = self.global(input)?;
                self.push(class)?;
            }
            op::INST => {
                let class = self.global(input)?;
                let args = self.pop_mark()?;
                self.object_of(class, &args)?;
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return Stop::fault("the name of a global is no text");
                };
                let (module, name) = (self.text(module).to_owned(), self.text(name).to_owned());
                let cut = |text: &str| text.chars().take(LONGEST_NAME).collect::<String>();
                let value = self.named(&cut(&module), &cut(&name))?;
                self.push(value)?;
            }
            op::BINPERSID => {
                let id = self.pop()?;
                let value = self.persistent(id)?;
                self.push(value)?;
            }
            // The two differ in how they call a class. Known classes are called alike by both, and the arguments of a
            // foreign class are not used.
            op::REDUCE | op::NEWOBJ => {
                let (args, function) = (self.pop()?, self.pop()?);
                let value = self.reduce(function, args)?;
                self.push(value)?;
            }
            op::NEWOBJ_EX => {
                let (_keywords, args, class) = (self.pop()?, self.pop()?, self.pop()?);
                let value = self.reduce(class, args)?;
                self.push(value)?;
            }
            op::OBJ => {
                let values = self.pop_mark()?;
                let Some((class, args)) = values.split_first() else {
                    return Stop::fault("it makes an object of no class");
                };
                self.object_of(*class, args)?;
            }
            op::BUILD => {
                // Attributes of containers, such as a state dict's `_metadata`: of no use here.
                self.pop()?;
                let target = self.top()?;
                let takes = matches!(target, Value::Foreign(_))
                    || matches!(self.object(target), Some(Object::Dict(_) | Object::Tensor(_)));
                if !takes {
                    return Stop::fault(format!("attributes are set on {}", self.kind(target)));
                }
            }
            op::PERSID => {
                return Stop::fault("it names a storage by a line of text; PyTorch does not");
            }
            code => return Stop::fault(format!("{code:#04x} is no instruction that is known")),
        }
        Ok(None)
    }

    fn tuple(&mut self, count: usize) -> Result<(), Stop> {
        let mut values = [Value::None; 3];
        for value in values.iter_mut().take(count).rev() {
            *value = self.pop()?;
        }
        self.push_object(Object::Tuple(values.get(..count).unwrap_or_default().into()))
    }

    /// The class or function that two lines name.
    fn global<R: BufRead>(&mut self, input: &mut Input<R>) -> Result<Value, Stop> {
        let (module, name) = (input.line(LONGEST_NAME)?, input.line(LONGEST_NAME)?);
        self.named(&String::from_utf8_lossy(&module), &String::from_utf8_lossy(&name))
    }

    fn named(&mut self, module: &str, name: &str) -> Result<Value, Stop> {
        match Global::named(module, name) {
            Some(global) => Ok(Value::Global(global)),
            None => Ok(Value::Foreign(self.keep(&format!("{module}.{name}"))?)),
        }
    }

    /// Pushes what a class makes of these arguments.
    fn object_of(&mut self, class: Value, args: &[Value]) -> Result<(), Stop> {
        let args = self.add(Object::Tuple(args.into()))?;
        let value = self.reduce(class, args)?;
        self.push(value)
    }

    fn read_text<R: BufRead>(&mut self, input: &mut Input<R>, len: u64) -> Result<(), Stop> {
        input.has(len)?;
        let start = self.texts.len();
        let (Ok(first), Ok(count)) = (u32::try_from(start), u32::try_from(len)) else {
            return Stop::fault(format!("a text has {len} bytes"));
        };
        self.pay(2 * count as usize)?;
        self.texts.resize(start + count as usize, 0);
        let bytes = self.texts.get_mut(start..).unwrap_or_default();
        input.fill(bytes)?;
        if std::str::from_utf8(bytes).is_err() {
            // Surrogates, which Python lets pass, or text of Python 2 in another encoding: of no use as a name.
            self.texts.truncate(start);
            return self.push(Value::Opaque);
        }
        self.push(Value::Text(Text { start: first, len: count }))
    }

    /// A text of protocol 0: between quotes, or bare. Only what needs no escapes is a name.
    fn text_line(&mut self, line: &[u8]) -> Result<(), Stop> {
        let bare = match line {
            [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
            bare => bare,
        };
        let Some(bare) = std::str::from_utf8(bare).ok().filter(|bare| !bare.contains('\\')) else {
            return self.push(Value::Opaque);
        };
        let text = self.keep(bare)?;
        self.push(Value::Text(text))
    }

    /// A whole number in two's complement, little endian.
    fn long<R: BufRead>(&mut self, input: &mut Input<R>, len: u64) -> Result<(), Stop> {
        let mut bytes = [0; 8];
        let Some(known) = usize::try_from(len).ok().and_then(|len| bytes.get_mut(..len)) else {
            input.skip(len)?;
            return self.push(Value::Opaque);
        };
        input.fill(known)?;
        let negative = known.last().is_some_and(|byte| *byte >= 0x80);
        let shift = 64 - 8 * known.len() as u32;
        let bits = i64::from_le_bytes(bytes);
        let value = if negative { bits << shift >> shift } else { bits };
        self.push(Value::Int(if shift == 64 { 0 } else { value }))
    }

    fn skip_bytes<R: BufRead>(&mut self, input: &mut Input<R>, len: u64) -> Result<(), Stop> {
        input.skip(len)?;
        self.push(Value::Opaque)
    }

    fn pairs(values: &[Value]) -> Result<Vec<(Value, Value)>, Stop> {
        if !values.len().is_multiple_of(2) {
            return Stop::fault("a dict is given a key without a value");
        }
        Ok(values.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }
}
