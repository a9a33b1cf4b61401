//! How deep the stack has grown: memory below it is painted, and later looked at for the paint.

use core::arch::asm;
use core::ptr::{read_volatile, write_volatile};

const PAINT: u32 = 0xa5a5_5a5a;

unsafe extern "C" {
    /// Where static memory ends.
    static __sheap: u32;
    /// Where the stack begins, downwards.
    static _stack_start: u32;
}

/// Below the stack pointer, what this function itself may use.
const OWN: usize = 64;

/// Paints what the stack does not use yet.
#[inline(never)]
pub fn paint() {
    let mut at = &raw const __sheap as *mut u32;
    let end = stack_pointer() - OWN;
    while (at as usize) < end {
        // SAFETY: between the static memory and the end of the stack nothing is in use.
        unsafe { write_volatile(at, PAINT) };
        at = at.wrapping_add(1);
    }
}

/// The bytes between the beginning of the stack and the deepest word that has changed.
#[inline(never)]
pub fn peak() -> usize {
    let mut at = &raw const __sheap;
    let start = &raw const _stack_start as usize;
    // SAFETY: it is memory, up to the beginning of the stack.
    while (at as usize) < start && unsafe { read_volatile(at) } == PAINT {
        at = at.wrapping_add(1);
    }
    start - at as usize
}

#[inline(always)]
fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: it copies a register.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    // SAFETY: it copies a register.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}
