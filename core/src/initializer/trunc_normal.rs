use super::{Draw, Lower, Shape, ordered};
use crate::initializer;

initializer! {
    /// Normal, conditioned on [a, b]. The bounds are absolute, not in standard deviations; an infinite one is none.
    ///
    /// MMEngine's own sampler is wrong where a bound is far from the mean and in 16 bits; this one is
    /// right there, a deliberate difference.
    ///
    /// ```
    /// use weight_init_core::{Fill, initializer::{Initializer, Shape, TruncNormal}};
    /// let fill: Fill<f32> = TruncNormal { std: 0.02, ..TruncNormal::default() }.fill(&Shape::new(&[64]))?;
    /// assert_eq!(fill, Fill::trunc_normal(0.0, 0.02, -2.0, 2.0)?);
    /// # Ok::<(), weight_init_core::initializer::InitError>(())
    /// ```
    pub struct TruncNormal {
        /// Mean before truncation.
        mean: f64 = 0.0, Finite;
        /// Standard deviation before truncation.
        std: f64 = 1.0, NotNegative;
        /// Lower bound.
        a: f64 = -2.0, LowerBound;
        /// Upper bound.
        b: f64 = 2.0, UpperBound;
    }
    function: "trunc_normal";
    check(this) { ordered(this.a, this.b) }
}

/// Standard deviations from the mean to where a bound cuts nothing off: the density there is 0 in `f64`.
const UNBOUNDED: f64 = 100.0;

impl TruncNormal {
    /// The bounds, an infinite one replaced by a finite one that cuts nothing off.
    pub(crate) fn finite_bounds(&self) -> [f64; 2] {
        let far = UNBOUNDED * self.std;
        let (a, b) = (self.a, self.b);
        let a = if a == f64::NEG_INFINITY { self.mean.min(b) - far } else { a };
        let b = if b == f64::INFINITY { self.mean.max(self.a) + far } else { b };
        [a.max(f64::MIN), b.min(f64::MAX)]
    }
}

impl Lower for TruncNormal {
    #[inline]
    fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let [a, b] = self.finite_bounds();
        draw.trunc_normal(self.mean, self.std, a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Float, Initializer, Stream};

    const SHAPE: Shape<'_> = Shape::new(&[20_000]);

    fn samples<T: Float>(init: TruncNormal) -> std::vec::Vec<f64> {
        let mut out = std::vec![T::from_f64_rounded(0.0); 20_000];
        Initializer::<T>::fill(&init, &SHAPE).unwrap().write(Stream::new(1, "w"), 0, &mut out);
        out.into_iter().map(T::to_f64_exact).collect()
    }

    fn moments(samples: &[f64]) -> [f64; 2] {
        let n = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / n;
        [mean, (samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()]
    }

    #[test]
    fn without_bounds_it_is_normal() {
        let init = TruncNormal { mean: 3.0, std: 0.5, a: f64::NEG_INFINITY, b: f64::INFINITY };
        for samples in [samples::<f32>(init), samples::<f64>(init)] {
            let [mean, std] = moments(&samples);
            // Four standard errors.
            assert!((mean - 3.0).abs() < 4.0 * 0.5 / 141.0, "{mean}");
            assert!((std - 0.5).abs() < 4.0 * 0.5 / 200.0, "{std}");
            assert!(samples.iter().any(|x| *x > 3.0 + 3.5 * 0.5), "tails are there");
        }
    }

    #[test]
    fn without_one_bound() {
        let half = TruncNormal { a: 0.0, b: f64::INFINITY, ..TruncNormal::DEFAULT };
        let [mean, _] = moments(&samples::<f32>(half));
        // √(2/π), and four standard errors of a half-normal distribution.
        assert!((mean - 0.797_884_56).abs() < 4.0 * 0.603 / 141.0, "{mean}");
        // Far out, where the excess over the bound is exponential: mean 1/50.
        let tail = TruncNormal { a: f64::NEG_INFINITY, b: -50.0, ..TruncNormal::DEFAULT };
        let [mean, _] = moments(&samples::<f64>(tail));
        assert!((mean + 50.02).abs() < 0.001, "{mean}");
    }

    #[test]
    fn numbers_stay_finite() {
        let huge = TruncNormal { mean: 0.0, std: f64::MAX, a: f64::NEG_INFINITY, b: f64::INFINITY };
        let [a, b] = huge.finite_bounds();
        assert_eq!([a, b], [f64::MIN, f64::MAX]);
    }
}
