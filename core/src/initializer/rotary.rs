use super::argument::choice;
use super::lines::rows;
use super::sinusoidal::angle;
use super::{Draw, Lower, Shape};
use crate::initializer;
use crate::line_fill::{Computed, Formula};
use crate::math::{ln, sin_cos::sin_cos};

initializer! {
    /// A table of rotary position embeddings: cosines or sines of `p/base^(2k/d)`, or the frequencies `1/base^(2k/d)`.
    ///
    /// Jianlin Su, Yu Lu, Shengfeng Pan, Ahmed Murtadha, Bo Wen, Yunfeng Liu: *RoFormer: Enhanced transformer with rotary
    /// position embedding*, 2021, <https://arxiv.org/abs/2104.09864>, section 3.2. The last two dimensions of a shape of
    /// cosines or sines are positions and channels `d`, and each pair of channels has one value twice; the last dimension of a
    /// shape of frequencies has `d/2`. Dimensions in front repeat the table. Nothing is random.
    ///
    /// ```
    /// use weight_init_core::initializer::{AnyFill, Init, Rotary, RotaryTable, Shape};
    /// use weight_init_core::Stream;
    /// let init = Init::Rotary(Rotary { of: RotaryTable::Frequencies, ..Rotary::DEFAULT });
    /// let AnyFill::Lines(fill) = init.any_fill::<f32>(&Shape::new(&[4]))? else { panic!("by lines") };
    /// let mut frequencies = [0.0; 4];
    /// fill.write(Stream::new(42, "inv_freq"), 0, &mut [], &mut frequencies)?;
    /// assert_eq!(frequencies, [1.0, 0.1, 0.01, 0.001]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Rotary {
        /// Base of the wavelengths.
        base: f64 = 10000.0, Positive;
        /// What the table holds.
        of: RotaryTable = RotaryTable::Cosines, Any;
        /// Whether the two channels of a pair stand side by side, as in the paper, rather than half of all channels apart, as
        /// in GPT-NeoX and Llama.
        interleaved: bool = false, Any;
    }
    function: "rotary_{of}";
}

choice! {
    /// What a table of [`Rotary`] holds.
    pub enum RotaryTable: "a table" {
        /// Cosines, of positions and channels.
        Cosines = "cos",
        /// Sines, of positions and channels.
        Sines = "sin",
        /// Frequencies of the pairs of channels.
        Frequencies = "inv_freq",
    }
}

/// The angle of an element.
fn angle_of(
    &[ln_base, positions, half]: &[f64; Computed::NUMBERS],
    line: usize,
    index: usize,
) -> f64 {
    let (position, half) = ((line % positions as usize) as f64, half as usize);
    angle(ln_base, position, index % half, half)
}

/// The same of channels that stand side by side.
fn interleaved(numbers: &[f64; Computed::NUMBERS], line: usize, index: usize) -> f64 {
    angle_of(numbers, line, index / 2)
}

impl Lower for Rotary {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let is_table = self.of != RotaryTable::Frequencies;
        let lines = rows(shape, if is_table { 2 } else { 1 })?;
        let positions = shape.dims().iter().nth_back(1).copied().unwrap_or(1).max(1);
        let half = if is_table { lines.length.div_ceil(2) } else { lines.length }.max(1);
        let (name, formula) = match (self.of, self.interleaved) {
            (RotaryTable::Cosines, false) => (
                "rotary_cos",
                Formula::ByPlace(|n, line, index| sin_cos(angle_of(n, line, index))[1]),
            ),
            (RotaryTable::Cosines, true) => (
                "rotary_cos_interleaved",
                Formula::ByPlace(|n, line, index| sin_cos(interleaved(n, line, index))[1]),
            ),
            (RotaryTable::Sines, false) => (
                "rotary_sin",
                Formula::ByPlace(|n, line, index| sin_cos(angle_of(n, line, index))[0]),
            ),
            (RotaryTable::Sines, true) => (
                "rotary_sin_interleaved",
                Formula::ByPlace(|n, line, index| sin_cos(interleaved(n, line, index))[0]),
            ),
            (RotaryTable::Frequencies, _) => (
                "rotary_inv_freq",
                Formula::ByPlace(|&[ln_base, _, half], _, index| {
                    angle(ln_base, 1.0, index, half as usize)
                }),
            ),
        };
        // Frequencies grow with `k` where the base is below 1.
        let largest = if is_table { 1.0 } else { (1.0 / self.base).max(1.0) };
        let numbers = [ln(self.base), positions as f64, half as f64];
        draw.computed(Computed { name, formula, numbers, largest }, lines)
    }
}
