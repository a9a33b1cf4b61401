//! Uniform samples.
//!
//! `u = (w >> 8)·2⁻²⁴` of a 32-bit word, `u = (w >> 11)·2⁻⁵³` of a 64-bit one: all multiples of the
//! step in [0, 1), each as likely. The sample is `a + width·u`, `a` and `width = b − a` (a difference
//! in `f64`) rounded once to the type of computation, then not below the smallest and not above the
//! largest value of the element type in [a, b). So `a <= x < b` holds for every element, in 16 bits
//! too.

use crate::{
    float::{Compute, sealed::Sampler},
    lanes::{Arithmetic, Int, Lane, Twice},
};

/// Numbers of the sampler, in the type of computation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Uniform<C> {
    /// `a`.
    pub(crate) low: C,
    /// `b − a`.
    pub(crate) width: C,
    /// Smallest value that may come out.
    pub(crate) min: C,
    /// Largest value that may come out.
    pub(crate) max: C,
}

impl<E: Compute> Sampler<E> for &Uniform<E> {
    #[inline(always)]
    fn pair<V: Arithmetic<E>>(self, v: V, words: [Int<E, V>; 2]) -> [Lane<E, V>; 2] {
        if V::ABREAST > 1 {
            return self.sample(Twice(v), words);
        }
        [self.sample(v, words[0]), self.sample(v, words[1])]
    }
}

impl<E: Compute> Uniform<E> {
    #[inline(always)]
    fn sample<V: Arithmetic<E>>(&self, v: V, word: Int<E, V>) -> Lane<E, V> {
        let u = v.mul(v.to_float(v.shr(word, E::UNIFORM_SHIFT)), v.splat(E::UNIFORM_STEP));
        let x = v.add(v.splat(self.low), v.mul(v.splat(self.width), u));
        v.min(v.max(x, v.splat(self.min)), v.splat(self.max))
    }
}
