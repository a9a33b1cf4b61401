//! Lanes in two halves.

use half::{bf16, f16};

use super::{Arithmetic, Element, Function, Int, Lane, Lanes, Table};

/// Lanes of `E` that are twice those of another implementation: every operation is carried out on
/// either half.
pub trait Halves<E: Element>: Copy {
    /// Implements half of the lanes.
    type Half: Arithmetic<E>;

    /// Its value.
    fn half(self) -> Self::Half;
}

/// An operation on halves, one after the other.
macro_rules! on_both {
    ($($name:ident($($x:ident: $type:ty),*) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name(self, $($x: [$type; 2]),*) -> [$result; 2] {
            let half = self.half();
            [half.$name($($x[0]),*), half.$name($($x[1]),*)]
        }
    )*};
}

impl<E: Element, P: Halves<E>> Arithmetic<E> for P {
    const ABREAST: usize = P::Half::ABREAST / 2;

    type Int = [Int<E, P::Half>; 2];
    type Float = [Lane<E, P::Half>; 2];
    type Mask = [<P::Half as Arithmetic<E>>::Mask; 2];

    #[inline(always)]
    fn splat_int(self, x: E::Bits) -> Self::Int {
        [self.half().splat_int(x); 2]
    }
    #[inline(always)]
    fn splat(self, x: E) -> Self::Float {
        [self.half().splat(x); 2]
    }
    on_both! {
        and(a: Int<E, P::Half>, b: Int<E, P::Half>) -> Int<E, P::Half>;
        xor(a: Int<E, P::Half>, b: Int<E, P::Half>) -> Int<E, P::Half>;
        add_int(a: Int<E, P::Half>, b: Int<E, P::Half>) -> Int<E, P::Half>;
        to_float(a: Int<E, P::Half>) -> Lane<E, P::Half>;
        to_bits(a: Lane<E, P::Half>) -> Int<E, P::Half>;
        from_bits(a: Int<E, P::Half>) -> Lane<E, P::Half>;
        add(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> Lane<E, P::Half>;
        sub(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> Lane<E, P::Half>;
        mul(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> Lane<E, P::Half>;
        div(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> Lane<E, P::Half>;
        sqrt(a: Lane<E, P::Half>) -> Lane<E, P::Half>;
        min(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> Lane<E, P::Half>;
        max(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> Lane<E, P::Half>;
        less(a: Lane<E, P::Half>, b: Lane<E, P::Half>) -> <P::Half as Arithmetic<E>>::Mask;
        top_bit(a: Int<E, P::Half>) -> <P::Half as Arithmetic<E>>::Mask;
        select(
            mask: <P::Half as Arithmetic<E>>::Mask,
            a: Lane<E, P::Half>,
            b: Lane<E, P::Half>
        ) -> Lane<E, P::Half>;
    }
    #[inline(always)]
    fn shl(self, [a, b]: Self::Int, by: u32) -> Self::Int {
        [self.half().shl(a, by), self.half().shl(b, by)]
    }
    #[inline(always)]
    fn shr(self, [a, b]: Self::Int, by: u32) -> Self::Int {
        [self.half().shr(a, by), self.half().shr(b, by)]
    }
    #[inline(always)]
    fn any(self, [a, b]: Self::Mask) -> bool {
        self.half().any(a) | self.half().any(b)
    }
    #[inline(always)]
    fn select_rare(
        self,
        mask: Self::Mask,
        f: impl Function<E>,
        x: Self::Float,
        other: Self::Float,
    ) -> Self::Float {
        if !self.any(mask) {
            return other;
        }
        let half = self.half();
        [half.select_rare(mask[0], f, x[0], other[0]), half.select_rare(mask[1], f, x[1], other[1])]
    }
    #[inline(always)]
    fn rows<T: Table<E>>(self, [a, b]: Self::Int) -> [Self::Float; 4] {
        let [a, b] = [self.half().rows::<T>(a), self.half().rows::<T>(b)];
        [[a[0], b[0]], [a[1], b[1]], [a[2], b[2]], [a[3], b[3]]]
    }
    #[inline(always)]
    fn in_step(self, [a, b]: Self::Float) -> Self::Float {
        let half = self.half();
        half.abreast(half.in_step(a), half.in_step(b))
    }
    #[inline(always)]
    fn abreast(self, [a, b]: Self::Float, [c, d]: Self::Float) -> [Self::Float; 2] {
        let [a, c] = self.half().abreast(a, c);
        let [b, d] = self.half().abreast(b, d);
        [[a, b], [c, d]]
    }
}

/// Two groups of other lanes, side by side: while one waits for a result the other has work.
#[derive(Clone, Copy, Debug)]
pub struct Twice<L>(pub L);

impl<E: Element, L: Arithmetic<E>> Halves<E> for Twice<L> {
    type Half = L;

    #[inline(always)]
    fn half(self) -> L {
        self.0
    }
}

/// Either half of the lanes into its half of `out`.
macro_rules! stores {
    ($($name:ident($type:ident, [$element:ident; $words:literal]);)*) => {$(
        #[inline(always)]
        fn $name(self, x: [Lane<$element, Self>; $words], out: &mut [$type]) {
            if out.len() == $words * Self::N {
                let (front, back) = out.split_at_mut($words * L::N);
                let [mut first, mut second] = [[x[0][0]; $words], [x[0][1]; $words]];
                let mut k = 1;
                while k < $words {
                    [first[k], second[k]] = x[k];
                    k += 1;
                }
                self.0.$name(first, front);
                self.0.$name(second, back);
            }
        }
    )*};
}

impl<L: Lanes> Lanes for Twice<L> {
    const N: usize = 2 * L::N;

    #[inline(always)]
    fn counters(self, first: u32) -> Int<f32, Self> {
        [self.0.counters(first), self.0.counters(first.wrapping_add(L::N as u32))]
    }
    #[inline(always)]
    fn mul_hilo(self, a: Int<f32, Self>, b: u32) -> [Int<f32, Self>; 2] {
        let [high, low] = self.0.mul_hilo(a[0], b);
        let [next_high, next_low] = self.0.mul_hilo(a[1], b);
        [[high, next_high], [low, next_low]]
    }
    #[inline(always)]
    fn join(self, low: Int<f32, Self>, high: Int<f32, Self>) -> Int<f64, Self> {
        [self.0.join(low[0], high[0]), self.0.join(low[1], high[1])]
    }
    stores! {
        store_f32(f32, [f32; 4]);
        store_f64(f64, [f64; 2]);
        store_f16(f16, [f32; 4]);
        store_bf16(bf16, [f32; 4]);
    }
}
