//! One lane on processors without a floating-point unit, such as Cortex-M0.

use weight_init_core::lanes::{Arithmetic, Int, Lane, Lanes, Scalar, Table};
use weight_init_core::{bf16, f16};

use super::lane::lane;

/// The scalar reference with a square root in little code, and little on the stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Soft;

lane!(Soft, shares_rounds: false, sqrt: sqrt);

/// Digit by digit; rounded to nearest, so the bits are those of any correct root.
#[inline(never)]
fn sqrt(x: f32) -> f32 {
    let bits = x.to_bits();
    if bits << 1 == 0 || bits == f32::INFINITY.to_bits() {
        return x;
    }
    if bits > f32::INFINITY.to_bits() {
        return f32::NAN;
    }
    // x = mantissa·2^(exponent − 150), the leading one at bit 23.
    let (mut mantissa, mut exponent) = (bits & 0x7f_ffff, bits >> 23);
    if exponent == 0 {
        let shift = mantissa.leading_zeros() - 8;
        mantissa <<= shift;
        exponent = 1_u32.wrapping_sub(shift);
    } else {
        mantissa |= 1 << 23;
    }
    // The stored exponent is biased by 127, which is odd: odd stored exponents are even powers of two, so √ halves them
    // exactly.
    let mut radicand = mantissa << (8 - (exponent & 1));
    let exponent = exponent.wrapping_add(127) as i32 >> 1;
    let (mut rest, mut root) = (0_u32, 0_u32);
    // 24 bits and the one behind them.
    for _ in 0..25 {
        rest = rest << 2 | radicand >> 30;
        radicand <<= 2;
        let trial = root << 2 | 1;
        root <<= 1;
        if rest >= trial {
            rest -= trial;
            root |= 1;
        }
    }
    // No root of 24 bits ends in just a half. The leading one counts for one exponent.
    f32::from_bits(((exponent as u32 - 1) << 23) + (root >> 1) + (root & 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use weight_init_core::{Fill, Stream};

    use super::*;

    #[test]
    fn every_fill_is_the_same() {
        let fills = [
            Fill::<f32>::normal(0.5, 0.02).unwrap(),
            Fill::uniform(-0.03, 0.03).unwrap(),
            Fill::trunc_normal(0.0, 0.02, -0.04, 0.04).unwrap(),
            Fill::trunc_normal(-40.0, 1.0, 0.0, 1.0).unwrap(),
        ];
        let stream = Stream::new(1, "soft");
        for fill in fills {
            // Around the block at which the number takes two words, too.
            for first in [0, 3, (1 << 34) - 5] {
                let (mut found, mut expected) = ([0.0; 23], [0.0; 23]);
                fill.write_with(Soft, stream, first, &mut found);
                fill.write(stream, first, &mut expected);
                assert_eq!(found.map(f32::to_bits), expected.map(f32::to_bits), "{fill:?}");
            }
        }
    }

    #[test]
    fn the_root_is_the_same() {
        let same = |bits: u32| {
            let x = f32::from_bits(bits);
            let (found, expected) = (sqrt(x), Arithmetic::<f32>::sqrt(Scalar, x));
            assert!(
                found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                "√{x}: {found}, {expected}"
            );
        };
        // Every mantissa of two exponents that follow each other, and some of all the others.
        (0x3f80_0000..0x4080_0000).for_each(same);
        (0..=u32::MAX).step_by(4099).for_each(same);
        (0..0x2000).chain(0x7f7f_ff00..=0x7f80_0100).chain([0x8000_0000]).for_each(same);
    }
}
