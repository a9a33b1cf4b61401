//! Which initializers a program links.

use core::marker::PhantomData;

use crate::fill::{Argument, Lowered, NormalFill, TruncNormalFill, UniformFill, rounded};
use crate::init_cfg::Init;
use crate::initializer::{
    Caffe2Xavier, Constant, Distribution, InitError, Kaiming, Normal, Shape, TruncNormal, Uniform,
    Xavier,
};
use crate::lanes::{Lanes, Scalar};
use crate::{Float, Stream};

/// A set of initializers, chosen by type: a program links those of its set, and no others.
///
/// A tuple of initializers is such a set: `(Constant, Kaiming)`; [`All`] is the set of all, and what everything takes
/// that names none. [`On`] carries them out on other lanes. An `enum` of initializers would link every one of them,
/// whichever its rules name.
pub trait Initializers: 'static {
    /// Whether this one is in the set.
    fn has(init: &Init<()>) -> bool;

    /// Writes what the initializer gives a parameter of this shape; `false` if it is not in the set.
    ///
    /// # Errors
    ///
    /// A shape without fans where they are needed, or arguments that the element type cannot express.
    fn write<T: Float>(
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: Stream,
        out: &mut [T],
    ) -> Result<bool, InitError>;
}

/// Every initializer; for Pretrained there is no memory to load from.
pub type All = (Constant, Xavier, Normal, TruncNormal, Uniform, Kaiming, Caffe2Xavier);

/// A set of initializers that is carried out on these lanes, such as those of a backend for one processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct On<L, S>(PhantomData<(L, S)>);

/// Initializers without lanes: the tuples.
pub trait Set: sealed::Set {}

impl<S: sealed::Set> Set for S {}

impl<S: Set> Initializers for S {
    fn has(init: &Init<()>) -> bool {
        <S as sealed::Set>::has(init)
    }

    fn write<T: Float>(
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: Stream,
        out: &mut [T],
    ) -> Result<bool, InitError> {
        S::write_on(Scalar, init, shape, stream, out)
    }
}

impl<L: Lanes + Default + 'static, S: Set> Initializers for On<L, S> {
    fn has(init: &Init<()>) -> bool {
        <S as sealed::Set>::has(init)
    }

    fn write<T: Float>(
        init: &Init<()>,
        shape: &Shape<'_>,
        stream: Stream,
        out: &mut [T],
    ) -> Result<bool, InitError> {
        S::write_on(L::default(), init, shape, stream, out)
    }
}

#[allow(unnameable_types, reason = "sealed")]
mod sealed {
    use super::{Float, Init, InitError, Lanes, Shape, Stream};

    pub trait Set: 'static {
        fn has(init: &Init<()>) -> bool;
        fn write_on<T: Float, L: Lanes>(
            lanes: L,
            init: &Init<()>,
            shape: &Shape<'_>,
            stream: Stream,
            out: &mut [T],
        ) -> Result<bool, InitError>;
    }
}

/// One initializer of a set.
trait Member: Sized + 'static {
    /// Its arguments, if it is this one.
    fn of(init: &Init<()>) -> Option<&Self>;

    fn write<T: Float, L: Lanes>(
        &self,
        lanes: L,
        shape: &Shape<'_>,
        stream: Stream,
        out: &mut [T],
    ) -> Result<(), InitError>;
}

macro_rules! sets {
    ($(($($member:ident),+))*) => {$(
        #[allow(private_bounds, reason = "the members are those of this crate")]
        impl<$($member: Member),+> sealed::Set for ($($member,)+) {
            fn has(init: &Init<()>) -> bool {
                $($member::of(init).is_some())||+
            }

            fn write_on<T: Float, L: Lanes>(
                lanes: L,
                init: &Init<()>,
                shape: &Shape<'_>,
                stream: Stream,
                out: &mut [T],
            ) -> Result<bool, InitError> {
                $(if let Some(member) = $member::of(init) {
                    return member.write(lanes, shape, stream, out).map(|()| true);
                })+
                Ok(false)
            }
        }
    )*};
}
sets! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) }

macro_rules! members {
    ($($member:ident($i:ident, $shape:ident, $draw:ident) $write:expr;)*) => {$(
        impl Member for $member {
            fn of(init: &Init<()>) -> Option<&Self> {
                match init {
                    Init::$member(arguments) => Some(arguments),
                    _ => None,
                }
            }

            fn write<T: Float, L: Lanes>(
                &self,
                lanes: L,
                $shape: &Shape<'_>,
                stream: Stream,
                out: &mut [T],
            ) -> Result<(), InitError> {
                let ($i, $draw) = (self, Draw { lanes, stream, out });
                $write
            }
        }
    )*};
}
members! {
    Constant(i, _shape, draw) draw.constant(i.val);
    Xavier(i, shape, draw) draw.spread(i.distribution, i.std(shape)?);
    Normal(i, _shape, draw) draw.normal(i.mean, i.std);
    TruncNormal(i, _shape, draw) draw.trunc_normal(i);
    Uniform(i, _shape, draw) draw.uniform(i.a, i.b);
    Kaiming(i, shape, draw) draw.spread(i.distribution, i.std(shape)?);
    Caffe2Xavier(_i, shape, draw) draw.around_zero(Self::KAIMING.std(shape)?);
}

/// Where samples come from, and where they go.
struct Draw<'o, L, T> {
    lanes: L,
    stream: Stream,
    out: &'o mut [T],
}

impl<L: Lanes, T: Float> Draw<'_, L, T> {
    fn constant(self, value: f64) -> Result<(), InitError> {
        self.out.fill(rounded(Argument::Val, value)?);
        Ok(())
    }

    fn uniform(self, a: f64, b: f64) -> Result<(), InitError> {
        match UniformFill::new(a, b)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, self.stream, 0, self.out),
        }
        Ok(())
    }

    fn normal(self, mean: f64, std: f64) -> Result<(), InitError> {
        match NormalFill::new(mean, std)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, self.stream, 0, self.out),
        }
        Ok(())
    }

    fn trunc_normal(self, i: &TruncNormal) -> Result<(), InitError> {
        match TruncNormalFill::new(i.mean, i.std, i.a, i.b)? {
            Lowered::Constant(value) => self.out.fill(value),
            Lowered::Kind(fill) => fill.write_with(self.lanes, self.stream, 0, self.out),
        }
        Ok(())
    }

    /// Uniform with mean 0 and this standard deviation.
    fn around_zero(self, std: f64) -> Result<(), InitError> {
        let bound = Distribution::bound(std);
        self.uniform(-bound, bound)
    }

    fn spread(self, distribution: Distribution, std: f64) -> Result<(), InitError> {
        match distribution {
            Distribution::Normal => self.normal(0.0, std),
            Distribution::Uniform => self.around_zero(std),
        }
    }
}
