//! A number over the root of an integer, with as little code as there can be.
//!
//! The scale of a weight is `gain/√fan`. A microcontroller without floating-point unit links two kilobytes for one root
//! and one quotient of `f64`; digit by digit they take a sixth of that. Both are rounded to nearest even, as IEEE 754
//! demands, so the bits are those of the library and of every processor.
//!
//! Both are the schoolbook methods in base 2, on integers:
//!
//! - *Root.* Two bits of the radicand are brought down per step. If the remainder holds `trial = 4·root + 1`, where `root`
//!   is the part of the root that is known so far, the next bit of the root is 1 and `trial` is subtracted. The radicand is
//!   scaled into [1, 4), so that the root lies in [1, 2) and its exponent is half of the (even) exponent that is left.
//! - *Quotient.* Long division of the two mantissas. The numerator is doubled once if it is the smaller one, so that the
//!   quotient lies in [1, 2), too.
//!
//! Each makes 54 bits: a mantissa of 53 and the bit behind it, which decides the rounding. A root is never halfway between
//! two mantissas (the square of a number with 54 significant bits has more than the 53 of the radicand), so its rounding
//! needs no more; a quotient may be, and the remainder tells whether it is.

/// Bits of a mantissa behind the leading one.
const MANTISSA: u32 = 52;

/// `numerator / √(n as f64)`, the root and the quotient each rounded to nearest even, for a numerator in [½, 2) and
/// `n > 0`.
pub(crate) fn over_root(numerator: f64, n: u64) -> f64 {
    let (root, exponent) = root(n);
    // Mantissas with the leading one at bit 52.
    let bits = numerator.to_bits();
    let mut rest = bits & ((1 << MANTISSA) - 1) | 1 << MANTISSA;
    let mut exponent = (bits >> MANTISSA) as i32 - exponent;
    if rest < root {
        rest <<= 1;
        exponent -= 1;
    }
    // 53 bits and the one behind them.
    let mut quotient = 0_u64;
    for _ in 0..MANTISSA + 2 {
        quotient <<= 1;
        if rest >= root {
            rest -= root;
            quotient |= 1;
        }
        rest <<= 1;
    }
    // To nearest, ties to even.
    let odd = quotient >> 1 & 1;
    let rounded = (quotient >> 1) + (quotient & (odd | u64::from(rest != 0)) & 1);
    // The leading one counts for one exponent; a carry out of the mantissa rightly raises it.
    f64::from_bits(((exponent as u64 - 1) << MANTISSA) + rounded)
}

/// `√(n as f64)` as its mantissa of 53 bits and the exponent of the leading one.
fn root(n: u64) -> (u64, i32) {
    // As f64: 53 bits, to nearest, ties to even.
    let top = 63 - n.leading_zeros();
    let shifted = n << (63 - top);
    let dropped = shifted & 0x7ff;
    let odd = shifted >> 11 & 1;
    let mut mantissa = (shifted >> 11) + u64::from(dropped > 0x400 || dropped == 0x400 && odd == 1);
    let mut exponent = top as i32;
    if mantissa >> 53 != 0 {
        mantissa >>= 1;
        exponent += 1;
    }
    // Two digits of the radicand give one of the root; those behind the mantissa are zeros. The radicand lies in [1, 4).
    let mut radicand = mantissa << (10 + (exponent & 1));
    let (mut rest, mut root) = (0_u64, 0_u64);
    // 53 bits and the one behind them.
    for _ in 0..MANTISSA + 2 {
        rest = rest << 2 | radicand >> 62;
        radicand <<= 2;
        let trial = root << 2 | 1;
        root <<= 1;
        if rest >= trial {
            rest -= trial;
            root |= 1;
        }
    }
    // No root of 53 bits ends in just a half.
    ((root >> 1) + (root & 1), exponent >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Philox4x32, Stream};
    use rand_core::Rng;

    #[track_caller]
    fn same(numerator: f64, n: u64) {
        let expected = numerator / libm::sqrt(n as f64);
        assert_eq!(over_root(numerator, n).to_bits(), expected.to_bits(), "{numerator} / √{n}");
    }

    #[test]
    fn is_what_the_library_gives() {
        let gains =
            [1.0, libm::sqrt(2.0), 5.0 / 3.0, 0.75, 0.5, 1.0 + f64::EPSILON, 2.0 - f64::EPSILON];
        for gain in gains {
            for n in (1..20_000).chain((u64::MAX - 3000)..=u64::MAX) {
                same(gain, n);
            }
            for k in 0..64 {
                for n in [(1_u64 << k).wrapping_sub(1).max(1), 1 << k, (1 << k) + 1] {
                    same(gain, n);
                }
            }
        }
        let mut words = Philox4x32::new(Stream::new(1, "roots"));
        for _ in 0..200_000 {
            let n = words.next_u64() >> (words.next_u32() & 63);
            let numerator = f64::from_bits(words.next_u64() >> 12 | 0x3ff << MANTISSA);
            same(numerator, n.max(1));
        }
    }
}
