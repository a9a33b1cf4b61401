use super::{Draw, InitError, Lower, Shape};
use crate::fill::Diagonal;
use crate::initializer;

initializer! {
    /// Zeros, but `forget_bias` in the second quarter: the bias of an LSTM, whose second gate is the one that forgets.
    ///
    /// Felix A. Gers, Jürgen Schmidhuber, Fred Cummins: *Learning to forget: Continual prediction with LSTM*, Neural Computation 12
    /// (2000), <https://doi.org/10.1162/089976600300015015>; Rafal Jozefowicz, Wojciech Zaremba, Ilya Sutskever: *An empirical
    /// exploration of recurrent network architectures*, ICML 2015, <https://proceedings.mlr.press/v37/jozefowicz15.html>. PyTorch,
    /// Keras (`unit_forget_bias`) and MXNet (`LSTMBias`) have the gates in this order. PyTorch adds two such biases, so that `bias_ih`
    /// alone gets it, or both get half of it. The last dimension counts the gates' units.
    ///
    /// ```
    /// use weight_init_core::{Fill, Stream, initializer::{Initializer, LSTMBias, Shape}};
    /// let fill: Fill<f32> = LSTMBias::DEFAULT.fill(&Shape::new(&[8]))?;
    /// let mut bias = [7.0; 8];
    /// fill.write(Stream::new(42, "rnn.bias_ih_l0"), 0, &mut bias);
    /// assert_eq!(bias, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct LSTMBias {
        /// The bias of the gate that forgets.
        forget_bias: f64 = 1.0, Finite;
    }
    function: "lstm_bias";
}

/// Gates of an LSTM.
const GATES: u64 = 4;

impl Lower for LSTMBias {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let Some((&last, front)) = shape.dims().split_last() else {
            return Err(InitError::Dimensions { found: 0, fewest: 1, most: u8::MAX }.into());
        };
        let length = last as u64;
        if !length.is_multiple_of(GATES) {
            return Err(InitError::Gates { length }.into());
        }
        let units = length / GATES;
        let groups = front.iter().fold(1_u64, |groups, dim| groups.saturating_mul(*dim as u64));
        let on = Diagonal { offset: units, stride: 1, count: units, group_stride: length, groups };
        draw.diagonal(self.forget_bias, on)
    }
}
