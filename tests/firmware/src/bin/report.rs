//! Everything there is to compare with the host: digests, what malformed bytes give, instructions by element.
#![no_std]
#![no_main]

use weight_init_firmware::{Clock, entry, exit, print, print_hex};
use weight_init_firmware_network::digest::Element;
use weight_init_firmware_network::net::KeywordNet;
use weight_init_firmware_network::{bf16, damage, f16, report, timing};

#[entry]
fn main() -> ! {
    let Some(mut clock) = Clock::start() else { exit(2) };
    print("weights ");
    print_hex(8, size_of::<KeywordNet<f32>>() as u64);
    let done = report::digests(&mut |name, value| {
        print("digests ");
        print_name(&name);
        print_hex(16, value);
    });
    if done.is_err() {
        exit(3);
    }
    let counts = damage::sample();
    print("malformed refused ");
    print_hex(8, counts.refused.into());
    print("malformed other ");
    print_hex(8, counts.other.into());
    instructions::<f32>(&mut clock);
    instructions::<f16>(&mut clock);
    instructions::<bf16>(&mut clock);
    exit(0)
}

#[inline(never)]
fn instructions<T: Element>(clock: &mut Clock) {
    for (name, case) in timing::CASES {
        let Some(count) = timing::run::<T>(*case, &mut |run| clock.count(run)) else { exit(4) };
        print("instructions_per_element ");
        print_name(&[name, T::NAME]);
        print_hex(8, count.into());
    }
}

/// The parts with dots between them.
fn print_name(parts: &[&str]) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            print(".");
        }
        print(part);
    }
    print(" ");
}
