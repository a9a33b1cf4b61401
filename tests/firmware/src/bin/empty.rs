//! The common part of the images alone: the sizes of the others count from here.
#![no_std]
#![no_main]

use weight_init_firmware::{entry, exit, print, print_hex, stack};

#[entry]
fn main() -> ! {
    stack::paint();
    print("stack ");
    print_hex(8, stack::peak() as u64);
    exit(0)
}
