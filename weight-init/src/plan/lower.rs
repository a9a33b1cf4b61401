use std::fmt;

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Constant, Shape};
use weight_init_core::{DType, Fill, Float, Stream, bf16, f16};

use super::{ConstructorDefault, Plan, PlannedParam, Stored, Writer};
use crate::model::Values;

/// A tensor of the file: a parameter or buffer and where its elements come from.
#[derive(Clone, Debug)]
pub struct Tensor<'p> {
    /// Full dotted name.
    pub name: &'p str,
    /// Element type.
    pub dtype: DType,
    /// Dimensions.
    pub shape: &'p [usize],
    /// Where its elements come from.
    pub source: Lowered<'p>,
}

/// Where the elements of a tensor come from.
#[derive(Clone, Debug)]
pub enum Lowered<'p> {
    /// An initializer on a random stream.
    Init {
        /// The initializer, never Pretrained.
        init: Init<String>,
        /// The shape with its layout.
        shape: Shape<'p>,
        /// Id of the stream.
        stream_id: u64,
    },
    /// Numbers that the description gives.
    Values(&'p Values),
    /// A tensor of a checkpoint, of the same elements in perhaps another type.
    Stored(&'p Stored),
}

/// What stands in for constructor values that are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing: it is an error.
    #[default]
    Refuse,
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
}

impl Unknown {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::Zeros, Self::Ones];

    /// As `--unknown` spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Zeros => "zeros",
            Self::Ones => "ones",
        }
    }

    /// The choice of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum LowerError {
    /// A checkpoint is to be loaded, but [`Plan::load`] was not called.
    Pretrained {
        /// The first parameter concerned.
        param: String,
        /// How many there are.
        count: usize,
        /// The checkpoint of the first.
        checkpoint: String,
    },
    /// Parameters that no rule touches, in layers whose constructor is not known.
    UnknownClass {
        /// Names with the classes of their layers.
        params: Vec<(String, String)>,
    },
    /// An initializer and a tensor that do not go together.
    Tensor {
        /// The tensor.
        name: String,
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pretrained { param, count, checkpoint } => write!(
                f,
                "{count} parameters, {param} the first, are Pretrained from '{checkpoint}', which the plan has not loaded"
            ),
            Self::UnknownClass { params } => {
                write!(
                    f,
                    "no rule touches {} parameters of classes whose constructor is not known: ",
                    params.len()
                )?;
                for (index, (name, class)) in params.iter().take(8).enumerate() {
                    write!(f, "{}{name} ({class})", if index > 0 { ", " } else { "" })?;
                }
                if params.len() > 8 {
                    write!(f, ", ...")?;
                }
                f.write_str("; give them a rule (its 'params' can name them), a 'value' in the description, or --unknown zeros|ones")
            }
            Self::Tensor { name, message } => write!(f, "{name}: {message}"),
        }
    }
}

impl std::error::Error for LowerError {}

impl Plan {
    /// Every parameter and buffer in the order of PyTorch's `state_dict`, ready to be filled.
    ///
    /// Buffers whose content is not known are zeros; [`unknown_buffers`](Self::unknown_buffers) lists them.
    ///
    /// # Errors
    ///
    /// Pretrained parameters, parameters of unknown constructors (unless `unknown` says what to do), numbers that
    /// an element type cannot hold.
    pub fn tensors(&self, unknown: Unknown) -> Result<Vec<Tensor<'_>>, LowerError> {
        self.check_sources(unknown)?;
        let mut tensors = Vec::with_capacity(self.params.len() + self.buffers.len());
        let mut buffers = self.buffers.iter().peekable();
        for (index, param) in self.params.iter().enumerate() {
            while let Some(buffer) = buffers.next_if(|buffer| buffer.position <= index) {
                tensors.push(buffer.tensor());
            }
            tensors.push(param.tensor(unknown));
        }
        tensors.extend(buffers.map(super::PlannedBuffer::tensor));
        tensors.iter().try_for_each(Tensor::check)?;
        Ok(tensors)
    }

    /// Names of the buffers whose content is not known, with the classes of their layers.
    pub fn unknown_buffers(&self) -> impl Iterator<Item = (&str, &str)> {
        let unknown = self.buffers.iter().filter(|b| b.value.is_none() && b.stored.is_none());
        unknown.map(|buffer| (buffer.name.as_str(), buffer.class.as_str()))
    }

    fn check_sources(&self, unknown: Unknown) -> Result<(), LowerError> {
        let pretrained = self.params.iter().filter_map(|param| match &param.writer {
            Writer::Rule { init: Init::Pretrained(p), .. } if param.stored.is_none() => {
                Some((param, p))
            }
            _ => None,
        });
        if let Some((param, p)) = pretrained.clone().next() {
            return Err(LowerError::Pretrained {
                param: param.name.clone(),
                count: pretrained.count(),
                checkpoint: p.checkpoint.clone(),
            });
        }
        let classless: Vec<_> = self
            .params
            .iter()
            .filter(|param| {
                use ConstructorDefault::{Kept, Unknown};
                matches!(param.writer, Writer::Untouched(Unknown | Kept))
            })
            .map(|param| (param.name.clone(), param.class.clone()))
            .collect();
        if classless.is_empty() || unknown != Unknown::Refuse {
            return Ok(());
        }
        Err(LowerError::UnknownClass { params: classless })
    }
}

impl PlannedParam {
    fn tensor(&self, unknown: Unknown) -> Tensor<'_> {
        if let Some(stored) = &self.stored {
            let source = Lowered::Stored(stored);
            return Tensor { name: &self.name, dtype: self.dtype, shape: &self.shape, source };
        }
        let constant =
            Init::Constant(Constant { val: if unknown == Unknown::Ones { 1.0 } else { 0.0 } });
        let init = match &self.writer {
            Writer::Rule { init, .. } | Writer::Untouched(ConstructorDefault::Init(init)) => {
                init.clone()
            }
            Writer::Untouched(ConstructorDefault::Unknown | ConstructorDefault::Kept) => constant,
            Writer::Untouched(ConstructorDefault::Values(values)) => {
                let source = Lowered::Values(values);
                return Tensor { name: &self.name, dtype: self.dtype, shape: &self.shape, source };
            }
        };
        let shape = Shape::new(&self.shape).with_layout(self.layout);
        let source = Lowered::Init { init, shape, stream_id: self.stream_id };
        Tensor { name: &self.name, dtype: self.dtype, shape: &self.shape, source }
    }
}

impl super::PlannedBuffer {
    fn tensor(&self) -> Tensor<'_> {
        let source = match &self.stored {
            Some(stored) => Lowered::Stored(stored),
            None => Lowered::Values(self.value.as_ref().unwrap_or(&Values::All(0.0))),
        };
        Tensor { name: &self.name, dtype: self.dtype, shape: &self.shape, source }
    }
}

impl Tensor<'_> {
    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        super::elements(self.shape)
    }

    /// Bytes of all elements.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.elements().saturating_mul(self.dtype.size() as u64)
    }

    /// The numbers of a floating-point tensor that has an initializer, and its stream; `None` for given and stored values.
    ///
    /// # Errors
    ///
    /// Arguments that the element type cannot express.
    pub fn fill<T: Float>(&self, seed: u64) -> Result<Option<(Fill<T>, Stream)>, LowerError> {
        let fault = |message: String| LowerError::Tensor { name: self.name.to_owned(), message };
        match &self.source {
            Lowered::Init { init, shape, stream_id } => {
                let fill = init.fill::<T>(shape).map_err(|error| {
                    fault(format!(
                        "{} of shape {:?}: {error}",
                        super::named::in_words(init),
                        self.shape
                    ))
                })?;
                Ok(fill.map(|fill| (fill, Stream::with_id(seed, *stream_id))))
            }
            Lowered::Values(Values::All(x)) => {
                let fill = Fill::constant(*x).map_err(|error| fault(error.to_string()))?;
                Ok(Some((fill, Stream::with_id(seed, 0))))
            }
            Lowered::Values(Values::Each(_) | Values::Computed(_)) | Lowered::Stored(_) => Ok(None),
        }
    }

    /// Whether every number fits the element type.
    fn check(&self) -> Result<(), LowerError> {
        let fault = |message: String| LowerError::Tensor { name: self.name.to_owned(), message };
        match self.dtype {
            DType::F32 => self.fill::<f32>(0).map(drop),
            DType::F64 => self.fill::<f64>(0).map(drop),
            DType::F16 => self.fill::<f16>(0).map(drop),
            DType::BF16 => self.fill::<bf16>(0).map(drop),
            dtype => {
                let number = match &self.source {
                    Lowered::Init { init: Init::Constant(Constant { val }), .. } => Some(*val),
                    Lowered::Init { init, .. } => {
                        let init = super::named::in_words(init);
                        return Err(fault(format!(
                            "{init} cannot write elements of type {}",
                            dtype.name()
                        )));
                    }
                    Lowered::Values(Values::All(x)) => Some(*x),
                    Lowered::Values(Values::Each(_) | Values::Computed(_)) | Lowered::Stored(_) => {
                        None
                    }
                };
                let numbers = match (&self.source, &number) {
                    (Lowered::Values(Values::Each(numbers)), _) => numbers.as_slice(),
                    (_, number) => number.as_slice(),
                };
                match numbers.iter().find(|x| !holds(dtype, **x)) {
                    Some(x) => Err(fault(format!("{x} is no value of the type {}", dtype.name()))),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whether an integer type can hold the number exactly.
fn holds(dtype: DType, x: f64) -> bool {
    let (low, high) = match dtype {
        DType::Bool => (0.0, 1.0),
        DType::U8 => (0.0, 255.0),
        DType::I8 => (-128.0, 127.0),
        DType::I16 => (-32_768.0, 32_767.0),
        DType::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
        // Beyond 2^53 a number of the description may not be the one that was written.
        _ => (-9_007_199_254_740_992.0, 9_007_199_254_740_992.0),
    };
    x >= low && x <= high && x.fract() == 0.0
}
