//! From an initializer and a shape to the numbers of a distribution, for whatever draws it.

use core::marker::PhantomData;

use super::{Distribution, InitError, Initializer, Shape};
use crate::fill::Diagonal;
use crate::line_fill::{
    AnyFill, Computed, ComputedFill, LineFill, Lines, OrthogonalFill, SparseFill,
};
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

    /// This value at some places, zeros beside them.
    ///
    /// # Errors
    ///
    /// A value that the element type cannot express.
    fn diagonal(self, value: f64, on: Diagonal) -> Result<Self::Output, Self::Error>;

    /// Orthonormal lines, times `gain`.
    ///
    /// # Errors
    ///
    /// A gain that the element type cannot express; [`InitError::ByLines`] of what makes single elements.
    fn orthogonal(self, gain: f64, lines: Lines) -> Result<Self::Output, Self::Error> {
        let _ = (gain, lines);
        Err(InitError::ByLines.into())
    }

    /// So many zeros in every line, normal numbers with mean 0 and this standard deviation beside them.
    ///
    /// # Errors
    ///
    /// Numbers that the element type cannot express; [`InitError::ByLines`] of what makes single elements.
    fn sparse(self, zeros: usize, std: f64, lines: Lines) -> Result<Self::Output, Self::Error> {
        let _ = (zeros, std, lines);
        Err(InitError::ByLines.into())
    }

    /// Elements by a formula.
    ///
    /// # Errors
    ///
    /// Numbers that the element type cannot express; [`InitError::ByLines`] of what makes single elements.
    fn computed(self, of: Computed, lines: Lines) -> Result<Self::Output, Self::Error> {
        let _ = (of, lines);
        Err(InitError::ByLines.into())
    }

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

    fn diagonal(self, value: f64, on: Diagonal) -> Result<Fill<T>, InitError> {
        Ok(Fill::diagonal(value, on)?)
    }
}

/// Makes a fill of elements or of lines.
pub(super) struct AnyFillOf<T>(pub(super) PhantomData<T>);

impl<T: Float> AnyFillOf<T> {
    fn elements(fill: Result<Fill<T>, InitError>) -> Result<AnyFill<T>, InitError> {
        fill.map(AnyFill::Elements)
    }
}

impl<T: Float> Draw for AnyFillOf<T> {
    type Output = AnyFill<T>;
    type Error = InitError;

    fn constant(self, value: f64) -> Result<AnyFill<T>, InitError> {
        Self::elements(FillOf(self.0).constant(value))
    }

    fn uniform(self, a: f64, b: f64) -> Result<AnyFill<T>, InitError> {
        Self::elements(FillOf(self.0).uniform(a, b))
    }

    fn normal(self, mean: f64, std: f64) -> Result<AnyFill<T>, InitError> {
        Self::elements(FillOf(self.0).normal(mean, std))
    }

    fn trunc_normal(self, mean: f64, std: f64, a: f64, b: f64) -> Result<AnyFill<T>, InitError> {
        Self::elements(FillOf(self.0).trunc_normal(mean, std, a, b))
    }

    fn diagonal(self, value: f64, on: Diagonal) -> Result<AnyFill<T>, InitError> {
        Self::elements(FillOf(self.0).diagonal(value, on))
    }

    fn orthogonal(self, gain: f64, lines: Lines) -> Result<AnyFill<T>, InitError> {
        Ok(AnyFill::Lines(LineFill::Orthogonal(OrthogonalFill::new(gain, lines)?)))
    }

    fn sparse(self, zeros: usize, std: f64, lines: Lines) -> Result<AnyFill<T>, InitError> {
        Ok(AnyFill::Lines(LineFill::Sparse(SparseFill::new(zeros, std, lines)?)))
    }

    fn computed(self, of: Computed, lines: Lines) -> Result<AnyFill<T>, InitError> {
        Ok(AnyFill::Lines(LineFill::Computed(ComputedFill::new(of, lines)?)))
    }
}

impl<T: Float, I: Lower> Initializer<T> for I {
    fn fill(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
        self.lower(shape, FillOf(PhantomData))
    }
}
