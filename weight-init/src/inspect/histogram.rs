//! How numbers are spread.

/// The number of bins.
pub const BINS: usize = 16;

/// Tables that are counted into in turn, so that equal neighbours do not wait for each other.
const TABLES: usize = 4;

/// Heights from one eighth to eight.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Counts in [`BINS`] bins of equal width between the least and the greatest number.
///
/// Bin `i` counts numbers from `min + i·w` up to but without `min + (i+1)·w`, with `w = (max − min) / BINS`, as
/// far as `f64` tells them apart; the last one has the greatest number too. If least and greatest are equal,
/// there is nothing to divide: all are in the middle bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    min: f64,
    max: f64,
    /// A factor of all numbers, so that no difference of two overflows.
    shrink: f64,
    bins_per_unit: f64,
    tables: [[u64; BINS]; TABLES],
}

impl Histogram {
    pub(super) fn between(min: f64, max: f64) -> Self {
        let shrink = if (max - min).is_finite() { 1.0 } else { 0.5 };
        let bins_per_unit = BINS as f64 / (max * shrink - min * shrink);
        Self { min, max, shrink, bins_per_unit, tables: [[0; BINS]; TABLES] }
    }

    /// Counts numbers that are neither less than the least nor greater than the greatest.
    pub(super) fn add(&mut self, values: &[f64]) {
        if self.min == self.max {
            self.tables[0][BINS / 2] += values.len() as u64;
            return;
        }
        let (shrink, least, scale) = (self.shrink, self.min * self.shrink, self.bins_per_unit);
        // The cast takes negative numbers and NaN to 0, large ones to the greatest.
        let bin = |x: f64| (((x * shrink - least) * scale) as u32 as usize).min(BINS - 1);
        let (chunks, rest) = values.as_chunks::<TABLES>();
        for chunk in chunks {
            for (table, &x) in self.tables.iter_mut().zip(chunk) {
                table[bin(x)] += 1;
            }
        }
        for (table, &x) in self.tables.iter_mut().zip(rest) {
            table[bin(x)] += 1;
        }
    }

    /// The counts, from least to greatest.
    #[must_use]
    pub fn counts(&self) -> [u64; BINS] {
        std::array::from_fn(|bin| self.tables.iter().map(|table| table[bin]).sum())
    }

    /// The counts as a row of [`BINS`] characters, the highest bin full; a blank is a bin without numbers.
    #[must_use]
    pub fn draw(&self) -> String {
        let counts = self.counts();
        let highest = counts.iter().copied().max().unwrap_or(0);
        let block = |&count: &u64| {
            // 1 to 8 for counts that are not 0, rounded up: what is there is seen.
            let height = (u128::from(count) * 8).div_ceil(u128::from(highest.max(1)));
            usize::try_from(height)
                .ok()
                .and_then(|height| BLOCKS.get(height.wrapping_sub(1)))
                .unwrap_or(&' ')
        };
        counts.iter().map(block).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[f64]) -> Histogram {
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut histogram = Histogram::between(min, max);
        histogram.add(values);
        histogram
    }

    #[test]
    fn bins_are_half_open_and_the_last_is_closed() {
        let values: Vec<f64> = (0..=16).map(f64::from).collect();
        let mut expected = [1; BINS];
        expected[15] = 2;
        assert_eq!(histogram(&values).counts(), expected);
        assert_eq!(histogram(&values).draw(), "▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄█");
    }

    #[test]
    fn what_is_there_is_seen() {
        let mut values = vec![0.0; 1_000_000];
        values.push(1.0);
        assert_eq!(histogram(&values).draw(), "█              ▁");
    }

    #[test]
    fn equal_values_stand_in_the_middle() {
        assert_eq!(histogram(&[3.0; 5]).draw(), "        █       ");
        assert_eq!(Histogram::between(f64::INFINITY, f64::NEG_INFINITY).draw().trim(), "");
    }

    #[test]
    fn no_range_is_too_wide_or_too_narrow() {
        for values in
            [[f64::MIN, 0.0, f64::MAX], [0.0, 5e-324, 1e-323], [1.0, 1.0, 1.0 + f64::EPSILON]]
        {
            let counts = histogram(&values).counts();
            assert_eq!(counts.iter().sum::<u64>(), 3);
            assert!(counts[0] >= 1 && counts[15] >= 1, "{counts:?}");
        }
    }
}
