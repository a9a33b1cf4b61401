//! The floating-point environment of a thread: how it rounds, and whether it keeps subnormal numbers.
//!
//! Values are promised in IEEE 754's default: round to nearest even, subnormals kept, no traps. A program may have set another
//! one (`-ffast-math` in a library that it loads, `torch.set_flush_denormal(True)`, `fesetround`), and threads start with
//! that of the thread that made them. Every backend of this crate that computes on the processor therefore sets the default
//! while it fills, and puts the caller's back.

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
    let _restored = Restored::after_setting_default();
    separate(work)
}

/// A call of its own, so that no arithmetic of `work` moves to where the environment is still another.
#[inline(never)]
fn separate<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Puts the caller's environment back when dropped.
struct Restored {
    /// `None` if it is the default.
    caller: Option<control::Register>,
}

impl Restored {
    fn after_setting_default() -> Self {
        let found = control::read();
        if control::is_default(found) {
            return Self { caller: None };
        }
        control::write(control::DEFAULT);
        Self { caller: Some(found) }
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        if let Some(caller) = self.caller {
            control::write(caller);
        }
    }
}

/// MXCSR: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, 10.2.3.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the control register has no safe access")]
mod control {
    use core::arch::asm;

    pub(super) type Register = u32;

    /// All exceptions masked; round to nearest; neither flush to zero nor denormals as zeros.
    pub(super) const DEFAULT: Register = 0x1f80;

    /// Flags of exceptions that have happened: state, not environment.
    const FLAGS: Register = 0x3f;

    pub(super) const fn is_default(register: Register) -> bool {
        register & !FLAGS == DEFAULT
    }

    pub(super) fn read() -> Register {
        let mut register = 0;
        // SAFETY: the instruction stores 4 bytes, at an address that holds them.
        unsafe {
            asm!("stmxcsr [{}]", in(reg) &raw mut register, options(nostack, preserves_flags))
        };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: the instruction loads 4 bytes, from an address that holds them. Reserved bits are those that the processor
        // gave, or zeros. Rust's arithmetic assumes the default; what is written is either that, or what stood there before.
        unsafe {
            asm!("ldmxcsr [{}]", in(reg) &raw const register, options(nostack, preserves_flags))
        };
    }
}

/// FPCR: Arm Architecture Reference Manual for A-profile, C5.2.8.
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code, reason = "the control register has no safe access")]
mod control {
    use core::arch::asm;

    pub(super) type Register = u64;

    /// Round to nearest, no flush to zero in any format, no traps, NaN as they come.
    pub(super) const DEFAULT: Register = 0;

    pub(super) const fn is_default(register: Register) -> bool {
        register == DEFAULT
    }

    pub(super) fn read() -> Register {
        let register;
        // SAFETY: reading the register has no other effect.
        unsafe { asm!("mrs {}, fpcr", out(reg) register, options(nostack, preserves_flags)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: what is written is the default that Rust's arithmetic assumes, or what stood there before.
        unsafe { asm!("msr fpcr, {}", in(reg) register, options(nostack, preserves_flags)) };
    }
}

/// Processors whose environment is left as it is.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod control {
    pub(super) type Register = ();

    pub(super) const DEFAULT: Register = ();

    pub(super) const fn is_default((): Register) -> bool {
        true
    }

    pub(super) const fn read() -> Register {}

    pub(super) const fn write((): Register) {}
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn work_sees_the_default_and_the_caller_gets_its_own_back() {
        // Round up, flush to zero, denormals are zeros.
        let other = control::DEFAULT | 0xc040;
        control::write(other);
        let inside = in_default_environment(control::read);
        let behind = control::read();
        control::write(control::DEFAULT);
        assert!(control::is_default(inside), "{inside:#x}");
        assert_eq!(behind & !0x3f, other);
    }
}
