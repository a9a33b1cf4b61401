use super::lines::rows;
use super::{ArgError, ArgProblem, Draw, Lower, Shape};
use crate::initializer;
use crate::line_fill::{Computed, Formula};
use crate::math::{exp::exp, exp::exp_m1, ln};

initializer! {
    /// The logarithms of 1 to N in every row: `A_log` of a Mamba layer with N states, so that `A = −exp(A_log)` is −1 to −N.
    ///
    /// Albert Gu, Tri Dao: *Mamba: Linear-time sequence modeling with selective state spaces*, 2023,
    /// <https://arxiv.org/abs/2312.00752>, section 3.6; the real case of S4D. Nothing is random.
    ///
    /// ```
    /// use weight_init_core::initializer::{AnyFill, Init, MambaALog, Shape};
    /// use weight_init_core::Stream;
    /// let AnyFill::Lines(fill) = Init::MambaALog(MambaALog).any_fill::<f32>(&Shape::new(&[2, 3]))? else { panic!("by lines") };
    /// let mut a_log = [[0.0; 3]; 2];
    /// fill.write(Stream::new(42, "mixer.A_log"), 0, &mut [], a_log.as_flattened_mut())?;
    /// assert_eq!(a_log, [[0.0, core::f32::consts::LN_2, 1.0986123]; 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct MambaALog {}
    function: "mamba_a_log";
}

impl Lower for MambaALog {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let lines = rows(shape, 1)?;
        let of = Computed {
            name: "mamba_a_log",
            formula: Formula::ByPlace(|_, _, state| ln(state as f64 + 1.0)),
            numbers: [0.0; Computed::NUMBERS],
            largest: ln(lines.length.max(1) as f64),
        };
        draw.computed(of, lines)
    }
}

initializer! {
    /// The bias of a Mamba layer's step sizes: the inverse softplus of steps whose logarithm is uniform between those of
    /// `dt_min` and `dt_max`.
    ///
    /// Albert Gu, Tri Dao: *Mamba: Linear-time sequence modeling with selective state spaces*, 2023,
    /// <https://arxiv.org/abs/2312.00752>, section 3.6: `dt + ln(1 − exp(−dt))` of
    /// `dt = max(exp(u·(ln dt_max − ln dt_min) + ln dt_min), dt_init_floor)`.
    ///
    /// ```
    /// use weight_init_core::initializer::{AnyFill, Init, MambaDtBias, Shape};
    /// use weight_init_core::Stream;
    /// let init = Init::MambaDtBias(MambaDtBias::DEFAULT);
    /// let AnyFill::Lines(fill) = init.any_fill::<f32>(&Shape::new(&[64]))? else { panic!("by lines") };
    /// let mut bias = [0.0; 64];
    /// fill.write(Stream::new(42, "mixer.dt_proj.bias"), 0, &mut [], &mut bias)?;
    /// // What softplus makes of them.
    /// assert!(bias.iter().all(|x| (0.001..0.1).contains(&x.exp().ln_1p())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct MambaDtBias {
        /// The shortest step.
        dt_min: f64 = 0.001, Positive;
        /// The longest step.
        dt_max: f64 = 0.1, Positive;
        /// Shorter steps become this one.
        dt_init_floor: f64 = 1e-4, Positive;
    }
    function: "mamba_dt_bias";
    check(this) {
        if this.dt_max < this.dt_min {
            let problem = ArgProblem::Below { x: this.dt_max, least: this.dt_min };
            Err(ArgError { argument: "dt_max", problem })
        } else {
            Ok(())
        }
    }
}

/// The bias that softplus turns into the step of this sample.
fn dt_bias(&[low, width, floor]: &[f64; Computed::NUMBERS], sample: f64) -> f64 {
    let dt = exp(sample * width + low).max(floor);
    // ln(1 − exp(−dt)), without the loss of digits for short steps.
    dt + ln(-exp_m1(-dt))
}

impl Lower for MambaDtBias {
    #[inline]
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let low = ln(self.dt_min);
        let numbers = [low, ln(self.dt_max) - low, self.dt_init_floor];
        // It grows with the sample.
        let [first, last] = [0.0, 1.0].map(|sample| dt_bias(&numbers, sample).abs());
        let of = Computed {
            name: "mamba_dt_bias",
            formula: Formula::OfSample(dt_bias),
            numbers,
            largest: first.max(last),
        };
        draw.computed(of, rows(shape, 1)?)
    }
}
