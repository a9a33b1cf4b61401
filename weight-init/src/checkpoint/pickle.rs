//! A reader of Python pickles that knows tensors and plain containers, and nothing else.
//!
//! A pickle is a program for a small machine with a stack, whose instructions may name any function of any module and
//! call it. This machine calls nothing: a global is one of a short list ([`Global`]) that stands for a tensor, a
//! container or an element type, or it is foreign. Objects of foreign classes and results of foreign functions are
//! [`Value::Foreign`]: a name, of which nothing is made, whatever arguments, items and attributes the pickle gives it. So
//! a training checkpoint is read whatever its framework keeps beside the weights. The instructions are those of
//! <https://github.com/python/cpython/blob/3.14/Lib/pickletools.py>; what PyTorch makes of them is in its
//! `torch/serialization.py` and `torch/_utils.py`.
//!
//! Values live in arenas, never freed before the end: sharing and cycles need no counting, and deep nesting no
//! recursion. Each is paid for from a budget of bytes that the file's size decides.

mod arena;
mod global;
mod input;
mod machine;
mod memo;
mod opcode;
mod reduce;
mod step;
mod stop;

use super::state_dict::Signs;

pub(super) use self::global::Global;
pub(super) use self::machine::{Failure, Machine, Read};

/// A value; large ones lie in the [`Machine`]'s arenas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float,
    /// A whole number beyond 64 bits, raw bytes, what a known class makes: nothing that a checkpoint's tensors need.
    Opaque,
    Text(Text),
    Global(Global),
    /// A class or function that is not known here, or something that it would make; by its name.
    Foreign(Text),
    Object(u32),
}

/// A text in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Text {
    start: u32,
    pub(super) len: u32,
}

/// A value that holds others.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Tuple(Box<[Value]>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Storage(Box<Storage>),
    Tensor(Box<Tensor>),
}

/// A storage as a persistent id names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Storage {
    /// Its name in the file.
    pub(super) key: Text,
    pub(super) unit: Unit,
    /// Units that it has.
    pub(super) len: u64,
    /// Where in the storage of that name it begins, in units: a view, as old files have them.
    pub(super) begin: u64,
}

/// The unit in which a storage counts its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    Bytes,
    Elements(super::StoredType),
    Unread(UnreadType),
}

/// An element type that is not read; its bytes are passed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum UnreadType {
    Complex128,
    QInt8,
    QInt32,
    QUInt2x4,
    QUInt4x2,
    QUInt8,
}

impl UnreadType {
    fn name(self) -> &'static str {
        match self {
            Self::Complex128 => "torch.complex128",
            Self::QInt8 => "torch.qint8",
            Self::QInt32 => "torch.qint32",
            Self::QUInt2x4 => "torch.quint2x4",
            Self::QUInt4x2 => "torch.quint4x2",
            Self::QUInt8 => "torch.quint8",
        }
    }
}

impl Unit {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Bytes => 1,
            Self::Elements(dtype) => dtype.bits() / 8,
            Self::Unread(UnreadType::Complex128) => 16,
            Self::Unread(UnreadType::QInt32) => 4,
            Self::Unread(_) => 1,
        }
    }
}

/// A tensor: a view of a storage.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    pub(super) dtype: super::StoredType,
    /// Elements from the start of the storage to its first.
    pub(super) offset: u64,
    pub(super) shape: Vec<u64>,
    pub(super) strides: Vec<u64>,
    pub(super) signs: Signs,
}
