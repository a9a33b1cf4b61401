//! Which initializers a program links.

use core::marker::PhantomData;

use super::draw::InPlace;
use super::sealed::{self, Member};
use super::{InitWeightsError, Source};
use crate::Float;
use crate::init_cfg::{Bias, Init};
use crate::initializer::{
    AllInitializers, ArgumentType, BuiltIn, Constant, Declared, Distribution, Draw, FanConvention,
    InitError, Kaiming, Known, Lower, Nonlinearity, Read, Shape, WITH_LATER, bias_from_prob,
};
use crate::lanes::{Lanes, Scalar};
use crate::resolve::ResolveError;

/// A set of initializers, chosen by type: a program links those of its set, and no others.
///
/// A tuple is such a set: `(Kaiming, Uniform)`; [`All`] is the set of all, and what everything takes that names none.
/// An `enum` of initializers would link every one of them, whichever its rules name.
///
/// | member | links |
/// |---|---|
/// | [`Kaiming`] and every other built-in initializer | that initializer |
/// | [`KaimingNormal`] | the smaller part of Kaiming that most programs need |
/// | [`BiasProb`] | biases by `bias_prob` |
/// | [`Constant`] | nothing: biases are constants, so every set has it; it may be named |
///
/// [`On`] carries a set out on other lanes.
pub trait Initializers: 'static {
    /// Scratch memory that the set takes: nothing, or [`Scratch`](super::Scratch).
    type Scratch<'s>: sealed::Lend + Default;

    /// Whether this one is in the set.
    fn has(init: &Init) -> bool;

    /// The constant that is written to a bias; `None` if it is a probability, and these are not in the set.
    fn bias(bias: Bias) -> Option<f64>;

    /// Writes what the initializer gives a parameter of this shape.
    ///
    /// # Errors
    ///
    /// [`InitWeightsError::NotLinked`]; a shape without the fans that are needed; numbers that the element type cannot
    /// express.
    fn write<T: Float>(
        init: &Init,
        shape: &Shape<'_>,
        source: &mut Source<'_, Self>,
        out: &mut [T],
    ) -> Result<(), InitWeightsError>;
}

/// Every initializer; for Pretrained there is no memory to load from.
pub type All = AllInitializers;

/// A set of initializers that is carried out on these lanes, such as those of a backend for one processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct On<L, S>(PhantomData<(L, S)>);

/// In a set: [`Kaiming`] with its normal distribution and PyTorch's fans, and any nonlinearity but leaky ReLU, whose gain takes
/// arithmetic.
///
/// For the smallest of programs: they link no `f64` arithmetic at all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KaimingNormal;

/// In a set: biases that are given as the probability `bias_prob`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BiasProb;

/// Initializers without lanes: the tuples.
pub trait Set: sealed::Set {}

impl<S: sealed::Set> Set for S {}

impl<S: Set> Initializers for S {
    type Scratch<'s> = ();

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
        S::write_with(init, shape, InPlace { lanes: Scalar, source, out })
    }
}

impl<L: Lanes + Default + 'static, S: Set> Initializers for On<L, S> {
    type Scratch<'s> = ();

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

/// Implements sets of as many members as there are names, and of fewer.
macro_rules! sets {
    () => {};
    ($first:ident $($member:ident)*) => {
        sets! { $($member)* }

        impl<$first: Member, $($member: Member),*> sealed::Set for ($first, $($member,)*) {
            fn has(init: &Init) -> bool {
                <Constant as Member>::has(init) || $first::has(init) $(|| $member::has(init))*
            }

            fn bias(bias: Bias) -> Option<f64> {
                match bias {
                    Bias::Value(value) => Some(value),
                    Bias::Prob(p) => $first::prob(p)$(.or_else(|| $member::prob(p)))*,
                }
            }

            fn write_with<Out: Draw<Output = (), Error = InitWeightsError>>(
                init: &Init,
                shape: &Shape<'_>,
                draw: Out,
            ) -> Result<(), InitWeightsError> {
                if let Init::Constant(i) = init {
                    return draw.constant(i.val);
                }
                if $first::has(init) {
                    return $first::write(init, shape, draw);
                }
                $(if $member::has(init) {
                    return $member::write(init, shape, draw);
                })*
                Err(InitWeightsError::NotLinked)
            }
        }

        impl<$first: Member, $($member: Member),*> Known for ($first, $($member,)*) {
            fn read<From: Read>(number: u8, from: &mut From) -> Option<Result<Init, From::Error>> {
                <Constant as Member>::read(number, from)
                    .or_else(|| $first::read(number, from))
                    $(.or_else(|| $member::read(number, from)))*
            }
        }
    };
}
sets! { A B C D E F G H I J K L }

impl sealed::Set for AllInitializers {
    fn has(_: &Init) -> bool {
        true
    }

    fn bias(bias: Bias) -> Option<f64> {
        Some(bias.value())
    }

    fn write_with<D: Draw<Output = (), Error = InitWeightsError>>(
        init: &Init,
        shape: &Shape<'_>,
        draw: D,
    ) -> Result<(), InitWeightsError> {
        init.lower(shape, draw)
    }
}

/// Every built-in initializer is a member of sets.
impl<I: BuiltIn> Member for I {
    #[inline]
    fn has(init: &Init) -> bool {
        I::of(init).is_some()
    }

    #[inline]
    fn read<R: Read>(number: u8, from: &mut R) -> Option<Result<Init, R::Error>> {
        (number & !WITH_LATER == I::NUMBER).then(|| <I as Declared>::read(from).map(I::into_init))
    }

    #[inline]
    fn write<D: Draw<Output = (), Error = InitWeightsError>>(
        init: &Init,
        shape: &Shape<'_>,
        draw: D,
    ) -> Result<(), InitWeightsError> {
        I::of(init).ok_or(InitWeightsError::NotLinked)?.lower(shape, draw)
    }
}

impl Member for KaimingNormal {
    #[inline]
    fn has(init: &Init) -> bool {
        matches!(init, Init::Kaiming(i)
            if i.distribution == Distribution::Normal
                && i.nonlinearity != Nonlinearity::LeakyRelu
                && i.fan == FanConvention::Torch
                && i.parts == 1)
    }

    #[inline]
    fn read<R: Read>(number: u8, from: &mut R) -> Option<Result<Init, R::Error>> {
        (number == Kaiming::NUMBER)
            .then(|| <Kaiming as Declared>::read(&mut First(from)).map(Init::Kaiming))
    }

    #[inline]
    fn write<D: Draw<Output = (), Error = InitWeightsError>>(
        init: &Init,
        shape: &Shape<'_>,
        draw: D,
    ) -> Result<(), InitWeightsError> {
        let Init::Kaiming(i) = init else { return Err(InitWeightsError::NotLinked) };
        draw.centred(|| constant_gain_std(i, shape).ok_or(InitWeightsError::NotLinked))
    }
}

/// Hands out the first arguments alone, those that came later with their defaults.
struct First<'r, R>(&'r mut R);

impl<R: Read> Read for First<'_, R> {
    type Error = R::Error;

    fn next<A: ArgumentType>(&mut self, default: Option<A>) -> Result<A, R::Error> {
        self.0.next(default)
    }

    fn later<A: ArgumentType>(&mut self, default: A) -> Result<A, R::Error> {
        Ok(default)
    }
}

/// The standard deviation in a stack frame of its own, which is free again when samples are drawn.
#[inline(never)]
fn constant_gain_std(i: &Kaiming, shape: &Shape<'_>) -> Option<f64> {
    i.constant_gain_std(shape).ok().flatten()
}

impl Member for BiasProb {
    #[inline]
    fn has(_: &Init) -> bool {
        false
    }

    #[inline]
    fn prob(p: f64) -> Option<f64> {
        Some(bias_from_prob(p))
    }

    #[inline]
    fn read<R: Read>(_: u8, _: &mut R) -> Option<Result<Init, R::Error>> {
        None
    }

    #[inline]
    fn write<D: Draw<Output = (), Error = InitWeightsError>>(
        _: &Init,
        _: &Shape<'_>,
        _: D,
    ) -> Result<(), InitWeightsError> {
        Err(InitWeightsError::NotLinked)
    }
}

impl From<InitError> for InitWeightsError {
    fn from(error: InitError) -> Self {
        match error {
            InitError::Fan(_) => Self::Resolve(ResolveError::Shape),
            InitError::Dimensions { .. }
            | InitError::Groups { .. }
            | InitError::Parts { .. }
            | InitError::Gates { .. }
            | InitError::Axis { .. }
            | InitError::MoreInputs { .. } => Self::Shape,
            InitError::ByLines => Self::Scratch,
            InitError::ZeroFans => Self::ZeroFans,
            InitError::Fill(_) => Self::Numbers,
            #[cfg(feature = "registry")]
            InitError::Custom(_) => Self::Numbers,
        }
    }
}
