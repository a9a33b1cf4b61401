//! Values of polynomials.

use crate::lanes::{Arithmetic, Element, Lane};

/// `((c₀·x + c₁)·x + …) + cₙ`.
#[inline(always)]
pub(crate) fn horner<E: Element, V: Arithmetic<E>>(
    v: V,
    x: Lane<E, V>,
    coefficients: &[E],
) -> Lane<E, V> {
    let mut coefficients = coefficients.iter();
    let mut sum = match coefficients.next() {
        Some(&c) => v.splat(c),
        None => return v.splat(E::default()),
    };
    for &c in coefficients {
        sum = v.in_step(v.add(v.mul(sum, x), v.splat(c)));
    }
    sum
}
