//! Macros that declare the lanes of a processor from its intrinsics.

/// Methods of lanes that are one instruction, or one function of the same file, each.
macro_rules! instructions {
    ($($name:ident($($a:ident: $type:ty),*) -> $result:ty = $function:expr;)*) => {$(
        #[inline(always)]
        fn $name(self, $($a: $type),*) -> $result {
            // SAFETY: a value of these lanes is only made where the processor has the instructions.
            unsafe { $function }
        }
    )*};
}
pub(super) use instructions;

/// Functions with such instructions, which are safe to call from one another.
macro_rules! functions {
    ($features:literal; $(
        $(#[$doc:meta])* fn $name:ident($($a:ident: $type:ty),*) -> $result:ty $body:block
    )*) => {$(
        $(#[$doc])*
        #[inline]
        #[target_feature(enable = $features)]
        fn $name($($a: $type),*) -> $result $body
    )*};
}
pub(super) use functions;

/// The method `store` of lanes whose field `uncached` says whether stores go past the caches.
#[cfg(target_arch = "x86_64")]
macro_rules! store {
    ($register:ident, $store:ident, $stream:ident) => {
        /// Writes all registers to `out`, if they are as long.
        #[inline(always)]
        fn store<T: Float, const K: usize>(self, registers: [$register; K], out: &mut [T]) {
            if size_of_val(out) != size_of_val(&registers) {
                return;
            }
            let to = out.as_mut_ptr().cast::<$register>();
            let uncached = self.uncached && to.is_aligned();
            for (i, &register) in registers.iter().enumerate() {
                // SAFETY: `out` is as long as `registers`.
                let to = unsafe { to.add(i) };
                if uncached {
                    // SAFETY: as above; aligned; any bits are a number; a value of these lanes is
                    // only made where the processor has the instructions.
                    unsafe { $stream(to, register) };
                } else {
                    // SAFETY: as above, without a need to be aligned.
                    unsafe { $store(to, register) };
                }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use store;

/// Registers kept in step: no instruction, but results that are there once both operands are:
/// [`Arithmetic::abreast`](weight_init_core::lanes::Arithmetic::abreast) for two registers.
#[cfg(target_arch = "x86_64")]
macro_rules! abreast {
    ($class:ident, $a:ident, $b:ident) => {{
        let (mut a, mut b) = ($a, $b);
        // SAFETY: there is no instruction.
        #[cfg(not(miri))]
        unsafe {
            core::arch::asm!(
                "/* {0} {1} */",
                inout($class) a,
                inout($class) b,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        [a, b]
    }};
}
#[cfg(target_arch = "x86_64")]
pub(super) use abreast;
