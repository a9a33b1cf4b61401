/// Element type of a parameter or buffer, as PyTorch and safetensors know it.
///
/// All but [`Opaque`](Self::Opaque) hold numbers that can be given; those are copied at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum DType {
    Bool,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
    Opaque(Opaque),
}

impl DType {
    /// Every element type whose numbers can be given, in the order of the declaration.
    pub const ALL: [Self; 10] = [
        Self::Bool,
        Self::U8,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
    ];

    /// Bytes of one element.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
            Self::Opaque(opaque) => opaque.size(),
        }
    }

    /// Whether samples of a distribution can be stored: `F16`, `BF16`, `F32`, `F64`.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// PyTorch's name, as model descriptions spell it.
    ///
    /// ```
    /// use weight_init_core::DType;
    /// assert_eq!(DType::BF16.name(), "bfloat16");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Opaque(opaque) => opaque.name(),
        }
    }

    /// The type of this name; `torch.` in front and the short names `f32`, `bf16`, … are understood.
    ///
    /// ```
    /// use weight_init_core::DType;
    /// assert_eq!(DType::from_name("torch.float32"), Some(DType::F32));
    /// assert_eq!(DType::from_name("bf16"), Some(DType::BF16));
    /// assert_eq!(DType::from_name("complex64").map(DType::size), Some(8));
    /// assert_eq!(DType::from_name("float23"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("torch.").unwrap_or(name);
        Some(match name {
            "f16" | "half" => Self::F16,
            "bf16" => Self::BF16,
            "f32" | "float" => Self::F32,
            "f64" | "double" => Self::F64,
            "long" => Self::I64,
            "int" => Self::I32,
            _ => {
                let opaque = Opaque::ALL.into_iter().map(Self::Opaque);
                return Self::ALL.into_iter().chain(opaque).find(|t| t.name() == name);
            }
        })
    }
}

/// Element types that are known by name and size only.
///
/// A model may hold a few such tensors (rotary embeddings as complex numbers, quantized weights) among many that are
/// initialized. No initializer writes them; they are copied from a file that has them, where safetensors has the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Opaque {
    U16,
    U32,
    U64,
    C32,
    C64,
    C128,
    F8E4M3,
    F8E4M3Fnuz,
    F8E5M2,
    F8E5M2Fnuz,
    F8E8M0,
    F4E2M1X2,
    QI8,
    QU8,
    QI32,
    QU4X2,
    QU2X4,
    /// Anything else, and tensors that do not lie element by element: sparse, nested.
    Other,
}

impl Opaque {
    /// Every one, in the order of the declaration.
    pub const ALL: [Self; 18] = [
        Self::U16,
        Self::U32,
        Self::U64,
        Self::C32,
        Self::C64,
        Self::C128,
        Self::F8E4M3,
        Self::F8E4M3Fnuz,
        Self::F8E5M2,
        Self::F8E5M2Fnuz,
        Self::F8E8M0,
        Self::F4E2M1X2,
        Self::QI8,
        Self::QU8,
        Self::QI32,
        Self::QU4X2,
        Self::QU2X4,
        Self::Other,
    ];

    /// Bytes of one element; 1 where that is not known.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::U16 => 2,
            Self::U32 | Self::C32 | Self::QI32 => 4,
            Self::U64 | Self::C64 => 8,
            Self::C128 => 16,
            _ => 1,
        }
    }

    /// PyTorch's name; `"opaque"` for [`Other`](Self::Other).
    ///
    /// ```
    /// use weight_init_core::Opaque;
    /// assert_eq!(Opaque::C64.name(), "complex64");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::C32 => "complex32",
            Self::C64 => "complex64",
            Self::C128 => "complex128",
            Self::F8E4M3 => "float8_e4m3fn",
            Self::F8E4M3Fnuz => "float8_e4m3fnuz",
            Self::F8E5M2 => "float8_e5m2",
            Self::F8E5M2Fnuz => "float8_e5m2fnuz",
            Self::F8E8M0 => "float8_e8m0fnu",
            Self::F4E2M1X2 => "float4_e2m1fn_x2",
            Self::QI8 => "qint8",
            Self::QU8 => "quint8",
            Self::QI32 => "qint32",
            Self::QU4X2 => "quint4x2",
            Self::QU2X4 => "quint2x4",
            Self::Other => "opaque",
        }
    }
}
