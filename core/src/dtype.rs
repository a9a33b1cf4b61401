/// Element type of a parameter or buffer, as PyTorch and safetensors know it.
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
}

impl DType {
    /// Every element type, in the order of the declaration.
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
        }
    }

    /// The type of this name; `torch.` in front and the short names `f32`, `bf16`, … are understood.
    ///
    /// ```
    /// use weight_init_core::DType;
    /// assert_eq!(DType::from_name("torch.float32"), Some(DType::F32));
    /// assert_eq!(DType::from_name("bf16"), Some(DType::BF16));
    /// assert_eq!(DType::from_name("complex64"), None);
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
            _ => return Self::ALL.into_iter().find(|t| t.name() == name),
        })
    }
}
