//! Which initializers a program links.

use core::marker::PhantomData;

use super::InitWeightsError;
use super::draw::Draw;
use crate::init_cfg::{Bias, Init, Kind, TypeName};
use crate::initializer::{
    Caffe2Xavier, Constant, Distribution, InitError, Kaiming, Nonlinearity, Normal, Shape,
    TruncNormal, Uniform, Xavier, bias_from_prob,
};
use crate::lanes::{Lanes, Scalar};
use crate::resolve::ResolveError;
use crate::{Float, Stream};

/// A set of initializers, chosen by type: a program links those of its set, and no others.
///
/// A tuple is such a set: `(Kaiming, Uniform)`; [`All`] is the set of all, and what everything takes that names none.
/// An `enum` of initializers would link every one of them, whichever its rules name.
///
/// | member | links |
/// |---|---|
/// | [`Normal`], [`Uniform`], [`TruncNormal`], [`Xavier`], [`Kaiming`], [`Caffe2Xavier`] | that initializer |
/// | [`KaimingNormal`] | the smaller part of Kaiming that most programs need |
/// | [`BiasProb`] | biases by `bias_prob` |
/// | [`Constant`] | nothing: biases are constants, so every set has it; it may be named |
///
/// [`On`] carries a set out on other lanes.
pub trait Initializers: 'static {
    /// Whether this one is in the set.
    fn has(kind: Kind) -> bool;

    /// The constant that is written to a bias; `None` if it is a probability, and these are not in the set.
    fn bias(bias: Bias) -> Option<f64>;

    /// Writes what the initializer gives a parameter of this shape.
    ///
    /// # Errors
    ///
    /// [`InitWeightsError::NotLinked`]; a shape without the fans that are needed; numbers that the element type cannot
    /// express.
    fn write<T: Float>(
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: &Stream,
        out: &mut [T],
    ) -> Result<(), InitWeightsError>;
}

/// Every initializer; for Pretrained there is no memory to load from.
pub type All = (Xavier, Normal, TruncNormal, Uniform, Kaiming, Caffe2Xavier, BiasProb);

/// A set of initializers that is carried out on these lanes, such as those of a backend for one processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct On<L, S>(PhantomData<(L, S)>);

/// In a set: [`Kaiming`] with its normal distribution, and any nonlinearity but leaky ReLU, whose gain takes arithmetic.
///
/// For the smallest of programs: they link no `f64` arithmetic at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct KaimingNormal;

/// In a set: biases that are given as the probability `bias_prob`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BiasProb;

/// Initializers without lanes: the tuples.
pub trait Set: sealed::Set {}

impl<S: sealed::Set> Set for S {}

impl<S: Set> Initializers for S {
    fn has(kind: Kind) -> bool {
        <S as sealed::Set>::has(kind)
    }

    fn bias(bias: Bias) -> Option<f64> {
        <S as sealed::Set>::bias(bias)
    }

    fn write<T: Float>(
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: &Stream,
        out: &mut [T],
    ) -> Result<(), InitWeightsError> {
        S::write_on(init, shape, Draw { lanes: Scalar, stream, out })
    }
}

impl<L: Lanes + Default + 'static, S: Set> Initializers for On<L, S> {
    fn has(kind: Kind) -> bool {
        <S as sealed::Set>::has(kind)
    }

    fn bias(bias: Bias) -> Option<f64> {
        <S as sealed::Set>::bias(bias)
    }

    fn write<T: Float>(
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: &Stream,
        out: &mut [T],
    ) -> Result<(), InitWeightsError> {
        S::write_on(init, shape, Draw { lanes: L::default(), stream, out })
    }
}

#[allow(unnameable_types, private_interfaces, reason = "sealed")]
mod sealed {
    use super::{Bias, Draw, Float, Init, InitWeightsError, Kind, Lanes, Shape};

    pub trait Set: 'static {
        fn has(kind: Kind) -> bool;
        fn bias(bias: Bias) -> Option<f64>;
        fn write_on<T: Float, L: Lanes>(
            init: &Init<()>,
            shape: &Shape<'_>,
            draw: Draw<'_, L, T>,
        ) -> Result<(), InitWeightsError>;
    }
}

/// A part of a set.
trait Member: 'static {
    /// Whether this is the initializer.
    fn is(kind: Kind) -> bool;

    /// See [`Initializers::bias`].
    #[inline]
    fn prob(p: f64) -> Option<f64> {
        let _ = p;
        None
    }

    /// Writes what this initializer gives; it is this one.
    fn write<T: Float, L: Lanes>(
        init: &Init<()>,
        shape: &Shape<'_>,
        draw: Draw<'_, L, T>,
    ) -> Result<(), InitWeightsError>;
}

macro_rules! sets {
    ($(($($member:ident),+))*) => {$(
        #[allow(private_bounds, private_interfaces, reason = "the members are those of this crate")]
        impl<$($member: Member),+> sealed::Set for ($($member,)+) {
            fn has(kind: Kind) -> bool {
                Constant::is(kind) $(|| $member::is(kind))+
            }

            fn bias(bias: Bias) -> Option<f64> {
                match bias {
                    Bias::Value(value) => Some(value),
                    Bias::Prob(p) => None$(.or_else(|| $member::prob(p)))+,
                }
            }

            fn write_on<T: Float, L: Lanes>(
                init: &Init<()>,
                shape: &Shape<'_>,
                draw: Draw<'_, L, T>,
            ) -> Result<(), InitWeightsError> {
                if let Init::Constant(i) = init {
                    return draw.constant(i.val);
                }
                $(if $member::is(init.kind()) {
                    return $member::write(init, shape, draw);
                })+
                Err(InitWeightsError::NotLinked)
            }
        }
    )*};
}
sets! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) }

/// Members that are the initializers of a variant each.
macro_rules! members {
    ($($member:ident($i:ident, $shape:ident, $draw:ident) $write:expr;)*) => {$(
        impl Member for $member {
            #[inline]
            fn is(kind: Kind) -> bool {
                kind.type_name == TypeName::$member
            }

            #[inline]
            fn write<T: Float, L: Lanes>(
                init: &Init<()>,
                $shape: &Shape<'_>,
                $draw: Draw<'_, L, T>,
            ) -> Result<(), InitWeightsError> {
                match init {
                    Init::$member($i) => $write,
                    _ => Err(InitWeightsError::NotLinked),
                }
            }
        }
    )*};
}
members! {
    Constant(i, _shape, draw) draw.constant(i.val);
    Normal(i, _shape, draw) draw.normal(i.mean, i.std);
    Uniform(i, _shape, draw) draw.uniform(i.a, i.b);
    TruncNormal(i, _shape, draw) draw.trunc_normal(i);
    Xavier(i, shape, draw) {
        let std = i.std(shape).map_err(code)?;
        match i.distribution {
            Distribution::Normal => draw.normal(0.0, std),
            Distribution::Uniform => draw.around_zero(std),
        }
    };
    Kaiming(i, shape, draw) {
        let std = || i.std(shape).map_err(code);
        match i.distribution {
            // No gain is beyond 5/3, no fan below 1.
            Distribution::Normal => draw.centred(std),
            Distribution::Uniform => draw.around_zero(std()?),
        }
    };
    Caffe2Xavier(_i, shape, draw) draw.around_zero(Self::KAIMING.std(shape).map_err(code)?);
}

impl Member for KaimingNormal {
    #[inline]
    fn is(kind: Kind) -> bool {
        Kaiming::is(kind)
            && kind.distribution == Distribution::Normal
            && kind.nonlinearity != Nonlinearity::LeakyRelu
    }

    #[inline]
    fn write<T: Float, L: Lanes>(
        init: &Init<()>,
        shape: &Shape<'_>,
        draw: Draw<'_, L, T>,
    ) -> Result<(), InitWeightsError> {
        let Init::Kaiming(i) = init else { return Err(InitWeightsError::NotLinked) };
        draw.centred(|| constant_gain_std(i, shape).ok_or(InitWeightsError::NotLinked))
    }
}

/// The standard deviation in a place of its own, whose part of the stack is free again when samples are drawn.
#[inline(never)]
fn constant_gain_std(i: &Kaiming, shape: &Shape<'_>) -> Option<f64> {
    i.constant_gain_std(shape).ok().flatten()
}

impl Member for BiasProb {
    #[inline]
    fn is(_: Kind) -> bool {
        false
    }

    #[inline]
    fn prob(p: f64) -> Option<f64> {
        Some(bias_from_prob(p))
    }

    #[inline]
    fn write<T: Float, L: Lanes>(
        _: &Init<()>,
        _: &Shape<'_>,
        _: Draw<'_, L, T>,
    ) -> Result<(), InitWeightsError> {
        Err(InitWeightsError::NotLinked)
    }
}

fn code(error: InitError) -> InitWeightsError {
    match error {
        InitError::Fan(_) => InitWeightsError::Resolve(ResolveError::Shape),
        InitError::ZeroFans => InitWeightsError::ZeroFans,
        InitError::Fill(_) => InitWeightsError::Numbers,
    }
}
