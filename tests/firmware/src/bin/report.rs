//! Everything there is to compare with the host: digests, what malformed bytes give, instructions by element.
#![no_std]
#![no_main]

use core::hint::black_box;

use weight_init_backends::embedded::{init_weights, initialize};
use weight_init_core::in_place::KaimingNormal;
use weight_init_firmware::{Clock, entry, exit, print, print_hex};
use weight_init_firmware_network::blob::{BLOB, decode};
use weight_init_firmware_network::digest::Element;
use weight_init_firmware_network::net::{KeywordNet, SEED};
use weight_init_firmware_network::{bf16, damage, f16, probe, timing};

#[entry]
fn main() -> ! {
    let Some(mut clock) = Clock::start() else { exit(2) };
    network::<f32>("table");
    network::<f16>("table");
    decoded::<f32>();
    probes::<f32>();
    probes::<f16>();
    probes::<bf16>();
    probes::<f64>();
    let counts = damage::sample();
    print("malformed ");
    print_hex(8, counts.refused.into());
    print("other ");
    print_hex(8, counts.other.into());
    instructions::<f32>(&mut clock);
    instructions::<f16>(&mut clock);
    exit(0)
}

fn digest<T: Element>(group: &str, name: &str, value: u64) {
    print("digest ");
    print(group);
    print(".");
    print(name);
    print(".");
    print(T::NAME);
    print(" ");
    print_hex(16, value);
}

#[inline(never)]
fn network<T: Element>(group: &str) {
    let mut net = KeywordNet::<T>::ZERO;
    if init_weights::<(KaimingNormal,)>(&mut net, SEED).is_err() {
        exit(3);
    }
    net.digests(&mut |name, value| digest::<T>(group, name, value));
}

#[inline(never)]
fn decoded<T: Element>() {
    let mut net = KeywordNet::<T>::ZERO;
    let Ok(init_cfg) = decode(black_box(BLOB)) else { exit(4) };
    if initialize::<(KaimingNormal,)>(&mut net, &init_cfg, SEED).is_err() {
        exit(5);
    }
    net.digests(&mut |name, value| digest::<T>("postcard", name, value));
}

#[inline(never)]
fn probes<T: Element>() {
    for (name, init) in probe::CASES {
        match probe::run::<T>(*init) {
            Ok(value) => digest::<T>("probe", name, value),
            Err(_) => exit(6),
        }
    }
}

#[inline(never)]
fn instructions<T: Element>(clock: &mut Clock) {
    for (name, fill) in timing::CASES {
        let Some(count) = timing::run::<T>(*fill, &mut |run| clock.count(run)) else { exit(7) };
        print("instructions ");
        print(name);
        print(".");
        print(T::NAME);
        print(" ");
        print_hex(8, count.into());
    }
}
