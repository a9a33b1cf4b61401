use std::sync::Arc;

use weight_init_core::init_cfg::{Init, Origin};
use weight_init_core::initializer::{Constant, Shape};
use weight_init_core::line_fill::AnyFill;
use weight_init_core::random::stream_id;
use weight_init_core::{DType, Fill, Float, Fnv1a, Layout, Opaque, Stream, bf16, f16};

use super::norm::{self, NormOf};
use super::parts::{self, TensorPart};
use super::{ConstructorDefault, LowerError, Plan, PlannedParam, Stored, Unknown, Writer};
use crate::address::shown;
use crate::checkpoint::StoredType;
use crate::model::Values;
use crate::model::classes::ParamDefault;
use crate::model::constructor::Step;

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
    /// Regions whose elements come from elsewhere, each laid over the ones before it.
    pub parts: Vec<TensorPart<'p>>,
}

/// Where the elements of a tensor come from.
#[derive(Clone, Debug)]
pub enum Lowered<'p> {
    /// An initializer on a random stream.
    Init {
        /// The initializer.
        init: Init,
        /// The shape with its layout.
        shape: Shape<'p>,
        /// Id of the stream.
        stream_id: u64,
    },
    /// Functions of an initializer's draw, one element after the other, in f64 until they are rounded once.
    Mapped {
        /// The initializer, whose draw is one of f64 numbers.
        init: Init,
        /// The shape with its layout.
        shape: Shape<'p>,
        /// Id of the stream.
        stream_id: u64,
        /// The functions, in order.
        steps: &'p [Step],
    },
    /// Numbers that the description gives.
    Values(&'p Values),
    /// Norms of another parameter's slices.
    Norm(NormOf<'p>),
    /// A tensor of a checkpoint, or of a file beside the description, of the same elements in perhaps another type.
    Stored(&'p Stored),
}

impl<'p> Lowered<'p> {
    pub(super) const fn of(values: &'p Values) -> Self {
        match values {
            Values::Stored(stored) => Self::Stored(stored),
            values => Self::Values(values),
        }
    }
}

impl Plan {
    /// Every parameter and buffer in the order of PyTorch's `state_dict`, ready to be filled.
    ///
    /// # Errors
    ///
    /// Checkpoints that are not loaded; parameters of unknown constructors and buffers of unknown content, unless `unknown`
    /// says what to do; numbers that an element type cannot hold.
    pub fn tensors(&self, unknown: Unknown) -> Result<Vec<Tensor<'_>>, LowerError> {
        self.check_sources(unknown)?;
        let mut tensors = Vec::with_capacity(self.params.len() + self.buffers.len());
        let mut buffers = self.buffers.iter().peekable();
        for (index, param) in self.params.iter().enumerate() {
            while let Some(buffer) = buffers.next_if(|buffer| buffer.position <= index) {
                tensors.push(buffer.tensor(unknown));
            }
            tensors.push(param.tensor(unknown));
        }
        tensors.extend(buffers.map(|buffer| buffer.tensor(unknown)));
        norm::link(&mut tensors);
        tensors.iter().try_for_each(Tensor::check)?;
        Ok(tensors)
    }

    /// The parameters that rules write and the buffers that checkpoints fill, ready to be filled: what an
    /// initialization in place changes. What the others hold need not be known.
    ///
    /// ```
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    ///
    /// let source = Source::new("model.json", r#"{
    ///     "class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "layer": "Linear"},
    ///     "params": [{"name": "gamma", "shape": [3], "dtype": "complex64"}],
    ///     "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [3, 4]}]}]
    /// }"#);
    /// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
    /// let written: Vec<_> = plan.written()?.iter().map(|tensor| tensor.name).collect();
    /// assert_eq!(written, ["fc.weight"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Checkpoints that are not loaded; numbers that an element type cannot hold.
    pub fn written(&self) -> Result<Vec<Tensor<'_>>, LowerError> {
        self.check_pretrained()?;
        let by_rules = self.params.iter().filter(|it| !Arc::ptr_eq(&it.writer, &it.default));
        let loaded = self.buffers.iter().filter(|buffer| buffer.stored.is_some());
        let params = by_rules.map(|param| param.tensor(Unknown::Refuse));
        let buffers = loaded.map(|buffer| buffer.tensor(Unknown::Refuse));
        let tensors: Vec<_> = params.chain(buffers).collect();
        tensors.iter().try_for_each(Tensor::check)?;
        Ok(tensors)
    }

    fn check_pretrained(&self) -> Result<(), LowerError> {
        let params = self.params.iter().filter_map(|param| match &*param.writer {
            Writer::Rule { origin: Origin::Pretrained(from), .. } if param.stored.is_none() => {
                Some((&param.name, from))
            }
            _ => None,
        });
        let buffers = self.buffers.iter().filter(|buffer| buffer.assumed).filter_map(|buffer| {
            let from = buffer.writes.iter().rev().find_map(|write| match &*write.origin {
                Origin::Pretrained(from) => Some(from),
                Origin::Init(_) => None,
            })?;
            Some((&buffer.name, from))
        });
        let mut pretrained = params.chain(buffers);
        if let Some((tensor, from)) = pretrained.next() {
            return Err(LowerError::Pretrained {
                tensor: tensor.clone(),
                count: 1 + pretrained.count(),
                checkpoint: shown(&from.checkpoint).into_owned(),
            });
        }
        Ok(())
    }

    fn check_sources(&self, unknown: Unknown) -> Result<(), LowerError> {
        self.check_pretrained()?;
        if unknown != Unknown::Refuse {
            return Ok(());
        }
        let is_missing = |param: &&PlannedParam| {
            use ConstructorDefault::{Kept, Unknown};
            matches!(*param.writer, Writer::Untouched(Unknown | Kept))
        };
        let params: Vec<_> = (self.params.iter().filter(is_missing))
            .map(|param| (param.name.clone(), param.class.to_string()))
            .collect();
        let buffers: Vec<_> = (self.buffers.iter().filter(|buffer| buffer.is_unknown()))
            .map(|buffer| (buffer.name.clone(), buffer.class.to_string()))
            .collect();
        let owned = |(name, what): (&str, &str)| (name.to_owned(), what.to_owned());
        let writes: Vec<_> = self.unknown_writes().map(owned).collect();
        if params.is_empty() && buffers.is_empty() && writes.is_empty() {
            return Ok(());
        }
        Err(LowerError::Unknown { params, buffers, writes })
    }
}

impl PlannedParam {
    /// The parameter, ready to be filled, whatever is not known of the others of its plan.
    ///
    /// ```
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    ///
    /// let source = Source::new("model.json", r#"{"class": "Linear", "params": [
    ///     {"name": "weight", "shape": [3, 4]}, {"name": "gamma", "shape": [3]}
    /// ]}"#);
    /// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
    /// let is_known: Vec<_> = plan.params().iter().map(|param| param.lower().is_ok()).collect();
    /// assert_eq!(is_known, [true, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A checkpoint that is not loaded; an unknown constructor; norms of another parameter, which is not looked at; numbers
    /// that the element type cannot hold.
    pub fn lower(&self) -> Result<Tensor<'_>, LowerError> {
        use ConstructorDefault::{Kept, Recorded};
        let tensor = self.tensor(Unknown::Refuse);
        let is_unknown = match &*self.writer {
            Writer::Rule { origin: Origin::Pretrained(_), .. } => self.stored.is_none(),
            Writer::Rule { .. } => false,
            Writer::Untouched(ConstructorDefault::Unknown | Kept) => true,
            Writer::Untouched(Recorded(it)) => it.unknown().is_some(),
            Writer::Untouched(_) => false,
        };
        if is_unknown {
            return Err(tensor.fault("its values are not known".to_owned()));
        }
        tensor.check()?;
        Ok(tensor)
    }

    pub(crate) fn tensor(&self, unknown: Unknown) -> Tensor<'_> {
        let shape = Shape::new(&self.shape).with_layout(self.layout);
        let init = |init: &Init| Lowered::Init { init: *init, shape, stream_id: self.stream_id };
        let mut parts = Vec::new();
        let source = match (&self.stored, &*self.writer) {
            (Some(stored), _) => Lowered::Stored(stored),
            (None, Writer::Rule { origin: Origin::Init(it), .. }) => init(it),
            // A checkpoint that is not loaded was refused.
            (None, Writer::Rule { origin: Origin::Pretrained(_), .. }) => {
                Lowered::Values(unknown.values())
            }
            (None, Writer::Untouched(default)) => match default {
                ConstructorDefault::Init(ParamDefault { init: it, zero_row }) => {
                    parts.extend(zero_row.and_then(|row| TensorPart::zero_row(row, &self.shape)));
                    init(it)
                }
                ConstructorDefault::Values(values) => Lowered::of(values),
                ConstructorDefault::Recorded(recorded) => {
                    parts = parts::of(recorded, self.layout, self.stream_id, unknown);
                    parts::lowered(&recorded.base, shape, self.stream_id, unknown)
                }
                ConstructorDefault::Unknown | ConstructorDefault::Kept => {
                    Lowered::Values(unknown.values())
                }
            },
        };
        Tensor { name: &self.name, dtype: self.dtype, shape: &self.shape, source, parts }
    }
}

impl super::PlannedBuffer {
    /// Whether nobody knows what is in it.
    pub(super) const fn is_unknown(&self) -> bool {
        self.value.is_none() && self.constructor.is_none() && self.stored.is_none() && !self.assumed
    }

    fn tensor(&self, unknown: Unknown) -> Tensor<'_> {
        let mut parts = Vec::new();
        let source = match (&self.stored, &self.constructor) {
            (Some(stored), _) => Lowered::Stored(stored),
            (None, Some(recorded)) => {
                let stream_id = stream_id(&self.name);
                parts = parts::of(recorded, Layout::OutIn, stream_id, unknown);
                parts::lowered(&recorded.base, Shape::new(&self.shape), stream_id, unknown)
            }
            (None, None) => Lowered::of(self.value.as_ref().unwrap_or_else(|| unknown.values())),
        };
        Tensor { name: &self.name, dtype: self.dtype, shape: &self.shape, source, parts }
    }
}

impl Tensor<'_> {
    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        crate::model::elements(self.shape)
    }

    /// Bytes of all elements.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.elements().saturating_mul(self.dtype.size() as u64)
    }

    /// The numbers of a floating-point tensor that has an initializer, and its stream; `None` for given and stored values.
    /// The [`parts`](Self::parts) come on top.
    ///
    /// # Errors
    ///
    /// Arguments that the element type cannot express.
    pub fn fill<T: Float>(&self, seed: u64) -> Result<Option<(AnyFill<T>, Stream)>, LowerError> {
        self.fill_of(0, seed)
    }

    /// The same of one of its sources, as [`source`](Self::source) counts them.
    pub(crate) fn fill_of<T: Float>(
        &self,
        place: usize,
        seed: u64,
    ) -> Result<Option<(AnyFill<T>, Stream)>, LowerError> {
        match self.source(place) {
            Lowered::Init { init, shape, stream_id } => {
                let fill = init.any_fill::<T>(shape).map_err(|error| {
                    let init = super::named::init_in_words(init);
                    self.fault(format!("{init} of shape {:?}: {error}", shape.dims()))
                })?;
                let id = match fill {
                    AnyFill::Lines(_) => self.stream_of_lines(place, *stream_id),
                    AnyFill::Elements(_) => *stream_id,
                };
                Ok(Some((fill, Stream::with_id(seed, id))))
            }
            Lowered::Values(Values::All(x)) => {
                let fill = Fill::constant(*x).map_err(|error| self.fault(error.to_string()))?;
                Ok(Some((AnyFill::Elements(fill), Stream::with_id(seed, 0))))
            }
            Lowered::Mapped { .. } | Lowered::Values(_) | Lowered::Stored(_) | Lowered::Norm(_) => {
                Ok(None)
            }
        }
    }

    /// Whether some of its elements are made by lines that do not stand one behind the other: such a tensor is made whole.
    pub(crate) fn is_made_whole(&self) -> bool {
        (0..=self.parts.len()).any(|place| match self.source(place) {
            Lowered::Init { init, shape, .. } => match init.any_fill::<f64>(shape) {
                Ok(AnyFill::Lines(fill)) => {
                    !self.parts.is_empty() || !fill.lines().are_contiguous()
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// The stream of a part that is made by lines. These count from the part's beginning, so that two parts of one tensor would
    /// be alike on one stream: the id of a part is FNV-1a of the tensor's and the numbers where the part begins, as 64-bit
    /// words.
    fn stream_of_lines(&self, place: usize, id: u64) -> u64 {
        let part = place.checked_sub(1).and_then(|place| self.parts.get(place));
        let Some(part) = part else { return id };
        let start = part.region.start().iter().map(|start| *start as u64);
        let words = std::iter::once(id).chain(start);
        words.fold(Fnv1a::new(), |hash, word| hash.write(&word.to_le_bytes())).finish()
    }

    /// The f64 numbers that functions are applied to, of a source that has some, and their stream.
    pub(crate) fn draw_of(
        &self,
        source: &Lowered<'_>,
        seed: u64,
    ) -> Result<Option<(Fill<f64>, Stream)>, LowerError> {
        let Lowered::Mapped { init, shape, stream_id, .. } = source else { return Ok(None) };
        let fault = |message: String| {
            let init = super::named::init_in_words(init);
            self.fault(format!("{init} of shape {:?}: {message}", shape.dims()))
        };
        match init.any_fill::<f64>(shape).map_err(|error| fault(error.to_string()))? {
            AnyFill::Elements(fill) => Ok(Some((fill, Stream::with_id(seed, *stream_id)))),
            AnyFill::Lines(_) => {
                Err(fault("functions apply to numbers that are drawn one by one".to_owned()))
            }
        }
    }

    fn fault(&self, message: String) -> LowerError {
        LowerError::Tensor { name: self.name.to_owned(), message }
    }

    /// Whether every number fits the element type.
    fn check(&self) -> Result<(), LowerError> {
        (0..=self.parts.len()).try_for_each(|place| self.check_source(place))
    }

    fn check_source(&self, place: usize) -> Result<(), LowerError> {
        let source = self.source(place);
        if let Lowered::Norm(norm) = source {
            return norm.check(self).map_err(|message| self.fault(message));
        }
        self.draw_of(source, 0)?;
        match self.dtype {
            DType::F32 => self.fill_of::<f32>(place, 0).map(drop),
            DType::F64 => self.fill_of::<f64>(place, 0).map(drop),
            DType::F16 => self.fill_of::<f16>(place, 0).map(drop),
            DType::BF16 => self.fill_of::<bf16>(place, 0).map(drop),
            DType::Opaque(opaque) => self.check_opaque(source, opaque),
            dtype => {
                let number = match source {
                    Lowered::Init { init: Init::Constant(Constant { val }), .. } => Some(*val),
                    Lowered::Init { init, .. } | Lowered::Mapped { init, .. } => {
                        let init = super::named::init_in_words(init);
                        return Err(self.fault(format!(
                            "{init} cannot write elements of type {}",
                            dtype.name()
                        )));
                    }
                    Lowered::Values(Values::All(x)) => Some(*x),
                    Lowered::Values(_) | Lowered::Stored(_) | Lowered::Norm(_) => None,
                };
                let numbers = match (source, &number) {
                    (Lowered::Values(Values::Each(numbers)), _) => numbers.as_slice(),
                    (_, number) => number.as_slice(),
                };
                match numbers.iter().find(|x| !holds(dtype, **x)) {
                    Some(x) => {
                        Err(self.fault(format!("{x} is no value of the type {}", dtype.name())))
                    }
                    None => Ok(()),
                }
            }
        }
    }

    /// Opaque elements come from a file, or have no bit set, which is zero in all types but one.
    fn check_opaque(&self, source: &Lowered<'_>, opaque: Opaque) -> Result<(), LowerError> {
        if StoredType::of(self.dtype).is_none() {
            return Err(self.fault(format!(
                "elements of type {} are not stored in safetensors, so that this tensor cannot be written",
                opaque.name()
            )));
        }
        let written = match source {
            Lowered::Stored(_) => return Ok(()),
            Lowered::Init { init: Init::Constant(Constant { val: x }), .. }
            | Lowered::Values(Values::All(x))
                if *x == 0.0 && opaque != Opaque::F8E8M0 =>
            {
                return Ok(());
            }
            Lowered::Init { init, .. } | Lowered::Mapped { init, .. } => {
                super::named::init_in_words(init)
            }
            Lowered::Values(_) | Lowered::Norm(_) => "a number".to_owned(),
        };
        Err(self.fault(format!(
            "{written} cannot write elements of type {}: they are only copied, from the file of a 'value' or of a \
             Pretrained rule",
            opaque.name()
        )))
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
