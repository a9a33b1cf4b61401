//! The control registers of processors that have one.

/// Runs `work` with the default in the register, and puts the caller's environment back.
#[inline]
pub(super) fn with_default<R>(work: impl FnOnce() -> R) -> R {
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

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn work_sees_the_default_and_the_caller_gets_its_own_back() {
        // Round up, flush to zero, denormals are zeros.
        let other = control::DEFAULT | 0xc040;
        control::write(other);
        let inside = with_default(control::read);
        let behind = control::read();
        control::write(control::DEFAULT);
        assert!(control::is_default(inside), "{inside:#x}");
        assert_eq!(behind & !0x3f, other);
    }
}
