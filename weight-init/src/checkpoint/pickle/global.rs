use safetensors::Dtype;

use super::{Unit, UnreadType};
use crate::checkpoint::StoredType;

/// A class or function that a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::checkpoint) enum Global {
    OrderedDict,
    DefaultDict,
    /// `collections.Counter`, a dict that is made of a dict.
    Counter,
    Set,
    /// `copyreg`'s functions, which make an object of the class that they are given.
    Reconstruct,
    ByteArray,
    /// `torch.Size`, a tuple.
    Size,
    Device,
    Encode,
    Dtype(StoredType),
    /// A class of storages.
    Storage(Unit),
    /// `torch._utils._rebuild_tensor`, `torch._utils._rebuild_tensor_v2`.
    RebuildTensor,
    /// With an element type of its own.
    RebuildTensorV3,
    RebuildParameter,
    /// `torch.Tensor` and `torch.nn.Parameter`, as types of what is rebuilt.
    TensorClass,
    RebuildFromType,
}

impl Global {
    /// The global of this name; `None`: it is not known here.
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("collections", "defaultdict") => Self::DefaultDict,
            ("collections", "Counter") => Self::Counter,
            ("copyreg" | "copy_reg", "_reconstructor" | "__newobj__" | "__newobj_ex__") => {
                Self::Reconstruct
            }
            ("builtins" | "__builtin__", "set" | "frozenset") => Self::Set,
            ("builtins" | "__builtin__", "bytearray") => Self::ByteArray,
            ("_codecs", "encode") => Self::Encode,
            ("torch", "Size") => Self::Size,
            ("torch", "device") => Self::Device,
            ("torch", "Tensor") | ("torch.nn.parameter", "Parameter") => Self::TensorClass,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_tensor_v3") => Self::RebuildTensorV3,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Self::RebuildParameter
            }
            ("torch._tensor", "_rebuild_from_type" | "_rebuild_from_type_v2") => {
                Self::RebuildFromType
            }
            ("torch" | "torch.storage", "UntypedStorage") => Self::Storage(Unit::Bytes),
            ("torch" | "torch.cuda", class) if class.ends_with("Storage") => {
                Self::Storage(storage(class)?)
            }
            ("torch", name) => Self::Dtype(StoredType(dtype(name)?)),
            _ => return None,
        })
    }
}

fn storage(class: &str) -> Option<Unit> {
    let dtype = match class {
        "DoubleStorage" => Dtype::F64,
        "FloatStorage" => Dtype::F32,
        "HalfStorage" => Dtype::F16,
        "BFloat16Storage" => Dtype::BF16,
        "LongStorage" => Dtype::I64,
        "IntStorage" => Dtype::I32,
        "ShortStorage" => Dtype::I16,
        "CharStorage" => Dtype::I8,
        "ByteStorage" => Dtype::U8,
        "BoolStorage" => Dtype::BOOL,
        "ComplexFloatStorage" => Dtype::C64,
        "ComplexDoubleStorage" => return Some(Unit::Unread(UnreadType::Complex128)),
        "QInt8Storage" => return Some(Unit::Unread(UnreadType::QInt8)),
        "QInt32Storage" => return Some(Unit::Unread(UnreadType::QInt32)),
        "QUInt2x4Storage" => return Some(Unit::Unread(UnreadType::QUInt2x4)),
        "QUInt4x2Storage" => return Some(Unit::Unread(UnreadType::QUInt4x2)),
        "QUInt8Storage" => return Some(Unit::Unread(UnreadType::QUInt8)),
        _ => return None,
    };
    Some(Unit::Elements(StoredType(dtype)))
}

fn dtype(name: &str) -> Option<Dtype> {
    Some(match name {
        "float64" | "double" => Dtype::F64,
        "float32" | "float" => Dtype::F32,
        "float16" | "half" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "float8_e4m3fn" => Dtype::F8_E4M3,
        "float8_e5m2" => Dtype::F8_E5M2,
        "float8_e4m3fnuz" => Dtype::F8_E4M3FNUZ,
        "float8_e5m2fnuz" => Dtype::F8_E5M2FNUZ,
        "float8_e8m0fnu" => Dtype::F8_E8M0,
        "int64" | "long" => Dtype::I64,
        "int32" | "int" => Dtype::I32,
        "int16" | "short" => Dtype::I16,
        "int8" => Dtype::I8,
        "uint64" => Dtype::U64,
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::BOOL,
        "complex64" | "cfloat" => Dtype::C64,
        _ => return None,
    })
}
