//! Registers kept in step.

/// No instruction, but results that are there once both operands are:
/// [`Arithmetic::abreast`](weight_init_core::lanes::Arithmetic::abreast) for two registers.
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
pub(super) use abreast;
