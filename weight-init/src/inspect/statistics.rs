//! Moments of a stream of numbers.
//!
//! Within a block the mean comes first and the squared differences from it second; blocks are joined by the
//! formulas of Chan, Golub & LeVeque, *Updating Formulae and a Pairwise Algorithm for Computing Sample
//! Variances*, 1979, <http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf>. All in `f64`, so
//! neither the number of elements nor a mean far from zero costs digits.

use crate::inspect::Histogram;

/// Sums that are kept side by side, so that the processor can add them at the same time.
const LANES: usize = 8;

/// The figures of a tensor. Mean, deviation, range and histogram are those of its finite elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The number of elements.
    pub elements: u64,
    /// The arithmetic mean; NaN without finite elements.
    pub mean: f64,
    /// The standard deviation of the population, √(Σ(x − mean)² / n), as `numpy.std`; NaN without finite
    /// elements. PyTorch's default divides by n − 1.
    pub std: f64,
    /// The least element; NaN without finite elements.
    pub min: f64,
    /// The greatest element; NaN without finite elements.
    pub max: f64,
    /// Elements that are 0 or −0.
    pub zeros: u64,
    /// Elements that are not a number.
    pub nan: u64,
    /// Elements that are ∞ or −∞.
    pub infinite: u64,
    /// How the elements are spread between least and greatest.
    pub histogram: Histogram,
}

/// Statistics of the elements so far.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) finite: u64,
    mean: f64,
    /// The sum of the squared differences from the mean.
    squares: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    zeros: u64,
    nan: u64,
    infinite: u64,
}

impl Default for Moments {
    fn default() -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { finite: 0, mean: 0.0, squares: 0.0, min, max, zeros: 0, nan: 0, infinite: 0 }
    }
}

impl Moments {
    /// Takes further elements, which are reordered if some are not finite.
    pub(super) fn add(&mut self, block: &mut [f64]) {
        let Finite { values, nan, infinite } = finite(block);
        self.nan += nan;
        self.infinite += infinite;
        let Some(&first) = values.first() else { return };
        let sums = Sums::of(values, first);
        let count = values.len() as f64;
        let mean = first + sums.differences / count;
        let squares = sum_of(values, |x| (x - mean) * (x - mean));

        let before = self.finite as f64;
        let total = before + count;
        let delta = mean - self.mean;
        self.mean += delta * (count / total);
        self.squares += squares + delta * delta * (before * count / total);
        self.finite += values.len() as u64;
        self.zeros += sums.zeros;
        self.min = self.min.min(sums.min);
        self.max = self.max.max(sums.max);
    }

    pub(super) fn statistics(&self, histogram: Histogram) -> Statistics {
        let or_nan = |figure: f64| if self.finite == 0 { f64::NAN } else { figure };
        Statistics {
            elements: self.finite + self.nan + self.infinite,
            mean: or_nan(self.mean),
            std: or_nan((self.squares / self.finite as f64).sqrt()),
            min: or_nan(self.min),
            max: or_nan(self.max),
            zeros: self.zeros,
            nan: self.nan,
            infinite: self.infinite,
            histogram,
        }
    }
}

/// The finite elements of a block, and how many others there were.
pub(super) struct Finite<'a> {
    pub(super) values: &'a [f64],
    nan: u64,
    infinite: u64,
}

/// Brings the finite elements to the front. Almost always all are, so that is asked first.
pub(super) fn finite(block: &mut [f64]) -> Finite<'_> {
    let (mut nan, mut infinite) = (0, 0);
    // 0·x is 0 for finite x and NaN for others; a sum with a NaN in it is NaN.
    if sum_of(block, |x| 0.0 * x) == 0.0 {
        return Finite { values: block, nan, infinite };
    }
    let mut kept = 0;
    for i in 0..block.len() {
        let x = block[i];
        if x.is_finite() {
            block[kept] = x;
            kept += 1;
        } else if x.is_nan() {
            nan += 1;
        } else {
            infinite += 1;
        }
    }
    Finite { values: &block[..kept], nan, infinite }
}

/// Sums of one pass over finite elements.
struct Sums {
    /// The sum of the differences from the origin.
    differences: f64,
    min: f64,
    max: f64,
    zeros: u64,
}

impl Sums {
    /// With one of the values as origin, the mean of equal values is that value, to the last bit.
    fn of(values: &[f64], origin: f64) -> Self {
        let (chunks, rest) = values.as_chunks::<LANES>();
        let mut differences = [0.0; LANES];
        let (mut min, mut max) = ([origin; LANES], [origin; LANES]);
        let mut zeros = [0u64; LANES];
        for chunk in chunks {
            for lane in 0..LANES {
                let x = chunk[lane];
                differences[lane] += x - origin;
                min[lane] = if x < min[lane] { x } else { min[lane] };
                max[lane] = if x > max[lane] { x } else { max[lane] };
                zeros[lane] += u64::from(x == 0.0);
            }
        }
        for (lane, &x) in rest.iter().enumerate() {
            differences[lane] += x - origin;
            min[lane] = min[lane].min(x);
            max[lane] = max[lane].max(x);
            zeros[lane] += u64::from(x == 0.0);
        }
        Self {
            differences: differences.iter().sum(),
            min: min.into_iter().fold(origin, f64::min),
            max: max.into_iter().fold(origin, f64::max),
            zeros: zeros.iter().sum(),
        }
    }
}

fn sum_of(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += term(chunk[lane]);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(rest) {
        *sum += term(x);
    }
    sums.iter().sum()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "never part of a weight")]
mod tests {
    use super::*;
    use crate::inspect::BLOCK;

    fn statistics(values: &[f64]) -> Statistics {
        let mut moments = Moments::default();
        values.to_vec().chunks_mut(BLOCK).for_each(|block| moments.add(block));
        moments.statistics(Histogram::between(moments.min, moments.max))
    }

    #[test]
    fn known_answers() {
        let s = statistics(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((s.mean, s.std, s.min, s.max, s.elements, s.zeros), (5.0, 2.0, 2.0, 9.0, 8, 0));
        let s = statistics(&[]);
        assert!(
            s.mean.is_nan()
                && s.std.is_nan()
                && s.min.is_nan()
                && s.max.is_nan()
                && s.elements == 0
        );
        let s = statistics(&[-0.0]);
        assert_eq!((s.mean, s.std, s.zeros), (0.0, 0.0, 1));
    }

    #[test]
    fn equal_values_have_no_deviation() {
        for n in [1, 7, 8, 9, BLOCK, 3 * BLOCK + 5] {
            let s = statistics(&vec![f64::from(0.1f32); n]);
            assert_eq!((s.mean, s.std), (f64::from(0.1f32), 0.0));
        }
    }

    #[test]
    fn a_far_mean_costs_no_digits() {
        let values: Vec<f64> = (0..100_000).map(|i| 1e9 + f64::from(i % 2)).collect();
        let s = statistics(&values);
        assert_eq!((s.mean, s.std), (1e9 + 0.5, 0.5));
    }

    #[test]
    fn every_length_agrees_with_the_formula() {
        for n in (1..40).chain(BLOCK - 2..BLOCK + 3) {
            let values: Vec<f64> =
                (0..n).map(|i| ((i * 7919) % 1000) as f64 / 37.0 - 5.0).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
            let s = statistics(&values);
            assert!(
                (s.mean - mean).abs() < 1e-12 && (s.std - variance.sqrt()).abs() < 1e-12,
                "{n}"
            );
            assert_eq!(s.min, values.iter().copied().fold(f64::INFINITY, f64::min));
            assert_eq!(s.max, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
    }

    #[test]
    fn what_is_not_finite_is_counted_apart() {
        let mut values =
            vec![1.0, f64::NAN, 3.0, f64::INFINITY, f64::NEG_INFINITY, -f64::NAN, 0.0, 0.0];
        let s = statistics(&values);
        assert_eq!((s.mean, s.min, s.max), (1.0, 0.0, 3.0));
        assert_eq!((s.elements, s.zeros, s.nan, s.infinite), (8, 2, 2, 2));
        values.retain(|x| !x.is_finite());
        let s = statistics(&values);
        assert!(s.mean.is_nan() && s.max.is_nan() && s.nan == 2);
    }
}
