/// One lane that is the scalar reference of the core but for the square root of `f32`, and for what it shares.
macro_rules! lane {
    ($lane:ident, shares_rounds: $shares:expr, sqrt: $sqrt:path) => {
        lane!(@arithmetic $lane, f32, u32, |a| $sqrt(a));
        lane!(@arithmetic $lane, f64, u64, |a| Arithmetic::<f64>::sqrt(Scalar, a));

        impl Lanes for $lane {
            const N: usize = 1;
            const SHARES_ROUNDS: bool = $shares;

            lane! {
                @same Lanes:
                counters(first: u32) -> Int<f32, Self>;
                mul_hilo(a: u32, b: u32) -> [Int<f32, Self>; 2];
                join(low: u32, high: u32) -> Int<f64, Self>;
                store_f32(x: [Lane<f32, Self>; 4], out: &mut [f32]) -> ();
                store_f64(x: [Lane<f64, Self>; 2], out: &mut [f64]) -> ();
                store_f16(x: [Lane<f32, Self>; 4], out: &mut [f16]) -> ();
                store_bf16(x: [Lane<f32, Self>; 4], out: &mut [bf16]) -> ();
            }
        }
    };
    (@arithmetic $lane:ident, $float:ident, $bits:ident, |$a:ident| $sqrt:expr) => {
        impl Arithmetic<$float> for $lane {
            type Int = $bits;
            type Float = $float;
            type Mask = bool;

            #[inline(always)]
            fn sqrt(self, $a: $float) -> $float {
                $sqrt
            }
            lane! {
                @same Arithmetic<$float>:
                splat_int(x: $bits) -> $bits;
                splat(x: $float) -> $float;
                and(a: $bits, b: $bits) -> $bits;
                xor(a: $bits, b: $bits) -> $bits;
                add_int(a: $bits, b: $bits) -> $bits;
                shl(a: $bits, by: u32) -> $bits;
                shr(a: $bits, by: u32) -> $bits;
                to_float(a: $bits) -> $float;
                to_bits(a: $float) -> $bits;
                from_bits(a: $bits) -> $float;
                add(a: $float, b: $float) -> $float;
                sub(a: $float, b: $float) -> $float;
                mul(a: $float, b: $float) -> $float;
                div(a: $float, b: $float) -> $float;
                min(a: $float, b: $float) -> $float;
                max(a: $float, b: $float) -> $float;
                less(a: $float, b: $float) -> bool;
                top_bit(a: $bits) -> bool;
                any(mask: bool) -> bool;
                select(mask: bool, a: $float, b: $float) -> $float;
            }
            #[inline(always)]
            fn rows<T: Table<$float>>(self, index: $bits) -> [$float; 4] {
                Arithmetic::<$float>::rows::<T>(Scalar, index)
            }
        }
    };
    (@same $trait:ty: $($name:ident($($x:ident: $type:ty),*) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name(self, $($x: $type),*) -> $result {
            <Scalar as $trait>::$name(Scalar, $($x),*)
        }
    )*};
}
pub(super) use lane;
