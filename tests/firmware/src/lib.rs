//! The common parts of the firmware images: output, a clock, and the depth of the stack.
#![no_std]

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "riscv32")]
mod riscv;
pub mod stack;

#[cfg(target_arch = "arm")]
pub use arm::{Clock, entry};
#[cfg(target_arch = "riscv32")]
pub use riscv::{Clock, entry};

use core::panic::PanicInfo;

use semihosting::sys::arm_compat::sys_writec;

/// Exit code of a panic.
const PANICKED: i32 = 101;

/// Ends the program and the machine.
pub fn exit(code: i32) -> ! {
    semihosting::process::exit(code)
}

/// Writes to the machine's console.
pub fn print(text: &str) {
    text.bytes().for_each(sys_writec);
}

/// Writes eight or sixteen hexadecimal digits, and ends the line.
pub fn print_hex(digits: u32, number: u64) {
    for digit in (0..digits).rev() {
        let value = (number >> (4 * digit)) as u8 & 15;
        sys_writec(value + if value < 10 { b'0' } else { b'a' - 10 });
    }
    sys_writec(b'\n');
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(PANICKED)
}
