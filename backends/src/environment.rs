//! The floating-point environment of a thread: how it rounds, and whether it keeps subnormal numbers.
//!
//! Values are promised in IEEE 754's default: round to nearest even, subnormals kept, no traps. A program may have set another
//! one (`-ffast-math` in a library that it loads, `torch.set_flush_denormal(True)`, `fesetround`), and threads start with
//! that of the thread that made them. Every backend of this crate that computes on the processor therefore sets the default
//! while it fills, and puts the caller's back.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod register;

/// Runs `work` with IEEE's default floating-point environment, and restores the caller's behind it.
///
/// Backends do so by themselves. It is of use around the computation of scales, which is done before a backend is called: a
/// [`Fill`](weight_init_core::Fill) made while the processor rounds upward has other bounds.
///
/// x86-64 and AArch64 are covered; elsewhere `work` runs as it is. Where the environment is the default already, the cost
/// is one read of the control register, a few cycles.
///
/// ```
/// use weight_init_backends::in_default_environment;
/// use weight_init_core::Fill;
///
/// let fill = in_default_environment(|| Fill::<f32>::normal(0.0, 0.02))?;
/// # Ok::<(), weight_init_core::FillError>(())
/// ```
#[inline]
pub fn in_default_environment<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return register::with_default(work);
    // No stack frame more on microcontrollers.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    work()
}
