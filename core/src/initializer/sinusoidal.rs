use super::lines::rows;
use super::{Draw, Lower, Shape};
use crate::initializer;
use crate::line_fill::{Computed, Formula};
use crate::math::{exp::exp, ln, sin_cos::sin_cos};

initializer! {
    /// A table of positions: `sin(p/base^(2k/d))` and `cos(p/base^(2k/d))` of position `p`, one pair for each `k`.
    ///
    /// Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion Jones, Aidan N. Gomez, Łukasz Kaiser, Illia
    /// Polosukhin: *Attention is all you need*, NeurIPS 2017, <https://arxiv.org/abs/1706.03762>, section 3.5. The last two
    /// dimensions of the shape are positions and channels `d`; those in front repeat the table. Nothing is random. The
    /// angle is rounded to double precision, so an element is within `10⁻¹⁵·p` of the formula.
    ///
    /// ```
    /// use weight_init_core::initializer::{AnyFill, Init, Shape, Sinusoidal};
    /// use weight_init_core::Stream;
    /// let init = Init::Sinusoidal(Sinusoidal::DEFAULT);
    /// let AnyFill::Lines(fill) = init.any_fill::<f32>(&Shape::new(&[1, 2, 4]))? else { panic!("by lines") };
    /// let mut table = [[0.0; 4]; 2];
    /// fill.write(Stream::new(42, "pos_embed"), 0, &mut [], table.as_flattened_mut())?;
    /// assert_eq!(table[0], [0.0, 1.0, 0.0, 1.0]);
    /// assert_eq!(table[1], [0.84147096, 0.5403023, 0.009999833, 0.99995]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Sinusoidal {
        /// Base of the wavelengths.
        base: f64 = 10000.0, Positive;
        /// Whether all sines stand in front of all cosines, as in MAE, rather than in turns, as in the paper.
        halves: bool = false, Any;
    }
    function: "sinusoidal";
}

/// The `k` of a pair of `half` pairs, times the position: the angle.
pub(super) fn angle(ln_base: f64, position: f64, k: usize, half: usize) -> f64 {
    position * exp(-(k as f64 / half as f64) * ln_base)
}

impl Lower for Sinusoidal {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let lines = rows(shape, 2)?;
        let positions = shape.dims().iter().nth_back(1).copied().unwrap_or(1);
        let (in_turns, in_halves) = (
            Formula::ByPlace(|&[ln_base, positions, half], line, index| {
                let position = (line % positions as usize) as f64;
                let [sine, cosine] = sin_cos(angle(ln_base, position, index / 2, half as usize));
                if index % 2 == 0 { sine } else { cosine }
            }),
            Formula::ByPlace(|&[ln_base, positions, half], line, index| {
                let (position, half) = ((line % positions as usize) as f64, half as usize);
                let [sine, cosine] = sin_cos(angle(ln_base, position, index % half, half));
                if index < half { sine } else { cosine }
            }),
        );
        let of = Computed {
            name: if self.halves { "sinusoidal_halves" } else { "sinusoidal" },
            formula: if self.halves { in_halves } else { in_turns },
            numbers: [
                ln(self.base),
                positions.max(1) as f64,
                lines.length.div_ceil(2).max(1) as f64,
            ],
            largest: 1.0,
        };
        draw.computed(of, lines)
    }
}
