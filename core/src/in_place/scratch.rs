//! Scratch memory of the caller's, for initializers that make whole lines.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use super::draw::InPlace;
use super::sealed;
use super::{InitWeightsError, Initializers, LayerMut, Set, Source, Written, run};
use crate::Float;
use crate::init_cfg::{Bias, Init};
use crate::initializer::Shape;
use crate::lanes::{Lanes, Scalar};
use crate::line_fill::LineFill;
use crate::resolve::Call;

/// The initializers of `S` on these lanes, with scratch memory: those that make whole lines among them, too.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithScratch<S, L = Scalar>(PhantomData<(S, L)>);

/// Scratch memory: numbers of the types that elements are computed in, `f64` for parameters of `f64`, else `f32`.
#[derive(Debug, Default)]
pub struct Scratch<'s> {
    singles: &'s mut [f32],
    doubles: &'s mut [f64],
    needed: Option<&'s Cell<usize>>,
}

impl<'s> Scratch<'s> {
    /// For parameters whose elements have 32 bits or fewer.
    #[must_use]
    pub const fn new(singles: &'s mut [f32]) -> Self {
        Self { singles, doubles: &mut [], needed: None }
    }

    /// With memory for parameters of `f64`.
    #[must_use]
    pub const fn with_doubles(mut self, doubles: &'s mut [f64]) -> Self {
        self.doubles = doubles;
        self
    }
}

/// Why [`init_weights_with_scratch`] could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchFault {
    /// As of [`init_weights_with`](super::init_weights_with).
    pub error: InitWeightsError,
    /// Of [`InitWeightsError::Scratch`], the numbers that the parameter takes.
    pub needed: usize,
}

impl fmt::Display for ScratchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        if self.error == InitWeightsError::Scratch {
            write!(f, ": {} numbers", self.needed)?;
        }
        Ok(())
    }
}

impl core::error::Error for ScratchFault {}

/// As [`init_weights_with`](super::init_weights_with), of initializers that make whole lines, too, in this scratch memory.
///
/// # Errors
///
/// See [`ScratchFault`].
///
/// ```
/// # use core::ops::ControlFlow;
/// use weight_init_core::in_place::{
///     Elements, Initializers, InitWeightsError, LayerMut, LayerVisitorMut, Scratch, init_weights_with_scratch,
/// };
/// # use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule, Rules};
/// use weight_init_core::initializer::Orthogonal;
/// # use weight_init_core::{DType, InitWeights, Layer, LayerVisitor, Param, Shape};
/// # static RULES: InitCfg<Borrowed<'static>> = InitCfg {
/// #     rules: &[Rule { layers: &["Recurrent"], ..Rule::new(Init::Orthogonal(Orthogonal { gain: 1.0 })) }],
/// # };
/// # struct Recurrent {
/// #     weight: [[f32; 4]; 4],
/// # }
/// # impl Layer for Recurrent {
/// #     fn class(&self) -> &str {
/// #         "Recurrent"
/// #     }
/// #     fn init_weights(&self) -> InitWeights {
/// #         InitWeights::Module
/// #     }
/// #     fn init_cfg(&self) -> Option<&dyn Rules> {
/// #         Some(&RULES)
/// #     }
/// #     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
/// #         visitor.param(&Param::new("weight", Shape::new(&[4, 4]), DType::F32))
/// #     }
/// # }
/// # impl<S: Initializers> LayerMut<S> for Recurrent {
/// #     fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut<S>) -> ControlFlow<()> {
/// #         visitor.param(&Shape::new(&[4, 4]), &mut Elements(self.weight.as_flattened_mut()))
/// #     }
/// # }
///
/// let mut layer = Recurrent { weight: [[0.0; 4]; 4] };
/// let fault = init_weights_with_scratch::<(Orthogonal,)>(&mut layer, 42, Scratch::new(&mut [])).unwrap_err();
/// assert_eq!((fault.error, fault.needed), (InitWeightsError::Scratch, 4));
/// init_weights_with_scratch::<(Orthogonal,)>(&mut layer, 42, Scratch::new(&mut [0.0; 4]))?;
/// let [first, second, ..] = layer.weight;
/// let dot: f32 = first.iter().zip(second).map(|(a, b)| a * b).sum();
/// assert!(dot.abs() < 1e-6);
/// # Ok::<(), weight_init_core::in_place::ScratchFault>(())
/// ```
pub fn init_weights_with_scratch<S: Set>(
    model: &mut dyn LayerMut<WithScratch<S>>,
    seed: u64,
    scratch: Scratch<'_>,
) -> Result<Written, ScratchFault> {
    init_weights_on(model, seed, scratch)
}

/// The same on other lanes, such as those of a backend for one processor.
///
/// # Errors
///
/// See [`ScratchFault`].
pub fn init_weights_on<S: Set, L: Lanes + Default + 'static>(
    model: &mut dyn LayerMut<WithScratch<S, L>>,
    seed: u64,
    scratch: Scratch<'_>,
) -> Result<Written, ScratchFault> {
    let needed = Cell::new(0);
    let Scratch { singles, doubles, .. } = scratch;
    let scratch = Scratch { singles, doubles, needed: Some(&needed) };
    run::<WithScratch<S, L>, 1>(model, Call::InitWeights, seed, scratch)
        .map_err(|error| ScratchFault { error, needed: needed.get() })
}

impl<S: Set, L: Lanes + Default + 'static> Initializers for WithScratch<S, L> {
    type Scratch<'s> = Scratch<'s>;

    fn has(init: &Init) -> bool {
        <S as sealed::Set>::has(init)
    }

    fn bias(bias: Bias) -> Option<f64> {
        <S as sealed::Set>::bias(bias)
    }

    fn write<T: Float>(
        init: &Init,
        shape: &Shape<'_>,
        source: &mut Source<'_, Self>,
        out: &mut [T],
    ) -> Result<(), InitWeightsError> {
        S::write_with(init, shape, InPlace { lanes: L::default(), source, out })
    }
}

impl sealed::Lend for () {
    fn write<L: Lanes, T: Float>(
        &mut self,
        _: L,
        _: &LineFill<T>,
        _: crate::Stream,
        _: &mut [T],
    ) -> Result<(), InitWeightsError> {
        Err(InitWeightsError::Scratch)
    }
}

impl sealed::Lend for Scratch<'_> {
    fn write<L: Lanes, T: Float>(
        &mut self,
        lanes: L,
        fill: &LineFill<T>,
        stream: crate::Stream,
        out: &mut [T],
    ) -> Result<(), InitWeightsError> {
        let numbers = T::scratch(self.singles, self.doubles);
        fill.write_tensor(lanes, stream, numbers, out).map_err(|error| {
            if let Some(needed) = self.needed {
                needed.set(error.needed);
            }
            InitWeightsError::Scratch
        })
    }
}
