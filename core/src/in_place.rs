//! `model.init_weights()` for structs that hold their weights: resolved and written where they lie, without heap.
//!
//! A call walks the model twice for each batch of parameters. The first walk has the model by shared reference and decides: for
//! each parameter of the batch it follows the frames of the call stack from the parameter's layer up to the root, and keeps
//! the last write (`look`, over the frames of `frame` and the moments of `order`). The second walk has the model by unique
//! reference and writes (`write`, `draw`). The decision is copied between the walks, because no rule can be borrowed from a model
//! that is being written.
//!
//! A batch is one parameter on a microcontroller, so memory does not grow with the model, and time grows with the square
//! of the number of its parameters; a computer takes 16 at once. Which samplers a program links follows from the type of its set
//! ([`Initializers`]), for an `enum` of initializers would link all of them.

mod decide;
mod draw;
mod frame;
mod initializers;
mod look;
mod order;
mod scratch;
mod sealed;
mod write;

use core::fmt;
use core::ops::ControlFlow;

pub use self::initializers::{All, BiasProb, Initializers, KaimingNormal, On, Set};
pub use self::scratch::{
    Scratch, ScratchFault, WithScratch, init_weights_on, init_weights_with_scratch,
};

use self::decide::decide;
use self::frame::Decided;
use self::write::{Sizes, Writer};
use crate::init_cfg::{Init, Rules};
use crate::initializer::Shape;
use crate::layer::Layer;
use crate::resolve::{Call, ResolveError};
use crate::{Float, Stream};

/// A layer that lends its parameters to be written; `#[derive(Layer)]` implements it, too, for every set of
/// initializers `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer that can be written",
    note = "a field of numbers is marked `#[layer(param)]` or `#[layer(buffer)]`, one that is nothing of the model \
            `#[layer(skip)]`; a struct becomes a layer by `#[derive(Layer)]`"
)]
pub trait LayerMut<S: Initializers = All>: Layer {
    /// Lends the layer's own parameters, then those of its children, in the order of [`Layer::visit`].
    fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut<S>) -> ControlFlow<()>;
}

#[cfg(feature = "alloc")]
impl<S: Initializers, L: LayerMut<S> + ?Sized> LayerMut<S> for alloc::boxed::Box<L> {
    fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut<S>) -> ControlFlow<()> {
        (**self).visit_mut(visitor)
    }
}

/// Sees the parameters of a layer and of those in it, to write them.
///
/// It does not see where a layer begins: a call of its own for each would take a stack frame for each level.
pub trait LayerVisitorMut<S: Initializers = All> {
    /// The next parameter that has memory of its own; tied ones are passed over.
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data<S>) -> ControlFlow<()>;
}

/// The elements of a parameter, whatever their type; a program links only the types that its layers hold, each with the
/// initializers of its set.
pub trait Data<S: Initializers = All> {
    /// Number of elements.
    fn count(&self) -> usize;

    /// Writes what the initializer gives a parameter of this shape.
    ///
    /// # Errors
    ///
    /// See [`Initializers::write`].
    fn write(
        &mut self,
        init: &Init,
        shape: &Shape<'_>,
        source: &mut Source<'_, S>,
    ) -> Result<(), InitWeightsError>;
}

/// What the elements of a parameter are made of: its random stream, and the scratch memory that the set takes, if it does.
#[derive(Debug)]
pub struct Source<'s, S: Initializers + ?Sized> {
    stream: Stream,
    scratch: S::Scratch<'s>,
}

/// Elements of one type as [`Data`].
#[derive(Debug)]
pub struct Elements<'a, T>(pub &'a mut [T]);

impl<S: Initializers, T: Float> Data<S> for Elements<'_, T> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn write(
        &mut self,
        init: &Init,
        shape: &Shape<'_>,
        source: &mut Source<'_, S>,
    ) -> Result<(), InitWeightsError> {
        S::write(init, shape, source, self.0)
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

/// Why [`init_weights`] could not: a code, which fits the stack of a microcontroller. A plan of the same model, on a
/// computer, tells the place.
///
/// Nothing was written, except for [`ZeroFans`](Self::ZeroFans), [`Shape`](Self::Shape), [`Scratch`](Self::Scratch) and [`Numbers`](Self::Numbers): then
/// the parameters in front were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitWeightsError {
    /// Rules and model do not fit together.
    Resolve(ResolveError),
    /// A parameter would be loaded from a checkpoint, which this does not do.
    Pretrained,
    /// A rule writes a parameter by an initializer that is not in the program's set.
    NotLinked,
    /// A parameter's memory has not as many elements as its shape says.
    Elements,
    /// The fans of a parameter are both zero: the scale would be infinite.
    ZeroFans,
    /// An initializer cannot write a parameter of this shape.
    Shape,
    /// An initializer makes whole lines of a parameter, and has no scratch memory or too little.
    Scratch,
    /// A parameter's element type cannot express the numbers of its initializer.
    Numbers,
}

/// Does what mmengine's `model.init_weights()` does: each parameter is written by its last writer, once, with the bits
/// that any backend gives it for this seed and its name; those that no rule touches stay as they are.
///
/// The model is walked twice for every 16 parameters, on the stack alone. It takes every initializer there is;
/// [`init_weights_with`] those that a program needs.
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
    run::<All, 16>(model, Call::InitWeights, seed, ())
}

/// As [`init_weights`], for a program that links the initializers of `S` alone, and has little memory.
///
/// The model is walked twice for every parameter. A rule of another initializer that writes a parameter is
/// [`InitWeightsError::NotLinked`].
///
/// # Errors
///
/// See [`InitWeightsError`].
///
/// ```
/// # use core::ops::ControlFlow;
/// use weight_init_core::in_place::{Elements, Initializers, LayerMut, LayerVisitorMut, init_weights_with};
/// # use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule, Rules};
/// use weight_init_core::initializer::{Constant, Kaiming};
/// # use weight_init_core::{DType, InitWeights, Layer, LayerVisitor, Param, Shape};
/// # static RULES: InitCfg<Borrowed<'static>> = InitCfg {
/// #     rules: &[Rule { layers: &["Scale"], ..Rule::new(Init::Constant(Constant { val: 2.0 })) }],
/// # };
/// # struct Scale {
/// #     weight: [f32; 3],
/// # }
/// # impl Layer for Scale {
/// #     fn class(&self) -> &str {
/// #         "Scale"
/// #     }
/// #     fn init_weights(&self) -> InitWeights {
/// #         InitWeights::Module
/// #     }
/// #     fn init_cfg(&self) -> Option<&dyn Rules> {
/// #         Some(&RULES)
/// #     }
/// #     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
/// #         visitor.param(&Param::new("weight", Shape::new(&[3]), DType::F32))
/// #     }
/// # }
///
/// // `#[derive(Layer)]` writes this for you.
/// impl<S: Initializers> LayerMut<S> for Scale {
///     fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut<S>) -> ControlFlow<()> {
///         visitor.param(&Shape::new(&[3]), &mut Elements(&mut self.weight))
///     }
/// }
///
/// let mut scale = Scale { weight: [0.0; 3] };
/// init_weights_with::<(Constant, Kaiming)>(&mut scale, 42).expect("the rules fit");
/// assert_eq!(scale.weight, [2.0; 3]);
/// ```
pub fn init_weights_with<S: Initializers>(
    model: &mut dyn LayerMut<S>,
    seed: u64,
) -> Result<Written, InitWeightsError> {
    run::<S, 1>(model, Call::InitWeights, seed, S::Scratch::default())
}

/// Does what mmengine's `initialize(model, init_cfg)` does: these rules on the root alone, no module's own. Otherwise as
/// [`init_weights_with`].
///
/// For rules that do not live in the model, such as those decoded from flash.
///
/// # Errors
///
/// See [`InitWeightsError`].
pub fn initialize_with<S: Initializers>(
    model: &mut dyn LayerMut<S>,
    rules: &dyn Rules,
    seed: u64,
) -> Result<Written, InitWeightsError> {
    run::<S, 1>(model, Call::Initialize(rules), seed, S::Scratch::default())
}

/// Decides `BATCH` parameters in one walk over the model and writes them in the next.
fn run<S: Initializers, const BATCH: usize>(
    model: &mut dyn LayerMut<S>,
    call: Call<'_>,
    seed: u64,
    mut scratch: S::Scratch<'_>,
) -> Result<Written, InitWeightsError> {
    let mut batch = [const { Decided::none() }; BATCH];
    let (mut first, mut done) = (0, Written::default());
    loop {
        let count = decide::<S>(&*model, call, first, &batch)?;
        // Whatever is wrong is found before anything is written.
        if first == 0 && !sizes_fit(model) {
            return Err(InitWeightsError::Elements);
        }
        let source = Source { stream: Stream::with_id(seed, 0), scratch };
        let (back, error) = write_batch(model, &mut batch, source, first, &mut done);
        if let Some(error) = error {
            return Err(error);
        }
        scratch = back;
        first += BATCH;
        if first >= count {
            return Ok(done);
        }
    }
}

// The walks have their places on the stack one after the other.
#[inline(never)]
fn write_batch<'s, S: Initializers>(
    model: &mut dyn LayerMut<S>,
    batch: &mut [Decided],
    source: Source<'s, S>,
    first: usize,
    done: &mut Written,
) -> (S::Scratch<'s>, Option<InitWeightsError>) {
    let mut writer = Writer { batch, source, first, next: 0, done, error: None };
    let _ = model.visit_mut(&mut writer);
    (writer.source.scratch, writer.error)
}

#[inline(never)]
fn sizes_fit<S: Initializers>(model: &mut dyn LayerMut<S>) -> bool {
    let mut sizes = Sizes { fit: true };
    let _ = model.visit_mut(&mut sizes);
    sizes.fit
}

impl fmt::Display for InitWeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => error.fmt(f),
            Self::Pretrained => f.write_str(
                "a parameter would be loaded from a checkpoint, which is not possible here",
            ),
            Self::NotLinked => f.write_str(
                "a rule writes a parameter by an initializer that the program does not link",
            ),
            Self::Elements => {
                f.write_str("the memory of a parameter has not as many elements as its shape says")
            }
            Self::ZeroFans => f.write_str(
                "fan_in and fan_out of a parameter are both zero, so the scale has no value",
            ),
            Self::Shape => f.write_str("an initializer cannot write a parameter of this shape"),
            Self::Scratch => f.write_str(
                "an initializer makes whole lines of a parameter, which take more scratch memory",
            ),
            Self::Numbers => f.write_str(
                "a parameter's element type cannot express the numbers of its initializer",
            ),
        }
    }
}

impl core::error::Error for InitWeightsError {}
