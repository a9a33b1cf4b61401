//! The network, initialized from the table in flash.
#![no_std]
#![no_main]

use core::hint::black_box;

use weight_init_backends::embedded::init_weights;
use weight_init_core::in_place::KaimingNormal;
use weight_init_firmware::{entry, exit, print, print_hex, stack};
use weight_init_firmware_network::net::{KeywordNet, SEED};

static mut NET: KeywordNet<f32> = KeywordNet::ZERO;

#[entry]
fn main() -> ! {
    // SAFETY: this runs once, and nothing else borrows it.
    let net = unsafe { &mut *&raw mut NET };
    stack::paint();
    let done = init_weights::<(KaimingNormal,)>(net, SEED);
    black_box(&net);
    print("stack ");
    print_hex(8, stack::peak() as u64);
    exit(i32::from(done.is_err()))
}
