//! What the network's digests are on a WebAssembly machine without an operating system.
#![no_std]

mod report;

use core::fmt;
use core::panic::PanicInfo;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Prints a byte of UTF-8.
    safe fn print(byte: u32);
}

struct Host;

impl fmt::Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| print(byte.into()));
        Ok(())
    }
}

/// Prints the report; 0 if there is one.
// SAFETY: nothing else that is linked has the name.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    u32::from(report::write(&mut Host).is_err())
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
