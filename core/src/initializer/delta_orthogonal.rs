use super::dirac::{Kernel, kernel};
use super::{Draw, InitError, Lower, Shape};
use crate::initializer;
use crate::line_fill::Lines;

initializer! {
    /// A convolution with a uniformly distributed orthogonal matrix times `gain` at the centre of its kernel, zeros around it.
    ///
    /// JAX's `delta_orthogonal`: kernels of one to three dimensions with no more inputs than outputs. Lechao Xiao, Yasaman
    /// Bahri, Jascha Sohl-Dickstein, Samuel S. Schoenholz, Jeffrey Pennington: *Dynamical isometry and a mean field theory of
    /// CNNs*, ICML 2018, <https://arxiv.org/abs/1806.05393>. It is made line by line
    /// ([`OrthogonalFill`](crate::line_fill::OrthogonalFill)).
    pub struct DeltaOrthogonal {
        /// Factor of the matrix.
        gain: f64 = 1.0, Finite;
    }
    function: "delta_orthogonal";
}

impl Lower for DeltaOrthogonal {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let Kernel { outputs, inputs, output, input, centre } = kernel(shape)?;
        if inputs > outputs {
            return Err(InitError::MoreInputs { inputs, outputs }.into());
        }
        let count = if centre.is_some() { inputs } else { 0 };
        let offset = centre.unwrap_or(0);
        let lines = Lines { offset, count, length: outputs, stride: output, line_stride: input };
        draw.orthogonal(self.gain, lines)
    }
}
