use super::{Draw, InitError, Layout, Lower, Shape};
use crate::initializer;
use crate::line_fill::Lines;

initializer! {
    /// Normal, with the same number of zeros among the weights of each input: the share `sparsity`, rounded up.
    ///
    /// PyTorch's `sparse_`; the shape has two dimensions. James Martens: *Deep learning via Hessian-free optimization*, ICML
    /// 2010, <https://icml.cc/Conferences/2010/papers/458.pdf>. It is made line by line
    /// ([`SparseFill`](crate::line_fill::SparseFill)).
    pub struct Sparse {
        /// Share of the zeros.
        sparsity: f64 = 0.0, Share, needed;
        /// Standard deviation of the others.
        std: f64 = 0.01, NotNegative;
    }
    function: "sparse";
}

impl Lower for Sparse {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let &[rows, columns] = shape.dims() else {
            let found = shape.dims().len();
            return Err(InitError::Dimensions { found, fewest: 2, most: 2 }.into());
        };
        let lines = match shape.layout() {
            Layout::OutIn | Layout::Conv { .. } => Lines::columns(rows, columns),
            Layout::InOut => Lines::rows(rows, columns),
        };
        let zeros = libm::ceil(self.sparsity * lines.length as f64) as usize;
        draw.sparse(zeros, self.std, lines)
    }
}
