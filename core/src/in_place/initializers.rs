//! Which initializers a program links.

use core::marker::PhantomData;

use super::draw::{Draw, Sampler};
use crate::init_cfg::{Bias, Init};
use crate::initializer::{
    Caffe2Xavier, Constant, Distribution, InitError, Kaiming, Normal, Shape, TruncNormal, Uniform,
    Xavier, bias_from_prob,
};
use crate::lanes::{Lanes, Scalar};
use crate::{FillError, Float, Stream};

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
    /// What the initializer draws the elements of a parameter of this shape from; `None` if it is not in the set.
    ///
    /// # Errors
    ///
    /// A shape without fans where they are needed.
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError>;

    /// The constant that is written to a bias; `None` if it is a probability, and these are not in the set.
    fn bias(bias: Bias) -> Option<f64>;

    /// Writes elements that are drawn from this; `false` if no initializer of the set does.
    ///
    /// # Errors
    ///
    /// Numbers that the element type cannot express.
    fn write<T: Float>(draw: &Draw, stream: Stream, out: &mut [T]) -> Result<bool, FillError>;
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
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        <S as sealed::Set>::draw(init, shape)
    }

    fn bias(bias: Bias) -> Option<f64> {
        <S as sealed::Set>::bias(bias)
    }

    fn write<T: Float>(draw: &Draw, stream: Stream, out: &mut [T]) -> Result<bool, FillError> {
        S::write_on(Scalar, draw, stream, out)
    }
}

impl<L: Lanes + Default + 'static, S: Set> Initializers for On<L, S> {
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        <S as sealed::Set>::draw(init, shape)
    }

    fn bias(bias: Bias) -> Option<f64> {
        <S as sealed::Set>::bias(bias)
    }

    fn write<T: Float>(draw: &Draw, stream: Stream, out: &mut [T]) -> Result<bool, FillError> {
        S::write_on(L::default(), draw, stream, out)
    }
}

#[allow(unnameable_types, reason = "sealed")]
mod sealed {
    use super::{Bias, Draw, FillError, Float, Init, InitError, Lanes, Shape, Stream};

    pub trait Set: 'static {
        fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError>;
        fn bias(bias: Bias) -> Option<f64>;
        fn write_on<T: Float, L: Lanes>(
            lanes: L,
            draw: &Draw,
            stream: Stream,
            out: &mut [T],
        ) -> Result<bool, FillError>;
    }
}

/// A part of a set: what it does not know, another one may.
trait Member: 'static {
    /// See [`Initializers::draw`].
    #[inline]
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        let _ = (init, shape);
        Ok(None)
    }

    /// See [`Initializers::bias`].
    #[inline]
    fn prob(p: f64) -> Option<f64> {
        let _ = p;
        None
    }

    /// The sampler of such a draw.
    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        let _ = draw;
        None
    }
}

macro_rules! sets {
    ($(($($member:ident),+))*) => {$(
        #[allow(private_bounds, reason = "the members are those of this crate")]
        impl<$($member: Member),+> sealed::Set for ($($member,)+) {
            fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
                if let Init::Constant(i) = init {
                    return Ok(Some(Draw::Constant(i.val)));
                }
                $(if let Some(draw) = $member::draw(init, shape)? {
                    return Ok(Some(draw));
                })+
                Ok(None)
            }

            fn bias(bias: Bias) -> Option<f64> {
                match bias {
                    Bias::Value(value) => Some(value),
                    Bias::Prob(p) => None$(.or_else(|| $member::prob(p)))+,
                }
            }

            fn write_on<T: Float, L: Lanes>(
                lanes: L,
                draw: &Draw,
                stream: Stream,
                out: &mut [T],
            ) -> Result<bool, FillError> {
                if let Draw::Constant(value) = draw {
                    return super::draw::constant(*value, out).map(|()| true);
                }
                let sampler = None$(.or_else(|| $member::sampler::<T, L>(draw)))+;
                match sampler {
                    Some(sampler) => sampler(lanes, draw, stream, out).map(|()| true),
                    None => Ok(false),
                }
            }
        }
    )*};
}
sets! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) }

impl Member for Constant {}

impl Member for Normal {
    #[inline]
    fn draw(init: &Init<&str>, _: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        Ok(match init {
            Init::Normal(i) => Some(Draw::Normal { mean: i.mean, std: i.std }),
            _ => None,
        })
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        matches!(draw, Draw::Normal { .. }).then_some(super::draw::normal)
    }
}

impl Member for Uniform {
    #[inline]
    fn draw(init: &Init<&str>, _: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        Ok(match init {
            Init::Uniform(i) => Some(Draw::Uniform { a: i.a, b: i.b }),
            _ => None,
        })
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        matches!(draw, Draw::Uniform { .. }).then_some(super::draw::uniform)
    }
}

impl Member for TruncNormal {
    #[inline]
    fn draw(init: &Init<&str>, _: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        Ok(match init {
            Init::TruncNormal(i) => Some(Draw::TruncNormal(*i)),
            _ => None,
        })
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        matches!(draw, Draw::TruncNormal(_)).then_some(super::draw::trunc_normal)
    }
}

impl Member for Caffe2Xavier {
    #[inline]
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        Ok(match init {
            Init::Caffe2Xavier(_) => Some(Draw::around_zero(Self::KAIMING.std(shape)?)),
            _ => None,
        })
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        Uniform::sampler(draw)
    }
}

impl Member for Xavier {
    #[inline]
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        let Init::Xavier(i) = init else { return Ok(None) };
        let std = i.std(shape)?;
        Ok(Some(match i.distribution {
            Distribution::Normal => Draw::Normal { mean: 0.0, std },
            Distribution::Uniform => Draw::around_zero(std),
        }))
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        Normal::sampler(draw).or_else(|| Uniform::sampler(draw))
    }
}

impl Member for Kaiming {
    #[inline]
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        let Init::Kaiming(i) = init else { return Ok(None) };
        let std = i.std(shape)?;
        Ok(Some(match i.distribution {
            // No gain is beyond 5/3, no fan below 1.
            Distribution::Normal => Draw::Centred { std },
            Distribution::Uniform => Draw::around_zero(std),
        }))
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        KaimingNormal::sampler(draw).or_else(|| Uniform::sampler(draw))
    }
}

impl Member for KaimingNormal {
    #[inline]
    fn draw(init: &Init<&str>, shape: &Shape<'_>) -> Result<Option<Draw>, InitError> {
        match init {
            Init::Kaiming(i) if i.distribution == Distribution::Normal => {
                Ok(i.constant_gain_std(shape)?.map(|std| Draw::Centred { std }))
            }
            _ => Ok(None),
        }
    }

    #[inline]
    fn sampler<T: Float, L: Lanes>(draw: &Draw) -> Option<Sampler<T, L>> {
        matches!(draw, Draw::Centred { .. }).then_some(super::draw::centred)
    }
}

impl Member for BiasProb {
    #[inline]
    fn prob(p: f64) -> Option<f64> {
        Some(bias_from_prob(p))
    }
}
