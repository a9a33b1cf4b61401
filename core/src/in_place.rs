//! `model.init_weights()` for structs that hold their weights: resolved and written where they lie, without heap.

use core::fmt;
use core::ops::ControlFlow;

use crate::init_cfg::{Init, Pretrained};
use crate::initializer::{InitError, Shape};
use crate::layer::Layer;
use crate::resolve::{Call, Observer, Order, ParamVisit, ResolveError, resolve};
use crate::{Float, Stream};

/// A layer that lends its parameters to be written; `#[derive(Layer)]` implements it, too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer that can be written",
    note = "a field of numbers is marked `#[layer(param)]` or `#[layer(buffer)]`, one that is nothing of the model \
            `#[layer(skip)]`; a struct becomes a layer by `#[derive(Layer)]`"
)]
pub trait LayerMut: Layer {
    /// Lends the layer's own parameters, then its children, in the order of [`Layer::visit`].
    fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut) -> ControlFlow<()>;
}

/// Sees the parts of one layer, to write them.
pub trait LayerVisitorMut {
    /// A parameter of the layer itself that has memory of its own; tied ones are passed over.
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data) -> ControlFlow<()>;

    /// A direct child.
    fn child(&mut self, layer: &mut dyn LayerMut) -> ControlFlow<()>;
}

/// The elements of a parameter, whatever their type; a program links only the types that its layers hold.
pub trait Data {
    /// Number of elements.
    fn count(&self) -> usize;

    /// Writes what the initializer gives a parameter of this shape.
    ///
    /// # Errors
    ///
    /// A shape without fans where they are needed, or arguments that the element type cannot express.
    fn write(
        &mut self,
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: Stream,
    ) -> Result<(), InitError>;
}

/// Elements of one type as [`Data`].
#[derive(Debug)]
pub struct Elements<'a, T>(pub &'a mut [T]);

impl<T: Float> Data for Elements<'_, T> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn write(
        &mut self,
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: Stream,
    ) -> Result<(), InitError> {
        if let Some(fill) = init.fill::<T>(shape)? {
            fill.write(stream, 0, self.0);
        }
        Ok(())
    }
}

/// The dimensions in memory of their own, for a shape that outlives what it was computed from; used by the derive.
///
/// More than sixteen give a shape without elements, which fits no memory.
#[doc(hidden)]
#[must_use]
pub fn copy_dims<'d>(dims: &[usize], copy: &'d mut [usize; 16]) -> &'d [usize] {
    for (to, from) in copy.iter_mut().zip(dims) {
        *to = *from;
    }
    copy.get(..dims.len()).unwrap_or(&[0])
}

/// What [`init_weights`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Parameters that a rule wrote.
    pub written: usize,
    /// Parameters that no rule touches: they hold what they held.
    pub kept: usize,
}

/// Why [`init_weights`] could not; nothing was written, except for [`Init`](Self::Init).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InitWeightsError {
    /// Rules and model do not fit together.
    Resolve(ResolveError),
    /// A parameter would be loaded from a checkpoint, which this does not do.
    Pretrained,
    /// A parameter's memory has not as many elements as its shape says.
    Elements,
    /// An initializer cannot be used on a parameter.
    Init(InitError),
}

/// Parameters that are decided in one walk over the model and written in the next.
const BATCH: usize = 16;

/// Does what mmengine's `model.init_weights()` does: each parameter is written by its last writer, once, with the bits
/// that any backend gives it for this seed and its name; those that no rule touches stay as they are.
///
/// The model is walked twice for every 16 parameters, on the stack alone.
///
/// # Errors
///
/// See [`InitWeightsError`].
///
/// ```
/// use core::ops::ControlFlow;
/// use weight_init_core::in_place::{Elements, LayerMut, LayerVisitorMut, init_weights};
/// use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule, Rules};
/// use weight_init_core::initializer::Constant;
/// use weight_init_core::{DType, InitWeights, Layer, LayerVisitor, Param, Shape};
///
/// static RULES: InitCfg<Borrowed<'static>> = InitCfg {
///     rules: &[Rule { layers: &["Scale"], ..Rule::new(Init::Constant(Constant { val: 2.0 })) }],
/// };
///
/// // `#[derive(Layer)]` (feature `derive`) writes these two for you.
/// struct Scale {
///     weight: [f32; 3],
/// }
/// impl Layer for Scale {
///     fn class(&self) -> &str {
///         "Scale"
///     }
///     fn init_weights(&self) -> InitWeights {
///         InitWeights::Module
///     }
///     fn init_cfg(&self) -> Option<&dyn Rules> {
///         Some(&RULES)
///     }
///     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
///         visitor.param(&Param::new("weight", Shape::new(&[3]), DType::F32))
///     }
/// }
/// impl LayerMut for Scale {
///     fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut) -> ControlFlow<()> {
///         visitor.param(&Shape::new(&[3]), &mut Elements(&mut self.weight))
///     }
/// }
///
/// let mut scale = Scale { weight: [0.0; 3] };
/// let done = init_weights(&mut scale, 42).expect("the rules fit");
/// assert_eq!((done.written, scale.weight), (1, [2.0; 3]));
/// ```
pub fn init_weights(model: &mut dyn LayerMut, seed: u64) -> Result<Written, InitWeightsError> {
    let mut batch = Batch::new(0);
    check(model, &mut batch)?;
    let (mut done, count) = (Written::default(), batch.next);
    let mut first = 0;
    while first < count {
        if first > 0 {
            batch = Batch::new(first);
            resolve(&*model, Call::InitWeights, &mut batch).map_err(InitWeightsError::Resolve)?;
        }
        let mut writer = Writer { batch: &batch, seed, next: 0, done: &mut done, error: None };
        let _ = model.visit_mut(&mut writer);
        if let Some(error) = writer.error {
            return Err(error);
        }
        first += BATCH;
    }
    Ok(done)
}

/// Resolves the model, and sees that everything can be written before anything is.
fn check(model: &mut dyn LayerMut, batch: &mut Batch) -> Result<(), InitWeightsError> {
    resolve(&*model, Call::InitWeights, batch).map_err(InitWeightsError::Resolve)?;
    if batch.pretrained {
        return Err(InitWeightsError::Pretrained);
    }
    let mut sizes = Sizes { fit: true };
    let _ = model.visit_mut(&mut sizes);
    if sizes.fit { Ok(()) } else { Err(InitWeightsError::Elements) }
}

/// What is decided for some of the parameters in the order of the walk.
struct Batch {
    /// The number of the first one.
    first: usize,
    decided: [Option<Decided>; BATCH],
    /// The number of the next parameter that has memory of its own.
    next: usize,
    pretrained: bool,
}

#[derive(Clone, Copy)]
struct Decided {
    stream: u64,
    /// The last writer so far; a tie may bring a later one.
    last: Option<(Order, Init<()>)>,
}

impl Batch {
    const fn new(first: usize) -> Self {
        Self { first, decided: [None; BATCH], next: 0, pretrained: false }
    }

    fn get(&self, number: usize) -> Option<&Decided> {
        self.decided.get(number.checked_sub(self.first)?)?.as_ref()
    }
}

impl Observer for Batch {
    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let stream = visit.stream_id();
        let last = visit.last_writer().map(|writer| (writer.order, without_texts(&writer.init)));
        self.pretrained |= matches!(last, Some((_, Init::Pretrained(_))));
        if visit.is_tied() {
            let mut decided = self.decided.iter_mut().flatten();
            if let Some(decided) = decided.find(|decided| decided.stream == stream) {
                let later = match (&decided.last, &last) {
                    (Some((before, _)), Some((order, _))) => order > before,
                    (None, Some(_)) => true,
                    (_, None) => false,
                };
                if later {
                    decided.last = last;
                }
            }
            return ControlFlow::Continue(());
        }
        let slot = self.next.checked_sub(self.first).and_then(|slot| self.decided.get_mut(slot));
        if let Some(slot) = slot {
            *slot = Some(Decided { stream, last });
        }
        self.next += 1;
        ControlFlow::Continue(())
    }
}

fn without_texts(init: &Init<&str>) -> Init<()> {
    match init {
        Init::Constant(i) => Init::Constant(*i),
        Init::Xavier(i) => Init::Xavier(*i),
        Init::Normal(i) => Init::Normal(*i),
        Init::TruncNormal(i) => Init::TruncNormal(*i),
        Init::Uniform(i) => Init::Uniform(*i),
        Init::Kaiming(i) => Init::Kaiming(*i),
        Init::Caffe2Xavier(i) => Init::Caffe2Xavier(*i),
        Init::Pretrained(_) => {
            Init::Pretrained(Pretrained { checkpoint: (), prefix: None, map_location: None })
        }
    }
}

/// Whether the memory of each parameter is as large as its shape says.
struct Sizes {
    fit: bool,
}

impl LayerVisitorMut for Sizes {
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data) -> ControlFlow<()> {
        self.fit &= shape.num_elements() == Some(data.count() as u64);
        ControlFlow::Continue(())
    }

    fn child(&mut self, layer: &mut dyn LayerMut) -> ControlFlow<()> {
        layer.visit_mut(self)
    }
}

/// Writes what a batch decided.
struct Writer<'a> {
    batch: &'a Batch,
    seed: u64,
    next: usize,
    done: &'a mut Written,
    error: Option<InitWeightsError>,
}

impl LayerVisitorMut for Writer<'_> {
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data) -> ControlFlow<()> {
        let decided = self.batch.get(self.next);
        self.next += 1;
        let Some(decided) = decided else { return ControlFlow::Continue(()) };
        let Some((_, init)) = &decided.last else {
            self.done.kept += 1;
            return ControlFlow::Continue(());
        };
        match data.write(init, shape, Stream::with_id(self.seed, decided.stream)) {
            Ok(()) => {
                self.done.written += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.error = Some(InitWeightsError::Init(error));
                ControlFlow::Break(())
            }
        }
    }

    fn child(&mut self, layer: &mut dyn LayerMut) -> ControlFlow<()> {
        layer.visit_mut(self)
    }
}

impl fmt::Display for InitWeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => error.fmt(f),
            Self::Pretrained => f.write_str(
                "a parameter would be loaded from a checkpoint, which is not possible here",
            ),
            Self::Elements => {
                f.write_str("the memory of a parameter has not as many elements as its shape says")
            }
            Self::Init(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InitWeightsError {}
