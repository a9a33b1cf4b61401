use super::lines::matrix;
use super::{Draw, Lower, Shape};
use crate::initializer;
use crate::line_fill::Lines;

initializer! {
    /// A uniformly distributed orthogonal matrix times `gain`: orthonormal rows, or columns where there are more rows.
    ///
    /// PyTorch's `orthogonal_`, Keras' `Orthogonal` and JAX's `orthogonal`. A weight of more dimensions is the matrix of its
    /// outputs and all else. Andrew M. Saxe, James L. McClelland, Surya Ganguli: *Exact solutions to the nonlinear dynamics
    /// of learning in deep linear neural networks*, ICLR 2014, <https://arxiv.org/abs/1312.6120>. It is made line by line
    /// ([`OrthogonalFill`](crate::line_fill::OrthogonalFill)).
    pub struct Orthogonal {
        /// Factor of the matrix.
        gain: f64 = 1.0, Finite;
    }
    function: "orthogonal";
}

impl Lower for Orthogonal {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let [rows, columns] = matrix(shape)?;
        let lines =
            if rows > columns { Lines::columns(rows, columns) } else { Lines::rows(rows, columns) };
        draw.orthogonal(self.gain, lines)
    }
}
