//! Nothing but what the others have in common: their sizes count from here.
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
