//! From an initializer and a shape to the numbers of a distribution, for whatever draws it.

use core::marker::PhantomData;

use super::{Distribution, InitError, Initializer, Shape};
use crate::{Fill, Float};

/// Takes the distribution that an initializer chooses: it makes a [`Fill`] of it, or writes the elements at once.
///
/// An initializer calls one of the methods. They are dispatched statically, so that a program links the samplers that its
/// initializers call and no others.
pub trait Draw: Sized {
    /// What is made of the distribution.
    type Output;
    /// Why nothing is.
    type Error: From<InitError>;

    /// Every element this value.
    ///
    /// # Errors
    ///
    /// A value that the element type cannot express.
    fn constant(self, value: f64) -> Result<Self::Output, Self::Error>;

    /// Uniform in [a, b).
    ///
    /// # Errors
    ///
    /// Bounds that the element type cannot express.
    fn uniform(self, a: f64, b: f64) -> Result<Self::Output, Self::Error>;

    /// Normal.
    ///
    /// # Errors
    ///
    /// Numbers that the element type cannot express.
    fn normal(self, mean: f64, std: f64) -> Result<Self::Output, Self::Error>;

    /// Normal, conditioned on [a, b]; both bounds are finite.
    ///
    /// # Errors
    ///
    /// Numbers that the element type cannot express.
    fn trunc_normal(self, mean: f64, std: f64, a: f64, b: f64)
    -> Result<Self::Output, Self::Error>;

    /// Normal with mean 0 and a standard deviation of at most 2, which every element type can express. A microcontroller
    /// computes the standard deviation in the stack frame that later holds the samples.
    ///
    /// # Errors
    ///
    /// Those of `std`.
    fn centred<E>(self, std: impl FnOnce() -> Result<f64, E>) -> Result<Self::Output, Self::Error>
    where
        Self::Error: From<E>,
    {
        let std = std()?;
        self.normal(0.0, std)
    }

    /// A distribution of this kind with mean 0 and this standard deviation.
    ///
    /// # Errors
    ///
    /// Numbers that the element type cannot express.
    fn around_zero(
        self,
        distribution: Distribution,
        std: f64,
    ) -> Result<Self::Output, Self::Error> {
        match distribution {
            Distribution::Normal => self.normal(0.0, std),
            Distribution::Uniform => {
                let bound = Distribution::bound(std);
                self.uniform(-bound, bound)
            }
        }
    }
}

/// An initializer whose distribution follows from its arguments and the shape.
///
/// One text serves every use: with it comes [`Initializer`], and the initializer is written in place, too.
pub trait Lower {
    /// Draws what the initializer gives a parameter of this shape.
    ///
    /// # Errors
    ///
    /// Those of `draw`; a shape without the fans that are needed.
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error>;
}

/// Makes a fill.
struct FillOf<T>(PhantomData<T>);

impl<T: Float> Draw for FillOf<T> {
    type Output = Fill<T>;
    type Error = InitError;

    fn constant(self, value: f64) -> Result<Fill<T>, InitError> {
        Ok(Fill::constant(value)?)
    }

    fn uniform(self, a: f64, b: f64) -> Result<Fill<T>, InitError> {
        Ok(Fill::uniform(a, b)?)
    }

    fn normal(self, mean: f64, std: f64) -> Result<Fill<T>, InitError> {
        Ok(Fill::normal(mean, std)?)
    }

    fn trunc_normal(self, mean: f64, std: f64, a: f64, b: f64) -> Result<Fill<T>, InitError> {
        Ok(Fill::trunc_normal(mean, std, a, b)?)
    }
}

impl<T: Float, I: Lower> Initializer<T> for I {
    fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
        self.lower(shape, FillOf(PhantomData))
    }
}
