//! Two groups at a time.

use weight_init_core::lanes::{Arithmetic, Int, Lane, Lanes};
use weight_init_core::{bf16, f16};

/// An implementation of [`Arithmetic`] on pairs, each operation on either half by other lanes.
macro_rules! on_pairs {
    ($element:ident, $bits:ident, $half:ty, |$self:ident| $token:expr) => {
        type Int = [<$half as Arithmetic<$element>>::Int; 2];
        type Float = [<$half as Arithmetic<$element>>::Float; 2];
        type Mask = [<$half as Arithmetic<$element>>::Mask; 2];

        on_pairs! { @splat $element, $half, |$self| $token;
            splat_int($bits) -> Self::Int;
            splat($element) -> Self::Float;
        }
        on_pairs! { @two $element, $half, |$self| $token;
            and(Self::Int, Self::Int) -> Self::Int;
            xor(Self::Int, Self::Int) -> Self::Int;
            add_int(Self::Int, Self::Int) -> Self::Int;
            add(Self::Float, Self::Float) -> Self::Float;
            sub(Self::Float, Self::Float) -> Self::Float;
            mul(Self::Float, Self::Float) -> Self::Float;
            div(Self::Float, Self::Float) -> Self::Float;
            min(Self::Float, Self::Float) -> Self::Float;
            max(Self::Float, Self::Float) -> Self::Float;
            less(Self::Float, Self::Float) -> Self::Mask;
        }
        on_pairs! { @one $element, $half, |$self| $token;
            to_float(Self::Int) -> Self::Float;
            to_bits(Self::Float) -> Self::Int;
            from_bits(Self::Int) -> Self::Float;
            sqrt(Self::Float) -> Self::Float;
            top_bit(Self::Int) -> Self::Mask;
        }
        #[inline]
        fn shl($self, [a, b]: Self::Int, by: u32) -> Self::Int {
            let half = $token;
            [Arithmetic::<$element>::shl(half, a, by), Arithmetic::<$element>::shl(half, b, by)]
        }
        #[inline]
        fn shr($self, [a, b]: Self::Int, by: u32) -> Self::Int {
            let half = $token;
            [Arithmetic::<$element>::shr(half, a, by), Arithmetic::<$element>::shr(half, b, by)]
        }
        #[inline]
        fn any($self, [a, b]: Self::Mask) -> bool {
            let half = $token;
            Arithmetic::<$element>::any(half, a) | Arithmetic::<$element>::any(half, b)
        }
        #[inline]
        fn select($self, mask: Self::Mask, a: Self::Float, b: Self::Float) -> Self::Float {
            let half = $token;
            let select = |i: usize| Arithmetic::<$element>::select(half, mask[i], a[i], b[i]);
            [select(0), select(1)]
        }
    };
    (@splat $element:ident, $half:ty, |$self:ident| $token:expr;
     $($name:ident($x:ty) -> $result:ty;)*) => {$(
        #[inline]
        fn $name($self, x: $x) -> $result {
            [<$half as Arithmetic<$element>>::$name($token, x); 2]
        }
    )*};
    (@one $element:ident, $half:ty, |$self:ident| $token:expr;
     $($name:ident($a:ty) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name($self, [a, b]: $a) -> $result {
            let half = $token;
            [
                <$half as Arithmetic<$element>>::$name(half, a),
                <$half as Arithmetic<$element>>::$name(half, b),
            ]
        }
    )*};
    (@two $element:ident, $half:ty, |$self:ident| $token:expr;
     $($name:ident($a:ty, $b:ty) -> $result:ty;)*) => {$(
        #[inline]
        fn $name($self, [a, b]: $a, [c, d]: $b) -> $result {
            let half = $token;
            [
                <$half as Arithmetic<$element>>::$name(half, a, c),
                <$half as Arithmetic<$element>>::$name(half, b, d),
            ]
        }
    )*};
}
pub(super) use on_pairs;

/// Two groups of other lanes, side by side: while one waits for a result the other has work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twice<L>(pub(super) L);

impl<L: Lanes> Arithmetic<f32> for Twice<L> {
    on_pairs!(f32, u32, L, |self| self.0);
}

impl<L: Lanes> Arithmetic<f64> for Twice<L> {
    on_pairs!(f64, u64, L, |self| self.0);
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
    fn counters(self, first: u64) -> [Int<f32, Self>; 2] {
        let [low, high] = self.0.counters(first);
        let [next_low, next_high] = self.0.counters(first.wrapping_add(L::N as u64));
        [[low, next_low], [high, next_high]]
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
