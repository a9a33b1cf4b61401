use super::*;

/// Every 16-bit value, and the middles between neighbours, just below and just above.
fn rounds_once<T: Float>(from_bits: impl Fn(u16) -> T) {
    for bits in 0..0x7fff_u16 {
        let (low, high) = (from_bits(bits), from_bits(bits + 1));
        let (l, h) = (low.to_f64_exact(), high.to_f64_exact());
        if !l.is_finite() {
            break;
        }
        // Infinity rounds as the next power of two would.
        let h = if h.is_finite() { h } else { 2.0 * l - from_bits(bits - 1).to_f64_exact() };
        let middle = l + (h - l) / 2.0;
        for (sign, x) in [(1.0, l), (-1.0, l)] {
            assert_eq!(
                T::from_f64_rounded(sign * x).to_f64_exact().to_bits(),
                (sign * x).to_bits()
            );
        }
        let even = if bits % 2 == 0 { low } else { high };
        assert_eq!(T::from_f64_rounded(middle), even, "{middle:e}");
        assert_eq!(T::from_f64_rounded(middle.next_down()), low, "{middle:e}");
        assert_eq!(T::from_f64_rounded(middle.next_up()), high, "{middle:e}");
        assert_eq!(T::from_f64_rounded(-middle.next_up()), -high, "{middle:e}");
        // The order.
        assert_eq!(T::at_least(middle), high);
        assert_eq!(T::at_most(middle), low);
        assert_eq!(T::below(middle), low);
        assert_eq!(T::at_least(-middle), -low);
        assert_eq!(T::at_least(l), low);
        assert_eq!(T::below(high.to_f64_exact()), low);
        assert_eq!(high.next_down(), low);
    }
    assert!(T::from_f64_rounded(f64::NAN).is_nan());
    assert!(T::from_f64_rounded(f64::MAX).is_infinite());
    assert_eq!(T::from_f64_rounded(f64::from_bits(1)).to_f64_exact(), 0.0);
    assert!(T::from_f64_rounded(-f64::from_bits(1)).is_sign_negative());
}

#[test]
fn sixteen_bits() {
    rounds_once(f16::from_bits);
    rounds_once(bf16::from_bits);
}

#[test]
fn order_of_the_wide_types() {
    for x in [0.1, -0.1, 1.0, 1e-45, -1e-45, 3e38, 0.0, 1e-300] {
        let y = f32::at_least(x);
        assert!(f64::from(y) >= x && f64::from(y.next_down()) < x, "{x:e}");
        let y = f32::below(x);
        assert!(f64::from(y) < x && f64::from(f32::next_up(y)) >= x, "{x:e}");
        assert_eq!(f64::at_least(x), x);
        assert_eq!(f64::below(x), f64::next_down(x));
        assert_eq!(f64::at_most(x), x);
    }
    assert_eq!(f32::at_least(1e39), f32::INFINITY);
    assert_eq!(f32::at_least(-1e39), f32::MIN);
    assert_eq!(f32::at_most(1e39), f32::MAX);
    assert_eq!(f32::below(-1e39), f32::NEG_INFINITY);
    assert!(f32::at_least(f64::NAN).is_nan());
}
