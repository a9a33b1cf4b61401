//! The network, initialized from bytes in flash.
#![no_std]
#![no_main]

use core::hint::black_box;

use weight_init_backends::embedded::initialize;
use weight_init_core::in_place::KaimingNormal;
use weight_init_firmware::{entry, exit, print, print_hex, stack};
use weight_init_firmware_network::blob::{BLOB, decode};
use weight_init_firmware_network::net::{Bare, KeywordNet, SEED};

static mut NET: KeywordNet<f32, Bare> = KeywordNet::BARE;

#[entry]
fn main() -> ! {
    // SAFETY: this runs once, and nothing else borrows it.
    let net = unsafe { &mut *&raw mut NET };
    stack::paint();
    let done = match decode(black_box(BLOB)) {
        Ok(init_cfg) => initialize::<(KaimingNormal,)>(net, &init_cfg, SEED).is_ok(),
        Err(_) => false,
    };
    black_box(&net);
    print("stack ");
    print_hex(8, stack::peak() as u64);
    exit(i32::from(!done))
}
